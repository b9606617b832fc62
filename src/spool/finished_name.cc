#include "spool/finished_name.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/number.h"

namespace sie::spool {
namespace {

constexpr std::size_t most_octets = 255;
constexpr std::string_view endings[] = {".nmsg", ".nmsg.zst"};

[[nodiscard]] bool may_be_in_prefix(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

// The number behind the last full stop of `text`, which is taken off with it. digits: how many it has; 0: 1
// to 19.
[[nodiscard]] std::optional<std::uint64_t> take_last(std::string_view& text, std::size_t digits) {
    const std::size_t stop = text.rfind('.');
    if (stop == std::string_view::npos) return {};
    const std::string_view last = text.substr(stop + 1);
    if (digits == 0 ? last.size() > 19 : last.size() != digits) return {};
    text = text.substr(0, stop);
    return whole_number<std::uint64_t>(last);
}

}  // namespace

std::optional<Time> moment_of(std::string_view name) {
    if (name.size() > most_octets) return {};
    const auto* const ending =
        std::ranges::find_if(endings, [&](std::string_view end) { return name.ends_with(end); });
    if (ending == std::end(endings)) return {};
    name.remove_suffix(ending->size());

    const auto nanoseconds = take_last(name, 9);
    const auto epoch = nanoseconds ? take_last(name, 0) : std::nullopt;
    const auto clock = epoch ? take_last(name, 4) : std::nullopt;
    const auto date = clock ? take_last(name, 8) : std::nullopt;
    if (!date || *clock / 100 > 23 || *clock % 100 > 59) return {};
    if (name.empty() || name.front() == '.' || name.front() == '-' ||
        !std::ranges::all_of(name, may_be_in_prefix))
        return {};

    using namespace std::chrono;
    const year_month_day day{year(static_cast<int>(*date / 10'000)),
                             month(static_cast<unsigned>(*date / 100 % 100)),
                             std::chrono::day(static_cast<unsigned>(*date % 100))};
    // What Time can hold: the years 1678 … 2261.
    if (!day.ok() || day.year() < year(1678) || day.year() > year(2261)) return {};
    const sys_seconds minute = sys_days(day) + hours(*clock / 100) + minutes(*clock % 100);
    return Time::of(minute.time_since_epoch().count() + static_cast<std::int64_t>(*epoch % 60),
                    static_cast<std::uint32_t>(*nanoseconds));
}

}  // namespace sie::spool
