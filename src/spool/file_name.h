// Names of output files (REFERENCE §5): PREFIX.YYYYMMDD.HHMM.EPOCH.NNNNNNNNN, UTC; the part file of it is
// .PREFIX.STAMP.part in the same folder. Pure text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace sie::spool {

[[nodiscard]] std::string file_stamp(Time opened);  // "YYYYMMDD.HHMM.EPOCH.NNNNNNNNN"

// `name` without a folder: "PREFIX.STAMP".
[[nodiscard]] std::string part_name(std::string_view name);

// The "PREFIX.STAMP" of a part file's name, if it is one that part_name() gives: a prefix of letters, digits,
// '.', '_' and '-', and a stamp whose date, minute and epoch tell the same moment.
[[nodiscard]] std::optional<std::string> name_of_part(std::string_view part);

[[nodiscard]] std::string in_folder(const std::string& folder, const std::string& name);

}  // namespace sie::spool
