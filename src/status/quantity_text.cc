#include "status/quantity_text.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <array>
#include <ctime>
#include <string_view>

namespace sie::status {

std::string counted(std::uint64_t count, std::string_view word) {
    return fmt::format("{} {}{}", count, word, count == 1 ? "" : "s");
}

std::string octets_text(std::uint64_t octets) {
    if (octets < 1024) return fmt::format("{} B", octets);
    constexpr std::array<std::string_view, 6> units{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = static_cast<double>(octets) / 1024;
    std::size_t unit = 0;
    // What would be printed as 1024.0 is one of the next unit.
    for (; value >= 1023.95 && unit + 1 < units.size(); ++unit) value /= 1024;
    return fmt::format("{:.1f} {}", value, units[unit]);
}

std::string duration_text(std::int64_t ns) {
    const std::int64_t s = ns / Time::per_second;
    if (s < 60) return fmt::format("{} s", s);
    if (s < 3600) return fmt::format("{} min {} s", s / 60, s % 60);
    if (s < 86400) return fmt::format("{} h {} min", s / 3600, s % 3600 / 60);
    return fmt::format("{} d {} h", s / 86400, s % 86400 / 3600);
}

std::string moment_text(Time wall) {
    const std::time_t seconds = wall.seconds();
    return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(seconds));
}

std::string small_time_text(std::int64_t ns) {
    if (ns < 1'000'000) return fmt::format("{} us", ns / 1000);
    if (ns < Time::per_second) return fmt::format("{:.1f} ms", static_cast<double>(ns) / 1e6);
    return fmt::format("{:.1f} s", static_cast<double>(ns) / 1e9);
}

}  // namespace sie::status
