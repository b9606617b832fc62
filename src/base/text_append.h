// Numbers and octets appended to a text: what the text forms print by the million, so without a format
// string.
#pragma once

#include <cstdint>
#include <string>

#include "base/octets.h"

namespace sie {

void append_decimal(std::string& text, std::uint64_t value);
void append_signed(std::string& text, std::int64_t value);
// At least `width` digits, zeros in front.
void append_padded(std::string& text, std::uint64_t value, unsigned width);
void append_hex(std::string& text, Octets octets, bool upper_case);
// RFC 4648 §4, padded, no line breaks.
void append_base64(std::string& text, Octets octets);
// RFC 4648 §7, upper case, without padding (RFC 5155 §3.3).
void append_base32hex(std::string& text, Octets octets);

}  // namespace sie
