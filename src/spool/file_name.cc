#include "spool/file_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <limits>

namespace sie::spool {
namespace {

constexpr std::string_view part_ending = ".part";

[[nodiscard]] bool may_be_in_prefix(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

template <class Number>
[[nodiscard]] std::optional<Number> number_of(std::string_view digits) {
    Number number{};
    const char* end = digits.data() + digits.size();
    const auto [stopped, error] = std::from_chars(digits.data(), end, number);
    if (error != std::errc{} || stopped != end) return {};
    return number;
}

// Takes what stands behind the last full stop off `text`; empty if there is none.
[[nodiscard]] std::string_view take_last(std::string_view& text) {
    const std::size_t stop = text.rfind('.');
    if (stop == std::string_view::npos) return {};
    const std::string_view last = text.substr(stop + 1);
    text.remove_suffix(last.size() + 1);
    return last;
}

}  // namespace

std::string file_stamp(Time opened) {
    using namespace std::chrono;
    const sys_seconds moment{seconds{opened.seconds()}};
    const sys_days day = floor<days>(moment);
    const year_month_day date{day};
    const auto minute = floor<minutes>(moment - day).count();
    return fmt::format("{:04}{:02}{:02}.{:02}{:02}.{}.{:09}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), minute / 60,
                       minute % 60, opened.seconds(), opened.nanoseconds());
}

std::string part_name(std::string_view name) { return fmt::format(".{}{}", name, part_ending); }

std::optional<std::string> name_of_part(std::string_view part) {
    if (part.size() <= 1 + part_ending.size() || part.front() != '.' || !part.ends_with(part_ending))
        return {};
    part.remove_prefix(1);
    part.remove_suffix(part_ending.size());
    std::string_view prefix = part;
    const auto nanoseconds = number_of<std::uint32_t>(take_last(prefix));
    const auto seconds = number_of<std::int64_t>(take_last(prefix));
    static_cast<void>(take_last(prefix));  // HHMM and YYYYMMDD: told by the comparison below
    static_cast<void>(take_last(prefix));
    constexpr std::int64_t most_s = std::numeric_limits<std::int64_t>::max() / Time::per_second - 1;
    if (!nanoseconds || *nanoseconds >= Time::per_second) return {};
    if (!seconds || *seconds > most_s || *seconds < -most_s) return {};
    if (prefix.empty() || !std::all_of(prefix.begin(), prefix.end(), may_be_in_prefix)) return {};
    if (part.substr(std::min(prefix.size() + 1, part.size())) != file_stamp(Time::of(*seconds, *nanoseconds)))
        return {};
    return std::string(part);
}

std::string in_folder(const std::string& folder, const std::string& name) {
    if (folder.empty()) return name;
    return folder.back() == '/' ? folder + name : folder + '/' + name;
}

}  // namespace sie::spool
