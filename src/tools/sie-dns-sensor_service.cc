#include "tools/sie-dns-sensor_service.h"

#include <unistd.h>

#include <algorithm>

#include "daemon/given_folders.h"
#include "daemon/low_priority.h"
#include "daemon/memory_limit.h"
#include "daemon/privileges.h"
#include "daemon/sandbox.h"
#include "daemon/table_sizes.h"

namespace sie::tools {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using sensor::Severity;

constexpr auto between_clocks = 60s, between_statuses = 10s;

daemon::Urgency urgency_of(Severity severity) {
    switch (severity) {
        case Severity::info: break;
        case Severity::warning: return daemon::Urgency::warning;
        case Severity::error: return daemon::Urgency::error;
    }
    return daemon::Urgency::info;
}

// The same line again and again is told seldom; news (an upload, a loss, each with its path) always.
void tell_in(daemon::ServiceLog& log, Severity severity, const std::string& line) {
    log.tell(urgency_of(severity), severity == Severity::info ? std::string_view() : std::string_view(line),
             line, Clock::now());
}

}  // namespace

ServiceLife::ServiceLife(const service::SensorSettings& settings, std::string status_socket,
                         ServiceCommand command, LiveTerminal& terminal)
    : spooldir_(settings.spooldir),
      channel_(settings.channel),
      status_socket_(std::move(status_socket)),
      command_(std::move(command)),
      terminal_(terminal),
      notify_(daemon::Notify::from_environment()),
      pid_file_("--pid-file"),
      background_("--daemon") {
    log_settings_.target = daemon::choose_log_target(command_.background);
    log_settings_.facility = settings.syslog_priority.facility;
    log_settings_.level = settings.syslog_priority.level;
    if (command_.service) log_.emplace(log_settings_);
}

ServiceLife::~ServiceLife() {
    if (log_) log_->flush();
}

std::string ServiceLife::user() const {
    return !command_.user.empty() ? command_.user
           : command_.service     ? std::string(daemon::service_user)
                                  : std::string();
}

Result<void> ServiceLife::begin() {
    if (!command_.user.empty() && ::geteuid() != 0)
        return fail(ErrorKind::denied, "--user", "only root becomes another user",
                    "leave it out, or start it as root");
    if (command_.service && ::geteuid() == 0)
        if (auto done = give_folders(); !done) return done;
    if (!command_.pid_file.empty())
        if (auto done = pid_file_.open(command_.pid_file, ::geteuid() == 0 ? user() : ""); !done) return done;
    return command_.background ? background_.start() : Result<void>{};
}

Result<void> ServiceLife::give_folders() const {
    if (const std::size_t slash = status_socket_.rfind('/'); slash != std::string::npos && slash != 0)
        if (auto done = daemon::give_folders(status_socket_.substr(0, slash), 0750, {}, user()); !done)
            return done;
    std::vector<std::string> below;
    for (const std::string name : {"new", "waiting", "archive"}) {
        below.push_back(name);
        below.push_back(name + "/" + channel_);
    }
    return daemon::give_folders(spooldir_, 0755, below, user());
}

Result<void> ServiceLife::fit(const service::SensorSettings& settings, sensor::LiveSetup& setup) {
    if (!command_.service) return {};
    daemon::LowPriority priority;
    priority.cpus = settings.cpu_affinity;
    for (const std::string& line : daemon::lower_priority(priority)) log().tell(Severity::warning, line);
    daemon::TableWishes wishes;
    wishes.memory_ulimit_kbytes = settings.memory_ulimit_kbytes;
    wishes.state_table_max = setup.settings.state_table_max;
    wishes.ring_kbytes = settings.ring_kbytes;
    wishes.workers = settings.workers;
    wishes.interfaces = static_cast<unsigned>(settings.interfaces.size());
    if (settings.compression == sensor::FileCompression::best)
        wishes.writer_kbytes = daemon::best_writer_kbytes;
    const auto sizes = daemon::sizes_for(wishes);
    if (!sizes) return fail(sizes.error());
    for (const std::string& line : sizes->made_smaller) log().tell(Severity::warning, line);
    setup.settings.state_table_max = sizes->state_table_max;
    setup.settings.stored_octets_max = sizes->stored_octets;
    setup.ring_octets = static_cast<std::size_t>(sizes->ring_kbytes) << 10;
    setup.containers = sizes->queued_containers;
    limit_kbytes_ = settings.memory_ulimit_kbytes;
    stack_octets_ = sizes->stack_octets;
    return {};
}

Result<void> ServiceLife::lower() {
    if (limit_kbytes_ != 0)
        if (auto done = daemon::limit_memory(limit_kbytes_, stack_octets_); !done) return done;
    if (::geteuid() != 0 || !user().empty())  // else by hand: root is what was asked for
        if (auto done = daemon::lower_privileges(user(), daemon::Keep::net_raw); !done) return done;
    daemon::leave_no_core();
    return {};
}

std::function<Result<void>()> ServiceLife::confine_uploader() const {
    return [name = user(), background = command_.background]() -> Result<void> {
        if (background) daemon::leave_terminal();  // who started the sensor may wait for its end
        if (::geteuid() != 0 || !name.empty())
            if (auto done = daemon::lower_privileges(name, daemon::Keep::nothing); !done) return done;
        daemon::leave_no_core();
        return daemon::enter_uploader_sandbox();
    };
}

upload::Log ServiceLife::uploader_log() const {
    const auto severity_of = [](upload::Severity severity) {
        return severity == upload::Severity::error     ? Severity::error
               : severity == upload::Severity::warning ? Severity::warning
                                                       : Severity::info;
    };
    if (!command_.service)
        return [severity_of](upload::Severity severity, const std::string& line) {
            LiveTerminal(false).tell(severity_of(severity), line);
        };
    // A log of its own, made in the process that tells.
    return [severity_of, log = std::make_shared<daemon::ServiceLog>(log_settings_)](upload::Severity severity,
                                                                                    const std::string& line) {
        log->attend(Clock::now());
        tell_in(*log, severity_of(severity), line);
    };
}

Result<void> ServiceLife::confine(pid_t uploader) {
    if (auto done = pid_file_.write(); !done) return done;
    if (auto done = background_.ready(); !done) return done;
    if (auto done = daemon::enter_sensor_sandbox({uploader}); !done) return done;
    look_at_clock();
    return {};
}

void ServiceLife::ready() {
    notify_.status("capture has begun");
    notify_.ready();
}

std::chrono::milliseconds ServiceLife::step() const {
    const auto interval = notify_.watchdog_interval();
    return interval ? std::clamp(std::chrono::duration_cast<std::chrono::milliseconds>(*interval / 3), 10ms,
                                 1000ms)
                    : 1000ms;
}

void ServiceLife::tick(bool alive, const std::string& line) {
    const auto now = Clock::now();
    if (alive) notify_.watchdog();
    if (log_) log_->attend(now);
    if (now >= next_clock_) look_at_clock();
    if (now < next_status_) return;
    next_status_ = now + between_statuses;
    notify_.status(line);
}

void ServiceLife::look_at_clock() {
    next_clock_ = Clock::now() + between_clocks;
    const daemon::ClockState state = daemon::read_clock_state();
    switch (state.sync) {
        case daemon::ClockSync::synchronised: clock_.state = status::ClockState::synchronised; break;
        case daemon::ClockSync::unsynchronised: clock_.state = status::ClockState::unsynchronised; break;
        case daemon::ClockSync::unknown: clock_.state = status::ClockState::unknown; break;
    }
    clock_.max_error_ns.reset();
    if (state.most_error) clock_.max_error_ns = std::chrono::nanoseconds(*state.most_error).count();
    if (const auto told = clock_watch_.see(state))
        log().tell(told->urgency == daemon::Urgency::info      ? Severity::info
                   : told->urgency == daemon::Urgency::warning ? Severity::warning
                                                               : Severity::error,
                   told->line);
}

void ServiceLife::tell(Severity severity, const std::string& line) { tell_in(*log_, severity, line); }

}  // namespace sie::tools
