// A moment as the packet carries it: whole nanoseconds since 1970-01-01 00:00 UTC, leap seconds left out.
//
// Signed, so that capture files with negative offsets keep their order; the range (years 1677 … 2262) is a
// bound: readers clamp what lies beyond. No layer below the sensor reads a clock, so time always comes in
// with the packet.
#pragma once

#include <compare>
#include <cstdint>

namespace sie {

struct Time {
    std::int64_t ns = 0;

    // The whole second, rounded down, and the nanoseconds above it (0 … 999,999,999).
    [[nodiscard]] constexpr std::int64_t seconds() const {
        return ns / per_second - (ns % per_second < 0 ? 1 : 0);
    }
    [[nodiscard]] constexpr std::uint32_t nanoseconds() const {
        const std::int64_t rest = ns % per_second;
        return static_cast<std::uint32_t>(rest < 0 ? rest + per_second : rest);
    }
    [[nodiscard]] static constexpr Time of(std::int64_t seconds, std::uint32_t nanoseconds) {
        return {seconds * per_second + nanoseconds};
    }
    friend constexpr auto operator<=>(Time, Time) = default;

    static constexpr std::int64_t per_second = 1'000'000'000;
};

}  // namespace sie
