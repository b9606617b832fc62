// The life of a live run as a service: where its lines go, what it may still do, what the service manager and
// the clock say. Wiring of src/daemon.
//
// The order is: the object (before there is a thread), begin(), fit(), the fork of the uploader, lower(), all
// that opens files and sockets, the threads, confine(), ready(); then tick() about once a second.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "daemon/background.h"
#include "daemon/clock_state.h"
#include "daemon/notify.h"
#include "daemon/service_log.h"
#include "sensor/live_sensor.h"
#include "service/settings.h"
#include "status/status_report.h"
#include "tools/sie-dns-sensor_terminal.h"
#include "upload/settings.h"

namespace sie::tools {

struct ServiceCommand {
    bool service = false;     // under a manager or an init script, not by hand
    bool background = false;  // forks; the caller goes when capture has begun
    std::string pid_file;     // empty: none
    std::string user;         // whom root becomes; empty: sie-dns-sensor as a service, nobody else by hand
};

class ServiceLife final : private sensor::LiveLog {
  public:
    ServiceLife(const service::SensorSettings& settings, std::string status_socket, ServiceCommand command,
                LiveTerminal& terminal);

    ~ServiceLife() override;

    // As root: folders for the user whom it becomes; pid file and background.
    [[nodiscard]] Result<void> begin();
    // Priority, and tables and rings that fit into the memory, for `setup`. As a service only.
    [[nodiscard]] Result<void> fit(const service::SensorSettings& settings, sensor::LiveSetup& setup);
    // The limit of memory (ssh and rsync have none), and other users' rights are given up; CAP_NET_RAW stays.
    [[nodiscard]] Result<void> lower();
    // What the uploader's processes give up.
    [[nodiscard]] std::function<Result<void>()> confine_uploader() const;
    // Where their lines go.
    [[nodiscard]] upload::Log uploader_log() const;

    [[nodiscard]] sensor::LiveLog& log() {
        return command_.service ? static_cast<sensor::LiveLog&>(*this) : terminal_;
    }
    // Capture has begun: pid file, background; from here on only the calls that a sensor needs.
    [[nodiscard]] Result<void> confine(pid_t uploader);
    void ready();  // tells the manager
    void reloading() { notify_.reloading(); }
    void reloaded() { notify_.ready(); }
    void stopping() { notify_.stopping(); }
    // Somebody starts it again if it ends with an error.
    [[nodiscard]] bool has_manager() const { return notify_.listening(); }
    // How often tick() must be called at least.
    [[nodiscard]] std::chrono::milliseconds step() const;
    // `alive`: the sensor's threads have gone on since the last call. `line`: for the manager.
    void tick(bool alive, const std::string& line);
    [[nodiscard]] status::ClockStatus clock() const { return clock_; }

  private:
    void tell(sensor::Severity severity, const std::string& line) override;
    [[nodiscard]] std::string user() const;
    void look_at_clock();
    [[nodiscard]] Result<void> give_folders() const;

    const std::string spooldir_, channel_, status_socket_;
    ServiceCommand command_;
    LiveTerminal& terminal_;
    daemon::Notify notify_;
    daemon::LogSettings log_settings_;
    std::optional<daemon::ServiceLog> log_;
    daemon::PidFile pid_file_;
    daemon::Background background_;
    std::uint64_t limit_kbytes_ = 0;  // 0: none
    std::size_t stack_octets_ = 0;
    daemon::ClockWatch clock_watch_;
    status::ClockStatus clock_;
    std::chrono::steady_clock::time_point next_clock_{}, next_status_{};
};

}  // namespace sie::tools
