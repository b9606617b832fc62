// `sie-dns-sensor run` with interfaces: what the command line says beside the settings, and the call.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "service/settings.h"

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
};

// Captures until SIGINT or SIGTERM. The exit status; errors are said on standard error.
[[nodiscard]] int run_live(const service::SensorSettings& settings, const LiveCommand& command);

}  // namespace sie::tools
