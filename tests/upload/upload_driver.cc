// upload_driver NAME=VALUE...: the uploader as a program, for the tests that run it against a real collector.
//
//   mode=run|once  folder=  channel=  login=  server=  key=  knownhosts=  source=  warn=MINUTES
//   and the bounds: look_ms= first_ms= longest_ms= connect_s= io_s= look_up_s= run_s= files= octets=
//
// mode=run ends when its standard input does. Log lines go to standard output as "log SEVERITY TEXT", each
// status as "status {JSON}".
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "base/quoted.h"
#include "upload/uploader.h"

namespace {

using namespace sie;

void say(const std::string& line) {
    fmt::print("{}\n", line);
    std::fflush(stdout);
}

std::string json_of(const upload::UploadStatus& s) {
    std::string error(quoted(s.last_error, 600));
    for (std::size_t at = 0; (at = error.find('\\', at)) != std::string::npos; at += 2)
        error.insert(at, "\\");
    error = error.substr(1, error.size() - 2);
    for (std::size_t at = 0; (at = error.find('"', at)) != std::string::npos; at += 2) error.insert(at, "\\");
    return fmt::format(
        R"({{"success":{},"failure":{},"next":{},"files":{},"octets":{},"attempts":{},"connections":{},"failures":{},)"
        R"("waiting_files":{},"waiting_octets":{},"refused":{},"silent":{},"state":{},"error":"{}"}})",
        s.last_success_s, s.last_failure_s, s.next_try_s, s.files_sent, s.octets_sent, s.attempts,
        s.connections, s.failures, s.waiting_files, s.waiting_octets, s.refused_files, s.silent_minutes,
        static_cast<int>(s.state), error);
}

}  // namespace

int main(int argc, char** argv) {
    std::map<std::string, std::string> given;
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        given[word.substr(0, word.find('='))] = word.substr(word.find('=') + 1);
    }
    const auto number = [&](const char* name, auto& value) {
        using Value = std::remove_reference_t<decltype(value)>;
        if (given.contains(name)) value = Value(std::strtoll(given[name].c_str(), nullptr, 10));
    };
    upload::UploadSettings settings;
    settings.waiting_folder = given["folder"];
    settings.channel = given["channel"];
    settings.login = given["login"];
    settings.submitserver = given["server"];
    settings.uploadkey = given["key"];
    settings.knownhosts = given["knownhosts"];
    if (given.contains("source")) settings.source = net::parse_address(given["source"]).value();
    number("warn", settings.warn_minutes);
    number("look_ms", settings.look_interval);
    number("first_ms", settings.first_back_off);
    number("longest_ms", settings.longest_back_off);
    number("connect_s", settings.connect_timeout);
    number("io_s", settings.io_timeout);
    number("look_up_s", settings.look_up_limit);
    number("run_s", settings.run_limit);
    number("files", settings.batch_files);
    number("octets", settings.batch_octets);
    const upload::Log log = [](upload::Severity severity, const std::string& line) {
        static constexpr const char* words[] = {"info", "warning", "error"};
        say(fmt::format("log {} {}", words[static_cast<int>(severity)], line));
    };
    if (given["mode"] == "once") return upload::upload_once(settings, log, -1);
    upload::run_uploader(settings,
                         {log, [](const upload::UploadStatus& s) { say("status " + json_of(s)); }, 0, -1});
    return 0;
}
