// sie-gen-key: makes the key with which the sensor uploads, and says what to send to whom.

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>

#include "base/number.h"
#include "service/configuration.h"
#include "service/machine.h"
#include "service/shell_fragment.h"
#include "upload/new_key.h"
#include "upload/shell_word.h"

namespace {

using namespace sie;

constexpr const char* default_file = "/etc/default/sie-dns-sensor";
constexpr const char* sensor_user = "sie-dns-sensor";
constexpr std::size_t most_comment_octets = 200;
constexpr int usage_status = 2;

int refuse(const Error& error) {
    fmt::print(stderr, "sie-gen-key: {}\n", error.text());
    return error.exit_status();
}

// What the file and the environment say of the key. Only that must be sound: the rest of the file may not be
// written yet when a key is made.
[[nodiscard]] Result<service::SensorSettings> settings_in(const std::string& path) {
    auto file = service::read_configuration_file(path);
    if (!file) {
        file.error().kind = ErrorKind::usage;
        return fail(file.error());
    }
    const service::ShellFragment fragment = service::parse_shell_fragment(file->text);
    for (auto a = fragment.assignments.rbegin(); a != fragment.assignments.rend(); ++a) {
        if (a->name != "uploadkey") continue;
        if (a->sound && trimmed(a->value).empty())
            return fail(ErrorKind::usage, {}, "uploadkey is not set",
                        fmt::format("write it into {}, or remove the line there", path));
        if (!a->sound)
            return fail(ErrorKind::usage, fmt::format("{}:{}", path, a->place.line),
                        "uploadkey cannot be read", "sie-dns-sensor check-config says what is wrong");
        break;
    }
    service::Given given;
    given.file = std::move(*file);
    given.environment = [](const char* name) -> const char* {
        return std::string_view(name) == "uploadkey" || std::string_view(name) == "submitserver"
                   ? std::getenv(name)  // NOLINT(concurrency-mt-unsafe): one thread
                   : nullptr;
    };
    given.needs_list = false;
    service::Configuration configuration = service::configure(given);
    for (const Error& error : configuration.errors)
        if (error.what.find("uploadkey") != std::string::npos) return fail(error);
    return configuration.settings;
}

[[nodiscard]] Result<std::string> checked_comment(const std::string& comment) {
    const bool sound = !comment.empty() && comment.size() <= most_comment_octets &&
                       std::ranges::all_of(comment, [](char c) { return c >= ' ' && c <= '~'; });
    if (sound) return comment;
    return fail(ErrorKind::usage, "--comment", "is empty, too long or holds other than printable ASCII",
                fmt::format("give up to {} letters, such as a host name", most_comment_octets));
}

// Of the files, where root makes them: the user who uploads.
[[nodiscard]] std::optional<upload::Owner> owner_of_files() {
    if (::geteuid() != 0) return {};
    passwd entry{};
    passwd* found = nullptr;
    std::array<char, 4'096> room{};
    if (::getpwnam_r(sensor_user, &entry, room.data(), room.size(), &found) != 0 || found == nullptr)
        return {};
    return upload::Owner{entry.pw_uid, entry.pw_gid};
}

int make(const std::string& config, bool rsa, const std::optional<std::string>& comment) {
    const auto settings = settings_in(config);
    if (!settings) return refuse(settings.error());
    const auto checked = checked_comment(comment ? *comment : service::host_name());
    if (!checked) return refuse(checked.error());
    const auto owner = owner_of_files();
    const auto line = upload::make_key(
        {settings->uploadkey, rsa ? upload::KeyKind::rsa4096 : upload::KeyKind::ed25519, *checked, owner});
    if (!line) return refuse(line.error());
    const std::string path = upload::shell_word(settings->uploadkey);
    fmt::print(
        "{} is made{}. It is secret: it stays on this machine.\n\n"
        "Send the following line to the operator of your collector ({}), with the\n"
        "addresses from which this sensor will upload:\n\n{}\n\n"
        "It stands in {} too.\n",
        path, owner ? fmt::format(" and belongs to {}", sensor_user) : std::string(), settings->submitserver,
        *line, upload::shell_word(settings->uploadkey + ".pub"));
    if (std::fflush(stdout) != 0)
        return refuse({ErrorKind::system, "standard output", {}, "cannot be written", {}});
    return 0;
}

int command_line(int argc, char** argv) {
    CLI::App app("sie-gen-key: make the key with which sie-dns-sensor uploads");
    std::string config = default_file, comment;
    bool rsa = false, version = false;
    app.add_option("--config", config, "settings, of which uploadkey counts [" + config + "]")
        ->type_name("FILE");
    app.add_flag("--rsa", rsa, "an RSA key of 4096 bits, for a collector without ed25519");
    const CLI::Option* given =
        app.add_option("--comment", comment, "what the public line ends with [the host's name]")
            ->type_name("TEXT");
    app.add_flag("--version", version, "print the version");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) { return app.exit(error) == 0 ? 0 : usage_status; }
    if (version) {
        fmt::print("sie-gen-key {}{}\n", SIE_VERSION, SIE_KIND);
        return 0;
    }
    return make(config, rsa, given->count() > 0 ? std::optional(comment) : std::nullopt);
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return command_line(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "sie-gen-key: %s\n", error.what());
        return 1;
    }
}
