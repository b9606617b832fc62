#include "tools/sie-dns-sensor_live.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>

#include "sensor/live_output.h"
#include "sensor/live_sensor.h"
#include "sensor/summary.h"
#include "service/machine.h"
#include "spool/folder_lock.h"
#include "spool/salvage.h"
#include "text/transaction_line.h"
#include "tools/sie-dns-sensor_options.h"
#include "tools/sie-dns-sensor_signals.h"
#include "tools/sie-dns-sensor_terminal.h"

namespace sie::tools {

namespace {

using namespace std::chrono_literals;
using sensor::Severity;

// A stalled disk may hold the end up for so long (all else ends within a second).
constexpr auto most_at_end = 4500ms;

// Where files go: locked for this process, and with what an earlier run left finished.
struct Folder {
    std::string path;
    spool::FolderLock lock;
};

Result<Folder> take_folder(const std::string& path, bool make, LiveTerminal& terminal) {
    if (make) {
        std::error_code error;
        std::filesystem::create_directories(path, error);
        if (error) return fail_errno(path, "cannot make the folder", error.value());
    }
    auto lock = spool::FolderLock::take(path);
    if (!lock) return fail(std::move(lock.error()));
    lock->write_pid();
    const auto report = spool::salvage(path);
    if (!report) return fail(report.error());
    for (const spool::SalvagedFile& file : report->files)
        terminal.tell(file.lost == 0 ? Severity::info : Severity::warning, file.text());
    for (const Error& left : report->left) terminal.tell(Severity::warning, left.text());
    return Folder{path, std::move(*lock)};
}

sensor::LiveSetup setup_of(const service::SensorSettings& settings) {
    sensor::LiveSetup setup;
    for (const service::Interface& interface : settings.interfaces)
        setup.interfaces.push_back({interface.name, interface.promiscuous});
    setup.workers = settings.workers;
    setup.ring_octets = static_cast<std::size_t>(settings.ring_kbytes) << 10;
    setup.settings = settings.rules;
    setup.key = HashKey::random();
    setup.compression = settings.compression;
    setup.rotation = rotation_of(settings);
    return setup;
}

// Until a signal ends it; a line of counts every `interval`, if there is one.
void watch(sensor::LiveSensor& sensor, const LiveSignals& signals, LiveTerminal& terminal,
           std::chrono::seconds interval) {
    auto before = sensor.status();
    auto then = std::chrono::steady_clock::now();
    for (;;) {
        const int signal = signals.wait(interval == 0s ? std::chrono::hours(1) : interval);
        if (signal == SIGUSR1) sensor.rotate();
        if (signal == SIGINT || signal == SIGTERM || signal == SIGHUP) return;
        if (signal != 0) continue;
        const auto now = std::chrono::steady_clock::now();
        const auto status = sensor.status();
        if (interval != 0s)
            terminal.status(
                sensor::status_line(status, before, std::chrono::duration<double>(now - then).count()));
        before = status;
        then = now;
    }
}

}  // namespace

int run_live(const service::SensorSettings& settings, const LiveCommand& command) {
    const LiveSignals signals;
    LiveTerminal terminal(command.quiet);
    sensor::LiveSetup setup = setup_of(settings);
    setup.open_source = [by_libpcap = command.by_libpcap](const capture::LiveOptions& options) {
        return capture::open_live_source(options, by_libpcap);
    };
    const sensor::LiveClock clock;
    setup.clock = &clock;
    setup.log = &terminal;

    const auto filter = filter_of(settings);
    if (!filter) return refuse(filter.error());
    if (*filter) setup.filter = &**filter;
    std::mutex shown;
    setup.observed = command.show;
    std::uint64_t to_show = command.show;
    setup.observer = [&](const nmsg::DnsqrPayload& payload, Time time) {
        const std::lock_guard lock(shown);
        if (to_show == 0) return;
        --to_show;
        fmt::print("{}\n", text::transaction_line(payload, time.seconds(), time.nanoseconds()));
        std::fflush(stdout);
    };

    std::optional<Folder> folder;
    std::unique_ptr<sensor::ContainerOutput> output;
    if (command.discard) {
        output = std::make_unique<sensor::DiscardOutput>();
    } else if (!command.write_to.empty()) {
        auto stream = sensor::StreamOutput::open(command.write_to);
        if (!stream) return refuse(stream.error());
        output = std::move(*stream);
        setup.rotation = {};
    } else {
        const auto prefix = service::file_prefix(settings);
        if (!prefix) return refuse(prefix.error());
        const bool own = command.output_dir.empty();
        auto taken = take_folder(own ? settings.spooldir + "/new/" + settings.channel : command.output_dir,
                                 own, terminal);
        if (!taken) return refuse(taken.error());
        folder.emplace(std::move(*taken));
        output = std::make_unique<sensor::LiveFiles>(folder->path, *prefix, suffix_of(settings.compression));
    }
    setup.output = output.get();

    auto opened = sensor::LiveSensor::open(std::move(setup));
    if (!opened) return refuse(opened.error());
    sensor::LiveSensor& sensor = **opened;
    const auto start = std::chrono::steady_clock::now();
    sensor.start();
    std::string names;
    for (const service::Interface& interface : settings.interfaces)
        names += (names.empty() ? "" : ", ") + interface.name + (interface.promiscuous ? "+" : "");
    terminal.tell(Severity::info, fmt::format("capturing on {}{}{}; Ctrl-C ends it", names,
                                              folder ? " into " : "", folder ? folder->path : ""));
    const auto interval = command.status_interval_s.value_or(terminal.terminal() && !command.quiet ? 2 : 0);
    watch(sensor, signals, terminal, std::chrono::seconds(interval));
    terminal.clear();
    signals.release();
    const sensor::RunResult result = sensor.stop(most_at_end);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (command.json_summary) fmt::print("{}\n", sensor::summary_json(result, seconds));
    std::fflush(stdout);
    if (!command.quiet && !command.json_summary)
        fmt::print(stderr, "{}", sensor::summary_text(result, seconds));
    terminal.tell(Severity::info, sensor::ledger_line(result.ledger));
    const int status = result.error ? refuse(*result.error) : 0;
    if (sensor.stalled()) {
        std::fflush(nullptr);
        ::_exit(status);  // a thread still waits for the disk
    }
    return status;
}

}  // namespace sie::tools
