// The sentences of a status that say what is wrong now, and what to do about it.
//
// A warning holds as long as its condition does; losses hold for five minutes after the last of them. Each
// has a stable word (docs/metrics.md), which JSON and the metric sie_dns_sensor_warning carry too.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "status/status_history.h"
#include "status/status_report.h"

namespace sie::status {

// Of all warnings there are, in the order in which warnings_of() gives them.
[[nodiscard]] std::span<const std::string_view> warning_words();

// Of a report that is complete but for them. From `history`: what changed in the last five and ten minutes.
[[nodiscard]] std::vector<Warning> warnings_of(const StatusReport& report, const StatusHistory& history);

// Fewer transactions than this in five minutes are no ground for the suspicion of a forwarder.
constexpr std::uint64_t least_for_forwarder = 100;
// More files than this may wait, and as many more than ten minutes ago, before the backlog counts as growing.
constexpr std::uint64_t harmless_backlog_files = 10;

}  // namespace sie::status
