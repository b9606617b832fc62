// Numbers and octets appended to a text: what the text forms print by the million, so without a format
// string.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "base/octets.h"
#include "base/text_buffer.h"

namespace sie {

// For those who have made room: they write at `out` and give the end. More than counts may be written, not
// more than `longest_decimal`.
constexpr std::size_t longest_decimal = 20;
[[nodiscard]] char* put_decimal(char* out, std::uint64_t value);
template <std::size_t size>
[[nodiscard, gnu::always_inline]] inline char* put(char* out, const char (&literal)[size]) {
    std::memcpy(out, literal, size - 1);
    return out + size - 1;
}

void append_decimal(TextBuffer& text, std::uint64_t value);
void append_signed(TextBuffer& text, std::int64_t value);
// At least `width` digits, zeros in front.
void append_padded(TextBuffer& text, std::uint64_t value, unsigned width);
void append_hex(TextBuffer& text, Octets octets, bool upper_case);
// RFC 4648 §4, padded, no line breaks.
void append_base64(TextBuffer& text, Octets octets);
// RFC 4648 §7, upper case, without padding (RFC 5155 §3.3).
void append_base32hex(TextBuffer& text, Octets octets);

}  // namespace sie
