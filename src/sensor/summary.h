// What a run did, for people and for programs (REFERENCE §5).
#pragma once

#include <string>

#include "sensor/live_sensor.h"
#include "sensor/run_result.h"

namespace sie::sensor {

// Several lines: frames, messages, transactions by kind, drops by reason, the three balances, rate, sizes.
[[nodiscard]] std::string summary_text(const RunResult& result, double seconds);
// One JSON object on one line; zero counts are left out of the lists.
[[nodiscard]] std::string summary_json(const RunResult& result, double seconds);

// One line of a live run while it lasts: rates since `before`, `seconds` ago, sums since the start, what
// waits, and what was lost.
[[nodiscard]] std::string status_line(const LiveStatus& now, const LiveStatus& before, double seconds);
// The whole ledger on one line, for the log: counts that are not zero, and the three balances.
[[nodiscard]] std::string ledger_line(const Ledger& ledger);

}  // namespace sie::sensor
