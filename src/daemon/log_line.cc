#include "daemon/log_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sie::daemon {

namespace {

bool is_field_name(std::string_view name) {
    const auto capital = [](char c) { return c >= 'A' && c <= 'Z'; };
    return !name.empty() && name.size() <= 64 && capital(name.front()) &&
           std::all_of(name.begin(), name.end(),
                       [&](char c) { return capital(c) || (c >= '0' && c <= '9') || c == '_'; });
}

}  // namespace

int level_of(Urgency urgency, int level) {
    switch (urgency) {
        case Urgency::info: return level;
        case Urgency::warning: return std::min(level, 4);
        case Urgency::error: return std::min(level, 3);
    }
    return level;
}

std::string one_line(std::string_view text) {
    std::string line(text.substr(0, most_line_octets));
    // Not in the midst of a character of UTF-8.
    if (text.size() > line.size()) {
        while (!line.empty() && (static_cast<unsigned char>(text[line.size()]) & 0xc0) == 0x80)
            line.pop_back();
    }
    for (char& c : line)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    return line;
}

std::string syslog_line(int facility, int level, std::string_view tag, const std::tm& local,
                        std::string_view text) {
    static constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    return fmt::format("<{}>{} {:2} {:02}:{:02}:{:02} {}: {}", facility * 8 + level,
                       months[static_cast<std::size_t>(local.tm_mon) % months.size()], local.tm_mday,
                       local.tm_hour, local.tm_min, local.tm_sec, tag, one_line(text));
}

std::string journal_entry(int facility, int level, std::string_view tag, std::string_view text,
                          std::span<const LogField> fields) {
    std::string entry = fmt::format("MESSAGE={}\nPRIORITY={}\nSYSLOG_FACILITY={}\nSYSLOG_IDENTIFIER={}\n",
                                    one_line(text), level, facility, tag);
    for (const LogField& field : fields)
        if (is_field_name(field.name)) entry += fmt::format("{}={}\n", field.name, one_line(field.value));
    return entry;
}

}  // namespace sie::daemon
