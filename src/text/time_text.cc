#include "text/time_text.h"

#include <algorithm>
#include <chrono>

#include "base/number.h"
#include "base/text_append.h"

namespace sie::text {

std::optional<std::pair<std::int64_t, std::uint32_t>> time_from_text(std::string_view text) {
    if (text.size() < 19 || text[4] != '-' || text[7] != '-' || text[10] != ' ' || text[13] != ':' ||
        text[16] != ':')
        return std::nullopt;
    const auto part = [&](std::size_t at, std::size_t size) {
        return whole_number<unsigned>(text.substr(at, size));
    };
    const auto year = part(0, 4), month = part(5, 2), day = part(8, 2), hour = part(11, 2),
               minute = part(14, 2), second = part(17, 2);
    if (!year || !month || !day || !hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 60)
        return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                           std::chrono::month(*month), std::chrono::day(*day)};
    if (!date.ok()) return std::nullopt;
    const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
    std::uint32_t nanoseconds = 0;
    if (std::string_view fraction = text.substr(19); !fraction.empty()) {
        if (fraction.front() != '.' || fraction.size() < 2 || fraction.size() > 10) return std::nullopt;
        const auto digits = whole_number<std::uint32_t>(fraction.substr(1));
        if (!digits) return std::nullopt;
        nanoseconds = *digits;
        for (std::size_t i = fraction.size(); i < 10; ++i) nanoseconds *= 10;
    }
    return std::pair{days * 86'400 + *hour * 3600 + *minute * 60 + *second, nanoseconds};
}

void append_date(TextBuffer& text, std::int64_t seconds_since_1970) {
    using namespace std::chrono;
    constexpr std::int64_t least = -62'135'596'800, most = 253'402'300'799;  // years 1 to 9999
    const sys_seconds moment{seconds{std::clamp(seconds_since_1970, least, most)}};
    const sys_days day = floor<days>(moment);
    const year_month_day date{day};
    const auto second = (moment - day).count();
    append_padded(text, static_cast<std::uint64_t>(static_cast<int>(date.year())), 4);
    text += '-';
    append_padded(text, static_cast<unsigned>(date.month()), 2);
    text += '-';
    append_padded(text, static_cast<unsigned>(date.day()), 2);
    text += ' ';
    append_padded(text, static_cast<std::uint64_t>(second / 3600), 2);
    text += ':';
    append_padded(text, static_cast<std::uint64_t>(second / 60 % 60), 2);
    text += ':';
    append_padded(text, static_cast<std::uint64_t>(second % 60), 2);
}

}  // namespace sie::text
