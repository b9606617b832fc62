// Text from outside, so that it can be shown: printable ASCII, bounded.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sie::status {

constexpr std::size_t longest_shown = 300;

// What is not printable ASCII becomes \xNN; a text of more than `most` octets is cut, with "..." behind.
[[nodiscard]] std::string printable(std::string_view text, std::size_t most = longest_shown);
// The same in quotation marks, with a backslash before quotation marks and backslashes: a string of JSON (RFC
// 8259 §7) and the value of a label in the text format of Prometheus, which agree on those two.
[[nodiscard]] std::string in_quotes(std::string_view text, std::size_t most = longest_shown);

}  // namespace sie::status
