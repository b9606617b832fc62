// Is a text JSON? By simdjson, whatever its depth up to 1,024.
#pragma once

#include <string_view>

namespace sie::text {

// One JSON value in valid UTF-8, with nothing behind it, on one line.
[[nodiscard]] bool is_json(std::string_view text);

}  // namespace sie::text
