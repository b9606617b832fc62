// What a run did, for people and for programs (REFERENCE §5).
#pragma once

#include <string>

#include "sensor/replay.h"

namespace sie::sensor {

// Several lines: frames, messages, transactions by kind, drops by reason, the three balances, rate, sizes.
[[nodiscard]] std::string summary_text(const ReplayResult& result, double seconds);
// One JSON object on one line; zero counts are left out of the lists.
[[nodiscard]] std::string summary_json(const ReplayResult& result, double seconds);

}  // namespace sie::sensor
