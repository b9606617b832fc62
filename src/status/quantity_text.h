// Octets, durations and moments as people read them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"

namespace sie::status {

[[nodiscard]] std::string counted(std::uint64_t count, std::string_view word);  // "1 file", "2 files"
[[nodiscard]] std::string octets_text(std::uint64_t octets);                    // "812 B", "3.4 MiB"
[[nodiscard]] std::string duration_text(std::int64_t ns);    // "12 s", "5 min 3 s", "3 h 12 min", "4 d 2 h"
[[nodiscard]] std::string moment_text(Time wall);            // "2026-11-23 01:10:00 UTC"
[[nodiscard]] std::string small_time_text(std::int64_t ns);  // "812 us", "1.2 ms", "3.0 s"

}  // namespace sie::status
