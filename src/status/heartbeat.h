// One line for the log every few minutes: that the sensor lives, and what it did since the line before.
#pragma once

#include <string>

#include "status/status_report.h"

namespace sie::status {

constexpr std::int64_t heartbeat_every_ns = 300 * Time::per_second;

// What changed from `before` to `report` (rates, transactions by kind, losses by reason; zero counts left
// out), and how things stand: table, spool, upload, clock, words of the warnings. No newline, no address.
// `before` may be a default StatusReport at the first call: then everything counts since the start.
[[nodiscard]] std::string heartbeat_line(const StatusReport& report, const StatusReport& before);

}  // namespace sie::status
