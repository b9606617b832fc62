// `sie-dns-sensor run` with interfaces: what the command line says beside the settings, and the call.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "sensor/live_log.h"
#include "service/settings.h"
#include "tools/sie-dns-sensor_service.h"

namespace sie::tools {

struct LiveCommand {
    std::string output_dir;  // empty: SPOOLDIR/new/CHANNEL
    std::string write_to;    // not empty: all containers in a row into this path
    bool discard = false;    // build containers and throw them away
    bool quiet = false;      // no summary, no status line
    bool json_summary = false;
    std::uint64_t show = 0;  // a line on standard output for each of the first transactions
    // A line of counts so often; 0: never; nothing: every two seconds on a terminal.
    std::optional<std::int64_t> status_interval_s;
    bool by_libpcap = false;
    // Into the spool: where the status is asked for (empty: nowhere), and the settings as they are now, for a
    // reload; nothing if they are wrong, which is told in the log, if there is one.
    std::string status_socket;
    ServiceCommand service;
    std::function<std::optional<service::SensorSettings>(sensor::LiveLog* log)> reread;
};

// Captures until SIGINT or SIGTERM. Without an output of its own it writes into the spool, hands files on,
// uploads them and tells its status; SIGHUP then takes on new settings. The exit status; errors are said on
// standard error.
[[nodiscard]] int run_live(const service::SensorSettings& settings, const LiveCommand& command);

}  // namespace sie::tools
