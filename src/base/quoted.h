// Text from outside as messages show it: in quotation marks, without control characters, bounded.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sie {

// Whatever is not printable ASCII becomes \xNN, so that no message can steer a terminal or fake a second line
// of a log. A text of more than `most` octets is cut, with "..." behind.
[[nodiscard]] std::string quoted(std::string_view text, std::size_t most = 80);

}  // namespace sie
