// Says whether a line that comes again and again is told: the first few of a key at once, then one a minute
// with the number of those that were held back.
//
// Pure: time comes in (any clock that does not go back). Keys are bounded: the one that was silent longest
// leaves for a new one, and what it held back is counted. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/log_line.h"

namespace sie::daemon {

using Moment = std::chrono::steady_clock::time_point;

class RepeatLimit {
  public:
    static constexpr unsigned at_once = 5;
    static constexpr std::chrono::seconds pause{60};
    static constexpr std::chrono::seconds forgotten{600};  // so long silent: as if new
    static constexpr std::size_t most_keys = 64;

    // The line to tell, " (and N more)" behind it if N of its key were held back; nothing: held back. An
    // empty key is told always.
    [[nodiscard]] std::optional<std::string> admit(Urgency urgency, std::string_view key,
                                                   std::string_view line, Moment now);

    struct Held {
        Urgency urgency;
        std::string key, line;  // the last line that was held back, with the number of others
    };
    // What was held back and may be told now, because its minute is over: so that the last of a series is not
    // lost when nothing follows.
    [[nodiscard]] std::vector<Held> due(Moment now);
    // All that is held back, at the end.
    [[nodiscard]] std::vector<Held> rest();

    // Lines never told nor counted in another, because their key had to leave.
    [[nodiscard]] std::uint64_t forgotten_lines() const { return forgotten_lines_; }

  private:
    struct Key {
        std::string name, held_line;
        Urgency urgency = Urgency::info;
        unsigned told = 0;
        std::uint64_t held = 0;
        Moment last_told, last_seen;
    };
    [[nodiscard]] Key& find(std::string_view name, Moment now);
    [[nodiscard]] static Held take(Key& key, Moment now);

    std::vector<Key> keys_;
    std::uint64_t forgotten_lines_ = 0;
};

}  // namespace sie::daemon
