// Octets from their text: hexadecimal, base64, base32hex (RFC 4648). False: a digit is none, or too few.
#pragma once

#include <string>
#include <string_view>

namespace sie {

[[nodiscard]] bool append_decoded_hex(std::string& octets, std::string_view text);
// Padding may be missing; nothing may follow it.
[[nodiscard]] bool append_decoded_base64(std::string& octets, std::string_view text);
[[nodiscard]] bool append_decoded_base32hex(std::string& octets,
                                            std::string_view text);  // any case, no padding

}  // namespace sie
