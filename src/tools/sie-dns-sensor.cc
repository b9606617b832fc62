// sie-dns-sensor: the sensor's command line: run, check-config, status, upload, version.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <thread>

#include "base/number.h"
#include "daemon/notify.h"
#include "sensor/replay.h"
#include "sensor/summary.h"
#include "service/machine.h"
#include "text/transaction_line.h"
#include "tools/progress_bar.h"
#include "tools/sie-dns-sensor_live.h"
#ifndef SIE_PORTABLE
#include "tools/sie-dns-sensor_memory.h"
#endif
#include "tools/sie-dns-sensor_options.h"
#include "tools/sie-dns-sensor_status.h"
#include "tools/sie-dns-sensor_upload.h"
#include "tools/stop_signal.h"

namespace {

using namespace sie;
using tools::refuse;

constexpr const char* default_file = "/etc/default/sie-dns-sensor";

struct RunOptions {
    std::vector<std::string> pcaps;
    std::string config, output_dir, write_to, show = "0", status_interval;
    std::string status_socket = status::default_status_socket;
    tools::ServiceCommand service;
    bool discard = false, quiet = false, json_summary = false, own_addresses = false, libpcap = false;
};

int run_files(const RunOptions& given, const service::SensorSettings& settings, std::uint64_t show) {
    sensor::ReplayOptions options;
    options.files = given.pcaps;
    options.settings = settings.rules;
    options.compression = settings.compression;
    options.rotation = tools::rotation_of(settings);
    const auto filter = tools::filter_of(settings);
    if (!filter) return refuse(filter.error());
    if (*filter) options.filter = &**filter;
    std::unique_ptr<sensor::ContainerOutput> output;
    if (given.discard) {
        output = std::make_unique<sensor::DiscardOutput>();
    } else if (!given.output_dir.empty()) {
        const auto prefix = service::file_prefix(settings);
        if (!prefix) return refuse(prefix.error());
        output =
            std::make_unique<sensor::SpoolOutput>(given.output_dir, *prefix, suffix_of(settings.compression));
    }
    options.output = output.get();
    options.compression_threads = std::max(1U, std::thread::hardware_concurrency());
    options.key = HashKey::random();
    options.observed = show;
    options.observer = [](const nmsg::DnsqrPayload& payload, Time time) {
        fmt::print("{}\n", text::transaction_line(payload, time.seconds(), time.nanoseconds()));
    };
    tools::ProgressBar bar;
    if (bar.shown() && !given.quiet)
        options.progress = [&](const OctetSource& source, const sensor::Ledger& ledger) {
            bar.update(source, ledger.frames, "frames");
        };

    const tools::StopSignal stop;
    options.stop = &stop.asked();
    const auto start = std::chrono::steady_clock::now();
    const sensor::RunResult result = sensor::replay(options);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    bar.clear();
    if (given.json_summary) fmt::print("{}\n", sensor::summary_json(result, seconds));
    std::fflush(stdout);
    if (!given.quiet && !given.json_summary) fmt::print(stderr, "{}", sensor::summary_text(result, seconds));
    return result.error ? refuse(*result.error) : 0;
}

// The file as it was shipped: nothing is captured, and a manager has no reason to try again.
int unconfigured(const std::string& file) {
    fmt::print(
        stderr,
        "sie-dns-sensor: {}: not configured yet, nothing is captured; set login and DNSQR_RES_ADDRS (the "
        "resolver's addresses) there, then start the service again\n",
        file.empty() ? default_file : file);
    daemon::Notify::from_environment().ready();
    return 0;
}

int run_command(const RunOptions& given, const tools::SettingFlags& flags) {
    const bool live = given.pcaps.empty();
    if (!live && flags.given("interface"))
        return refuse({ErrorKind::usage,
                       "--interface",
                       {},
                       "cannot be together with --pcap",
                       "capture live, or read files"});
    const auto show = parse_number(given.show, 0, 1'000'000'000);
    if (!show) return refuse({ErrorKind::usage, "--show", {}, show.error().why, show.error().remedy});
    std::optional<std::int64_t> status_interval;
    if (!given.status_interval.empty()) {
        const auto seconds = parse_number(given.status_interval, 0, 86'400);
        if (!seconds)
            return refuse(
                {ErrorKind::usage, "--status-interval", {}, seconds.error().why, seconds.error().remedy});
        status_interval = static_cast<std::int64_t>(*seconds);
    }
    if (given.service.background && !given.service.service)
        return refuse({ErrorKind::usage, "--daemon", {}, "is for a service", "add --service"});
    const bool elsewhere = given.discard || !given.output_dir.empty() || !given.write_to.empty();
    const tools::ServiceCommand& service = given.service;
    if ((!live || elsewhere) && (service.service || !service.pid_file.empty() || !service.user.empty()))
        return refuse({ErrorKind::usage,
                       service.service             ? "--service"
                       : !service.pid_file.empty() ? "--pid-file"
                                                   : "--user",
                       {},
                       "is for a live run into the spool",
                       "leave out --pcap, --output-dir, --write-to and --discard"});
    const auto purpose = !live       ? tools::Purpose::replay
                         : elsewhere ? tools::Purpose::live
                                     : tools::Purpose::spool;
    const tools::Configured settings =
        tools::configured(given.config, flags, purpose, given.quiet, live && given.own_addresses);
    if (settings.status != 0) return settings.status;
    if (!live) return run_files(given, settings.configuration.settings, *show);
    if (given.service.service && service::unconfigured(settings.configuration.settings))
        return unconfigured(given.config);
    tools::LiveCommand command{given.output_dir,
                               given.write_to,
                               given.discard,
                               given.quiet,
                               given.json_summary,
                               *show,
                               status_interval,
                               given.libpcap,
                               given.status_socket,
                               given.service,
                               {}};
    command.reread = [&](sensor::LiveLog* log) -> std::optional<service::SensorSettings> {
        tools::Configured again = tools::judged(given.config, flags, purpose, given.own_addresses);
        if (log != nullptr) {
            // With zeroing on no line of a running sensor may quote a list.
            const bool hidden = settings.configuration.settings.rules.zero_resolver_address ||
                                again.configuration.settings.rules.zero_resolver_address;
            if (!hidden)
                for (const std::string& line : again.configuration.warnings)
                    log->tell(sensor::Severity::warning, line);
            for (const Error& error : again.configuration.errors)
                log->tell(sensor::Severity::error,
                          hidden ? error.what + ": refused; check-config says why" : error.text());
        }
        if (again.status != 0) return std::nullopt;
        return std::move(again.configuration.settings);
    };
    return tools::run_live(settings.configuration.settings, command);
}

int command_line(int argc, char** argv) {
    CLI::App app("sie-dns-sensor: passive DNS from a resolver's packets to NMSG files");
    app.require_subcommand(1);
    RunOptions given;
    CLI::App* run = app.add_subcommand("run", "capture packets, or read capture files, and write NMSG files");
    run->add_option("--config", given.config, "settings, as in " + std::string(default_file))
        ->type_name("FILE")
        ->group("What to read");
    run->add_option("--pcap", given.pcaps, "capture files in a row, or - for standard input")
        ->type_name("FILE...")
        ->group("What to read");
    run->add_flag("--own-addresses", given.own_addresses, "live: the resolver is this host")
        ->group("What to read");
    run->add_flag("--libpcap", given.libpcap, "live: by libpcap, not by the kernel's ring")
        ->group("What to read");
    run->add_option("--output-dir", given.output_dir, "folder for NMSG files [live: the spool]")
        ->type_name("DIR")
        ->group("What to write");
    run->add_option("--write-to", given.write_to,
                    "live: all containers in a row into a FIFO, or - for standard output")
        ->type_name("PATH")
        ->excludes("--output-dir")
        ->group("What to write");
    run->add_option("--status-interval", given.status_interval, "live: counts so often [2 on a terminal]")
        ->type_name("SECONDS")
        ->group("What to write");
    run->add_option("--show", given.show, "a line for each of the first N transactions")
        ->type_name("N")
        ->group("What to write");
    run->add_option("--status-socket", given.status_socket, "live: where `status` asks")
        ->type_name("PATH")
        ->group("What to write");
    run->add_flag("--discard", given.discard, "build containers and throw them away")->group("What to write");
    run->add_flag("--quiet", given.quiet, "no summary, no warnings and no progress")->group("What to write");
    run->add_flag("--json-summary", given.json_summary, "the summary as JSON on standard output")
        ->group("What to write");
    run->add_flag("--service", given.service.service, "with log, limits and another user")
        ->group("As a service");
    run->add_flag("--daemon", given.service.background, "go to the background")->group("As a service");
    run->add_option("--pid-file", given.service.pid_file, "where the process's number is written")
        ->type_name("FILE")
        ->group("As a service");
    run->add_option("--user", given.service.user, "whom root becomes [service: sie-dns-sensor]")
        ->type_name("NAME")
        ->group("As a service");
    const tools::SettingFlags run_flags(
        *run, "Settings (all: --help-settings)",
        {"interface", "DNSQR_RES_ADDRS", "DNSQR_AUTH_ADDRS", "outfile_prefix"});

    std::string checked = default_file;
    CLI::App* check =
        app.add_subcommand("check-config", "judge a configuration file and print the settings in force");
    check->add_option("FILE,--config", checked, "the file [" + std::string(default_file) + "]")
        ->type_name("FILE");
    const tools::SettingFlags check_flags(*check, "Settings", {});

    tools::StatusCommand asked;
    bool as_json = false, as_metrics = false, watched = false;
    CLI::App* status = app.add_subcommand("status", "show what a running sensor does");
    status->add_flag("--json", as_json, "as JSON");
    status->add_flag("--watch", watched, "again and again, until q")->excludes("--json");
    status->add_flag("--metrics", as_metrics, "as Prometheus reads it")
        ->excludes("--json")
        ->excludes("--watch");
    status->add_option("--socket", asked.socket, "of the sensor [" + asked.socket + "]")->type_name("PATH");

    std::string upload_file = default_file;
    bool once = false;
    CLI::App* upload = app.add_subcommand("upload", "send what waits in the spool, now");
    upload->add_flag("--once", once, "and end then")->required();
    upload->add_option("--config", upload_file, "the file [" + std::string(default_file) + "]")
        ->type_name("FILE");
    const tools::SettingFlags upload_flags(*upload, "Settings (all: --help-settings)",
                                           {"submitserver", "login", "uploadkey", "knownhosts"});

    CLI::App* version = app.add_subcommand("version", "print the version");
    const auto named = [&](const CLI::App* command) { return command->check_name(argv[1]); };
    if (argc > 1 && argv[1][0] != '-' &&
        std::ranges::none_of(std::array{run, check, status, upload, version}, named))
        return refuse({ErrorKind::usage,
                       argv[1],
                       {},
                       "no such command",
                       "use run, check-config, status, upload or version"});
    try {
        app.parse(argc, argv);
        if (version->parsed()) {
            fmt::print("sie-dns-sensor {}{}\n", SIE_VERSION, SIE_KIND);
            return 0;
        }
        if (status->parsed()) {
            using Form = tools::StatusCommand::Form;
            asked.form = as_json      ? Form::json
                         : as_metrics ? Form::metrics
                         : watched    ? Form::watch
                                      : Form::text;
            return tools::run_status(asked);
        }
        const tools::SettingFlags& flags = check->parsed()    ? check_flags
                                           : upload->parsed() ? upload_flags
                                                              : run_flags;
        if (const auto helped = flags.help()) return *helped;
        if (upload->parsed()) {
            const tools::Configured settings =
                tools::configured(upload_file, flags, tools::Purpose::upload, false);
            return settings.status != 0 ? settings.status
                                        : tools::upload_now(settings.configuration.settings);
        }
        return check->parsed() ? tools::check_config(checked, flags) : run_command(given, flags);
    } catch (const CLI::ParseError& error) { return app.exit(error) == 0 ? 0 : tools::usage_status; }
}

}  // namespace

int main(int argc, char** argv) {
#ifndef SIE_PORTABLE
    sie::tools::return_large_blocks();
#endif
    try {
        return command_line(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "sie-dns-sensor: %s\n", error.what());
        return 1;
    }
}
