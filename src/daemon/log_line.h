// One line of a log in the forms in which it leaves: for syslog (RFC 3164) and for the journal's native
// protocol.
//
// Pure. Lines are cut to most_line_octets, control octets become blanks: what a line was made from cannot
// begin another one.
#pragma once

#include <cstdint>
#include <ctime>
#include <span>
#include <string>
#include <string_view>

namespace sie::daemon {

inline constexpr std::size_t most_line_octets = 4000;  // with what stands before it within a page

enum class Urgency : std::uint8_t { info, warning, error };

// More to know of a line: "SIE_INTERFACE", "eth0". The name is of capitals, digits and underscores and begins
// with a capital, as the journal wants it; others are left out.
struct LogField {
    std::string_view name, value;
};

// `level` (RFC 5424, 0 … 7) is that of info; warnings and errors are at least warning (4) and error (3).
[[nodiscard]] int level_of(Urgency urgency, int level);

[[nodiscard]] std::string one_line(std::string_view text);

// "<174>Nov 24 01:56:51 sie: TEXT", in local time.
[[nodiscard]] std::string syslog_line(int facility, int level, std::string_view tag, const std::tm& local,
                                      std::string_view text);

// MESSAGE, PRIORITY, SYSLOG_FACILITY, SYSLOG_IDENTIFIER and the fields, each on its line.
[[nodiscard]] std::string journal_entry(int facility, int level, std::string_view tag, std::string_view text,
                                        std::span<const LogField> fields);

}  // namespace sie::daemon
