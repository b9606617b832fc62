// What runs beside a sensor that writes into the spool: files handed on and bounded, uploads, the status in
// all its forms. Wiring of service/spool_watch.h, upload/upload_process.h and src/status.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "sensor/live_clock.h"
#include "sensor/live_log.h"
#include "sensor/live_sensor.h"
#include "service/settings.h"
#include "service/spool_watch.h"
#include "status/answer_server.h"
#include "status/heartbeat.h"
#include "status/metrics_http.h"
#include "status/status_board.h"
#include "status/status_socket.h"
#include "upload/upload_process.h"

namespace sie::tools {

// What the switches for upload and archive mean to the spool.
[[nodiscard]] spool::SpoolRules spool_rules_of(const service::SensorSettings& settings);

// The settings that differ and are taken on at a start alone, by their names.
[[nodiscard]] std::vector<std::string> needs_restart(const service::SensorSettings& before,
                                                     const service::SensorSettings& now);

class SpoolCompany {
  public:
    struct Setup {
        service::SensorSettings settings;
        std::uint32_t table_capacity = 0;  // queries that may wait
        std::string status_socket;         // empty: none
        const sensor::LiveClock* clock = nullptr;
        sensor::LiveLog* log = nullptr;
        upload::UploadProcess* uploader = nullptr;
    };
    // Opens the socket and the port and starts threads. A status that cannot be served is a warning, not an
    // error: capture goes on. Errors: the folders of the spool.
    [[nodiscard]] static Result<std::unique_ptr<SpoolCompany>> start(Setup setup);
    SpoolCompany(const SpoolCompany&) = delete;
    SpoolCompany& operator=(const SpoolCompany&) = delete;
    // Hands on what is closed, and ends the threads; the uploader is its owner's to stop.
    ~SpoolCompany();

    // About once a second, with the sensor's status: report, history, textfile, heartbeat.
    void tick(const sensor::LiveStatus& live, const status::ClockStatus& clock);
    // Takes on what of other settings needs no restart, as far as the spool, uploads and the status go.
    void reload(const service::SensorSettings& settings);
    // In force now.
    [[nodiscard]] const service::SensorSettings& settings() const { return setup_.settings; }
    // One line for a service manager.
    [[nodiscard]] std::string status_line() const { return line_; }

  private:
    explicit SpoolCompany(Setup setup);
    void start_answers();
    [[nodiscard]] status::UploadStatus upload_status();
    [[nodiscard]] status::Moment now() const;

    Setup setup_;
    status::Moment started_;
    status::StatusHistory history_;
    status::StatusBoard board_;
    status::StatusReport last_beat_;
    std::int64_t next_beat_ns_ = 0, next_textfile_ns_ = 0;
    bool textfile_failed_ = false;
    std::string line_;
    std::unique_ptr<service::SpoolWatch> spool_;
    std::optional<status::StatusSocket> socket_;
    std::unique_ptr<status::AnswerServer> answers_;  // ends first
};

}  // namespace sie::tools
