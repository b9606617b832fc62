#include "tools/sie-dns-sensor_live.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>

#include "daemon/privileges.h"
#include "daemon/sandbox.h"
#include "sensor/live_output.h"
#include "sensor/live_sensor.h"
#include "sensor/summary.h"
#include "service/machine.h"
#include "spool/folder_lock.h"
#include "spool/salvage.h"
#include "text/transaction_line.h"
#include "tools/sie-dns-sensor_options.h"
#include "tools/sie-dns-sensor_signals.h"
#include "tools/sie-dns-sensor_spool.h"
#include "tools/sie-dns-sensor_terminal.h"
#include "tools/sie-dns-sensor_upload.h"

namespace sie::tools {

namespace {

using namespace std::chrono_literals;
using sensor::Severity;

// A stalled disk may hold the end up for so long (all else ends within a second).
constexpr auto most_at_end = 4500ms;

// Sanitizers make system calls of their own.
#ifdef SIE_SANITIZED
constexpr bool sandboxed = false;
#else
constexpr bool sandboxed = true;
#endif

// Where files go: locked for this process, and with what an earlier run left finished.
struct Folder {
    std::string path;
    spool::FolderLock lock;
};

Result<Folder> take_folder(const std::string& path, bool make, sensor::LiveLog& log) {
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
        log.tell(file.lost == 0 ? Severity::info : Severity::warning, file.text());
    for (const Error& left : report->left) log.tell(Severity::warning, left.text());
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

// What a run into the spool has beside the sensor; the uploader ends after the files that it may still send.
struct Spool {
    std::optional<upload::UploadProcess> uploader;
    std::unique_ptr<SpoolCompany> company;
};

// What other settings change at once; what does not is told.
void reload(sensor::LiveSensor& sensor, Spool& spool, const LiveCommand& command, sensor::LiveLog& log) {
    const auto refused = [&log] {
        log.tell(Severity::error,
                 "the settings were not taken on; mend what check-config says and send SIGHUP again");
    };
    const auto now = command.reread ? command.reread(&log) : std::nullopt;
    if (!now) return refused();
    auto filter = filter_of(*now);
    if (!filter) {
        log.tell(Severity::error, filter.error().text());
        return refused();
    }
    if (const auto names = needs_restart(spool.company->settings(), *now); !names.empty())
        log.tell(Severity::warning, fmt::format("not changed before a restart: {}", fmt::join(names, ", ")));
    sensor.set_rules(now->rules, std::move(*filter));
    spool.company->reload(*now);
    spool.uploader->reload();
    log.tell(Severity::info, "settings read again");
}

// Until a signal ends it, or nothing can be uploaded any more and somebody starts it again (false); a line of
// counts every `interval`, if there is one.
bool watch(sensor::LiveSensor& sensor, const LiveSignals& signals, LiveTerminal& terminal,
           std::chrono::seconds interval, Spool& spool, const LiveCommand& command, ServiceLife& life) {
    auto before = sensor.status();
    auto then = std::chrono::steady_clock::now();
    auto next_line = then + interval;
    std::uint64_t beats = before.beats;
    const std::chrono::milliseconds step = spool.company    ? life.step()
                                           : interval == 0s ? std::chrono::hours(1)
                                                            : interval;
    for (;;) {
        const int signal = signals.wait(step);
        if (signal == SIGUSR1) sensor.rotate();
        if (signal == SIGHUP && spool.company) {
            life.reloading();
            reload(sensor, spool, command, life.log());
            life.reloaded();
        } else if (signal == SIGINT || signal == SIGTERM || signal == SIGHUP) {
            return true;
        }
        if (signal != 0) continue;
        const auto now = std::chrono::steady_clock::now();
        const auto status = sensor.status();
        if (spool.company) {
            spool.company->tick(status, life.clock());
            life.tick(std::exchange(beats, status.beats) != status.beats, spool.company->status_line());
            if (life.has_manager() && spool.uploader->has_died()) {
                life.log().tell(Severity::error,
                                "the uploader has died; the sensor ends in order to be started again");
                return false;
            }
        }
        if (interval == 0s || now < next_line) continue;
        terminal.status(
            sensor::status_line(status, before, std::chrono::duration<double>(now - then).count()));
        before = status;
        then = now;
        next_line = now + interval;
    }
}

// Before there is a thread, or anything open that the uploader must not hold. It is there with upload=no too:
// a reload may switch uploads on.
Result<upload::UploadProcess> start_uploader(const service::SensorSettings& settings,
                                             const LiveCommand& command, const ServiceLife& life) {
    upload::UploadWork work;
    work.settings = [last = settings, again = false,
                     reread = command.reread]() mutable -> std::optional<upload::UploadSettings> {
        // Settings that are wrong change nothing; the sensor tells it.
        if (again && reread)
            if (auto now = reread(nullptr)) last = std::move(*now);
        again = true;
        return last.upload ? std::optional(upload_settings_of(last)) : std::nullopt;
    };
    work.log = life.uploader_log();
    work.confine = life.confine_uploader();
    return upload::UploadProcess::start(work);
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
    ServiceLife life(settings, command.status_socket, command.service, terminal);
    sensor::LiveLog& log = life.log();
    setup.log = &log;

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

    Spool spool;
    const bool into_spool = command.output_dir.empty() && command.write_to.empty() && !command.discard;
    if (into_spool) {
        if (auto done = life.begin(); !done) return refuse(done.error());
        if (auto done = life.fit(settings, setup); !done) return refuse(done.error());
        auto uploader = start_uploader(settings, command, life);
        if (!uploader) return refuse(uploader.error());
        spool.uploader.emplace(std::move(*uploader));
        if (auto done = life.lower(); !done) return refuse(done.error());
    }
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
        auto taken =
            take_folder(into_spool ? settings.spooldir + "/new/" + settings.channel : command.output_dir,
                        into_spool, log);
        if (!taken) return refuse(taken.error());
        folder.emplace(std::move(*taken));
        output = std::make_unique<sensor::LiveFiles>(folder->path, *prefix, suffix_of(settings.compression));
    }
    setup.output = output.get();

    const std::uint32_t capacity = setup.settings.state_table_max;  // as far as the memory goes
    auto opened = sensor::LiveSensor::open(std::move(setup));
    if (!opened) return refuse(opened.error());
    sensor::LiveSensor& sensor = **opened;
    if (into_spool) {
        auto company =
            SpoolCompany::start({settings, capacity, command.status_socket, &clock, &log, &*spool.uploader});
        if (!company) return refuse(company.error());
        spool.company = std::move(*company);
    }
    const auto start = std::chrono::steady_clock::now();
    sensor.start();
    if (spool.company) {
        if (auto done = life.confine(spool.uploader->keeper()); !done) return refuse(done.error());
        spool.company->tick(sensor.status(), life.clock());  // who asks for the status now gets one
        life.ready();
    } else {
        daemon::leave_no_core();
        if (sandboxed)
            if (auto done = daemon::enter_sensor_sandbox(); !done) return refuse(done.error());
    }
    std::string names;
    for (const service::Interface& interface : settings.interfaces)
        names += (names.empty() ? "" : ", ") + interface.name + (interface.promiscuous ? "+" : "");
    log.tell(Severity::info,
             fmt::format("capturing on {}{}{}{}", names, folder ? " into " : "", folder ? folder->path : "",
                         command.service.service ? "" : "; Ctrl-C ends it"));
    const auto interval = command.status_interval_s.value_or(terminal.terminal() && !command.quiet ? 2 : 0);
    const bool asked = watch(sensor, signals, terminal, std::chrono::seconds(interval), spool, command, life);
    terminal.clear();
    signals.release();
    if (into_spool) life.stopping();
    const sensor::RunResult result = sensor.stop(most_at_end);
    if (sensor.stalled())
        static_cast<void>(spool.company.release());  // its threads may wait for the same disk
    else
        spool.company.reset();  // hands on what was closed
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (command.json_summary) fmt::print("{}\n", sensor::summary_json(result, seconds));
    std::fflush(stdout);
    if (!command.quiet && !command.json_summary && !command.service.service)
        fmt::print(stderr, "{}", sensor::summary_text(result, seconds));
    log.tell(Severity::info, sensor::ledger_line(result.ledger));
    const int status = result.error ? refuse(*result.error) : asked ? 0 : 1;
    if (sensor.stalled()) {
        std::fflush(nullptr);
        ::_exit(status);  // a thread still waits for the disk
    }
    return status;
}

}  // namespace sie::tools
