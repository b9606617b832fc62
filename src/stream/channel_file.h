// Channels by name (FACTS N70): lines of a name, blanks, and ADDRESS/PORT or ADDRESS/LOW..HIGH, separated by
// blanks.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "stream/endpoint.h"

namespace sie::stream {

// What the lines with this name (exactly) say in the first of `paths` that exists. Errors: usage, if no file
// or no such name is there or a value is no endpoint.
[[nodiscard]] Result<std::vector<Endpoint>> read_channel(const std::string& name,
                                                         const std::vector<std::string>& paths);

}  // namespace sie::stream
