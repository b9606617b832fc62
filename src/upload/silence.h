// How long nothing has arrived at the collector, and when to say so: a warning once that is longer than a
// limit, again each time it has doubled, and a line when it is over. Times come in; no clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "upload/settings.h"

namespace sie::upload {

class Silence {
  public:
    using Moment = std::chrono::steady_clock::time_point;
    Silence(std::uint32_t warn_minutes, Moment start) : limit_(warn_minutes), last_(start), next_(limit_) {}

    struct Line {
        Severity severity;
        std::string text;
    };
    // A file arrived.
    [[nodiscard]] std::optional<Line> on_success(Moment now);
    // What is to be said now, if anything; `why`: the last error, may be empty.
    [[nodiscard]] std::optional<Line> at(Moment now, bool anything_waits, const std::string& why);
    // 0 while all is well.
    [[nodiscard]] std::uint32_t minutes(Moment now) const;

  private:
    [[nodiscard]] std::chrono::minutes age(Moment now) const {
        return std::chrono::floor<std::chrono::minutes>(now - last_);
    }
    std::chrono::minutes limit_;
    Moment last_;
    std::chrono::minutes next_;  // the age at which it is said next
    bool has_succeeded_ = false;
};

}  // namespace sie::upload
