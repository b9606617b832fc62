// Which moment the name of a finished file tells: PREFIX.YYYYMMDD.HHMM.EPOCH.NNNNNNNNN.nmsg or .nmsg.zst.
// Pure text.
//
// The old package wrote such names too, with an EPOCH that was off by the zone's offset where TZ was not UTC;
// date and minute were right, and so is what EPOCH says of the seconds in the minute, since zones differ by
// whole minutes. So the moment is made of date, minute, EPOCH mod 60 and NNNNNNNNN, and files of old and new
// sensors, whatever their prefix, can be put in order by it.
#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"

namespace sie::spool {

// Nothing if it is no such name: PREFIX is one or more letters, digits, '.', '_' and '-', and begins with
// neither
// '.' nor '-'; the date exists; the whole is at most 255 octets, as file systems allow.
[[nodiscard]] std::optional<Time> moment_of(std::string_view name);

}  // namespace sie::spool
