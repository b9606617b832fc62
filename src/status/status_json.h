// A status for programs: one JSON object on one line, with a newline behind. Its names are stable and stand
// in docs/status.md, which a test holds against them; what is not known is null, no count is left out.
#pragma once

#include <string>

#include "status/status_report.h"

namespace sie::status {

[[nodiscard]] std::string status_json(const StatusReport& report);

}  // namespace sie::status
