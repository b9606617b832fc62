// A status for people: lines of printable ASCII (and the blocks of a sparkline, if wanted), no control octet
// but the newline. With the usual few warnings it fits a screen of 80 by 24. Lists that would be longer than
// two lines end with how many more there are.
#pragma once

#include <cstddef>
#include <string>

#include "status/sparkline.h"
#include "status/status_report.h"

namespace sie::status {

struct TextForm {
    std::size_t columns = 80;  // least_columns … most_columns
    Letters letters = Letters::ascii;
};
constexpr std::size_t least_columns = 40, most_columns = 400;

[[nodiscard]] std::string status_text(const StatusReport& report, const TextForm& form);

}  // namespace sie::status
