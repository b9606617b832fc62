// The clock of the wall, for what is live: stamps of files, records without a time.
#pragma once

#include <chrono>

#include "base/time.h"

namespace sie::stream {

[[nodiscard]] inline Time clock_now() {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return Time{std::chrono::duration_cast<std::chrono::nanoseconds>(since).count()};
}

}  // namespace sie::stream
