// Made-up reports for the tests: everything set and different, nothing set, everything hostile.
#pragma once

#include <string>

#include "status/status_report.h"

namespace sie::status::test {

// 2023-11-14 22:13:20 UTC; the steady clock of another origin.
constexpr Moment start{Time::of(1'700'000'000, 0), 1'000 * Time::per_second};
[[nodiscard]] inline Moment after(std::int64_t seconds) {
    return {Time{start.wall.ns + seconds * Time::per_second}, start.steady_ns + seconds * Time::per_second};
}

[[nodiscard]] StatusFacts full_facts();      // an hour after the start
[[nodiscard]] StatusHistory full_history();  // of that hour: growing rates, losses in the last minutes
[[nodiscard]] StatusReport full_report();
// A sensor a minute old on one interface, nothing wrong.
[[nodiscard]] StatusReport calm_report();
[[nodiscard]] StatusReport empty_report();  // of a default StatusFacts
// Names and errors with quotation marks, newlines, escape sequences and octets that are not UTF-8.
[[nodiscard]] StatusReport hostile_report();

}  // namespace sie::status::test
