// sie-dns-sensor: the sensor's command line. Offline so far: run --pcap, version.

#include <fmt/format.h>
#include <netdb.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <thread>
#include <tuple>

#include "base/number.h"
#include "sensor/replay.h"
#include "sensor/summary.h"
#include "text/transaction_line.h"
#include "tools/dnsqr_environment.h"
#include "tools/progress_bar.h"
#include "tools/stop_signal.h"

namespace {

using namespace sie;

constexpr int usage_status = 2;

struct RunOptions {
    std::vector<std::string> pcaps;
    std::string output_dir, prefix;
    std::string compression = "default", rotation_interval = "60", rotation_offset = "0", bpf, show = "0";
    bool discard = false, quiet = false, json_summary = false;
    std::vector<std::string> settings;  // one for each row of the table, given or empty
};

int refuse(const Error& error) {
    fmt::print(stderr, "sie-dns-sensor: {}\n", error.text());
    return error.exit_status();
}

// The host's full name, else its name, else "unknown" (REFERENCE §5).
std::string host_name() {
    char name[256] = {};
    if (gethostname(name, sizeof name - 1) != 0 || name[0] == '\0') return "unknown";
    addrinfo hints{}, *found = nullptr;
    hints.ai_flags = AI_CANONNAME;
    std::string full;
    if (getaddrinfo(name, nullptr, &hints, &found) == 0 && found->ai_canonname != nullptr)
        full = found->ai_canonname;
    if (found != nullptr) freeaddrinfo(found);
    return full.find('.') == std::string::npos ? name : full;
}

// The host's name goes into file names, so what it may hold is checked like the setting.
Result<std::string> file_prefix(const std::string& given) {
    const std::string prefix = given.empty() ? host_name() : given;
    if (prefix.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") !=
        std::string::npos)
        return fail(ErrorKind::usage, "--prefix",
                    fmt::format("{:?} holds other than letters, digits, '.', '_' and '-'", prefix),
                    "give one with --prefix NAME");
    return prefix;
}

Result<std::int64_t> seconds_of(const char* option, const std::string& text, std::uint64_t least,
                                std::uint64_t most) {
    const auto number = parse_number(text, least, most);
    if (!number) return fail(ErrorKind::usage, option, number.error().why, number.error().remedy);
    return static_cast<std::int64_t>(*number);
}

// An environment variable of the sensor's own settings; a flag is stronger.
Result<void> from_environment(const CLI::App& run, const char* flag, const char* variable,
                              std::string& value) {
    if (run.count(flag) != 0) return {};
    const char* text = std::getenv(variable);
    if (text == nullptr) return {};
    value = text;
    if (value.find_first_not_of(" \t") == std::string::npos)
        return fail(ErrorKind::usage, variable, "is set but empty", "unset it or give it a value");
    return {};
}

int run_command(const CLI::App& run, RunOptions& given) {
    sensor::ReplayOptions options;
    options.files = given.pcaps;
    options.settings.capture_rd = 0;  // the sensor's defaults (REFERENCE §3, §1.5)
    options.settings.zero_client_subnet = true;
    if (auto applied = tools::apply_environment(options.settings); !applied) return refuse(applied.error());
    const auto table = dnsqr::settings_table();
    for (std::size_t i = 0; i < table.size(); ++i) {
        if (run.count(dnsqr::flag_of(table[i])) == 0) continue;
        if (auto applied = table[i].apply(options.settings, dnsqr::flag_of(table[i]), given.settings[i]);
            !applied)
            return refuse(applied.error());
    }
    if (auto checked = dnsqr::check(options.settings, true); !checked) return refuse(checked.error());
    for (const std::string& warning : dnsqr::warnings(options.settings))
        if (!given.quiet) fmt::print(stderr, "sie-dns-sensor: warning: {}\n", warning);

    for (const auto& [flag, variable, value] :
         {std::tuple{"--compression", "compression", &given.compression},
          {"--rotation-interval", "rotation_interval", &given.rotation_interval},
          {"--rotation-offset", "rotation_offset", &given.rotation_offset},
          {"--bpf", "bpf", &given.bpf},
          {"--prefix", "outfile_prefix", &given.prefix}})
        if (auto taken = from_environment(run, flag, variable, *value); !taken) return refuse(taken.error());
    const auto compression = nmsg::compression_of(given.compression);
    if (!compression)
        return refuse({ErrorKind::usage,
                       "--compression",
                       {},
                       fmt::format("{:?} is not known", given.compression),
                       "use none, fast, default or best"});
    options.compression = *compression;
    const auto interval = seconds_of("--rotation-interval", given.rotation_interval, 1, 86'400);
    if (!interval) return refuse(interval.error());
    const auto offset =
        seconds_of("--rotation-offset", given.rotation_offset, 0, static_cast<std::uint64_t>(*interval) - 1);
    if (!offset) return refuse(offset.error());
    options.rotation = {*interval, *offset};
    const auto show = seconds_of("--show", given.show, 0, 1'000'000'000);
    if (!show) return refuse(show.error());

    std::optional<capture::PacketFilter> filter;
    if (!given.bpf.empty()) {
        auto compiled = capture::PacketFilter::compile("bpf", given.bpf);
        if (!compiled) return refuse(compiled.error());
        filter.emplace(std::move(*compiled));
        options.filter = &*filter;
    }
    std::unique_ptr<sensor::ContainerOutput> output;
    if (given.discard) {
        output = std::make_unique<sensor::DiscardOutput>();
    } else if (!given.output_dir.empty()) {
        const auto prefix = file_prefix(given.prefix);
        if (!prefix) return refuse(prefix.error());
        output = std::make_unique<sensor::SpoolOutput>(given.output_dir, *prefix);
    }
    options.output = output.get();
    options.compression_threads = std::max(1U, std::thread::hardware_concurrency());
    options.key = HashKey::random();
    options.observed = static_cast<std::uint64_t>(*show);
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

int command_line(int argc, char** argv) {
    CLI::App app("sie-dns-sensor: passive DNS from a resolver's packets to NMSG files");
    app.require_subcommand(1);
    RunOptions given;
    CLI::App* run = app.add_subcommand("run", "read capture files and write NMSG files");
    run->add_option("--pcap", given.pcaps, "capture files in a row, or - for standard input")
        ->required()
        ->type_name("FILE...");
    run->add_option("--output-dir", given.output_dir,
                    "folder for NMSG files; without it only the summary is made")
        ->type_name("DIR");
    run->add_option("--prefix", given.prefix, "first part of file names; the host's name")->type_name("NAME");
    run->add_option("--compression", given.compression, "none, fast, default or best; default")
        ->type_name("LEVEL");
    run->add_option("--rotation-interval", given.rotation_interval, "1 … 86400; 60")->type_name("SECONDS");
    run->add_option("--rotation-offset", given.rotation_offset, "0 … interval − 1; 0")->type_name("SECONDS");
    run->add_option("--bpf", given.bpf, "a filter that narrows what the lists allow")->type_name("EXPR");
    run->add_option("--show", given.show, "print a line for each of the first N transactions")
        ->type_name("N");
    run->add_flag("--discard", given.discard, "build containers and throw them away");
    run->add_flag("--quiet", given.quiet, "no summary and no progress");
    run->add_flag("--json-summary", given.json_summary, "the summary as one JSON object on standard output");
    const auto table = sie::dnsqr::settings_table();
    given.settings.resize(table.size());
    for (std::size_t i = 0; i < table.size(); ++i)
        run->add_option(sie::dnsqr::flag_of(table[i]), given.settings[i],
                        fmt::format("{} ({})", table[i].help, table[i].default_text))
            ->type_name(std::string(table[i].placeholder));
    CLI::App* version = app.add_subcommand("version", "print the version");
    const auto named = [&](const CLI::App* command) { return command->check_name(argv[1]); };
    if (argc > 1 && argv[1][0] != '-' && std::ranges::none_of(std::array{run, version}, named))
        return refuse({sie::ErrorKind::usage, argv[1], {}, "no such command", "use run or version"});
    try {
        app.parse(argc, argv);
        if (version->parsed()) {
            fmt::print("sie-dns-sensor {}\n", SIE_VERSION);
            return 0;
        }
        return run_command(*run, given);
    } catch (const CLI::ParseError& error) { return app.exit(error) == 0 ? 0 : usage_status; }
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return command_line(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "sie-dns-sensor: %s\n", error.what());
        return 1;
    }
}
