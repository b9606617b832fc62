// The clocks of a live run, so that tests can bring their own.
#pragma once

#include <chrono>

#include "base/time.h"

namespace sie::sensor {

class LiveClock {
  public:
    virtual ~LiveClock() = default;
    // Of the wall: what frames are stamped with, what file names tell; it may step.
    [[nodiscard]] virtual Time wall() const {
        return Time{std::chrono::duration_cast<std::chrono::nanoseconds>(
                        std::chrono::system_clock::now().time_since_epoch())
                        .count()};
    }
    // Never steps: for how long something has lasted.
    [[nodiscard]] virtual std::int64_t steady_ns() const {
        return std::chrono::duration_cast<std::chrono::nanoseconds>(
                   std::chrono::steady_clock::now().time_since_epoch())
            .count();
    }
};

}  // namespace sie::sensor
