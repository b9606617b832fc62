// Numbers and octets appended to a text: what the text forms print by the million, so without a format
// string.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/octets.h"
#include "base/text_buffer.h"

namespace sie {

// For those who have made room: they write at `out` and give the end. More than counts may be written, not
// more than `longest_decimal`.
constexpr std::size_t longest_decimal = 20;
[[nodiscard]] char* put_decimal(char* out, std::uint64_t value);
[[nodiscard]] char* put_signed(char* out, std::int64_t value);  // and a sign
// Of a number below 10^9, zeros in front: nanoseconds.
[[nodiscard]] char* put_nine_digits(char* out, std::uint32_t value);
// RFC 4648 §4, padded, no line breaks; no more is written than counts.
[[nodiscard]] constexpr std::size_t base64_size(std::size_t octets) { return (octets + 2) / 3 * 4; }
[[nodiscard]] char* put_base64(char* out, Octets octets);
template <std::size_t size>
[[nodiscard, gnu::always_inline]] inline char* put(char* out, const char (&literal)[size]) {
    std::memcpy(out, literal, size - 1);
    return out + size - 1;
}

// A short text that is written again and again: copied as one block of fixed size, of which as much counts as
// it is long. A longer one than there is room for is an error of the program: std::length_error.
template <std::size_t room>
class TextPiece {
  public:
    TextPiece() = default;
    explicit TextPiece(std::string_view text) : size_(static_cast<std::uint8_t>(text.size())) {
        static_assert(room <= 128);
        if (text.size() > room) throw std::length_error("a piece of text is too long");
        std::copy(text.begin(), text.end(), text_.begin());
    }
    [[nodiscard, gnu::always_inline]] char* put(char* out) const {
        std::memcpy(out, text_.data(), room);
        return out + size_;
    }
    [[nodiscard]] bool empty() const { return size_ == 0; }

  private:
    std::array<char, room> text_{};
    std::uint8_t size_ = 0;
};

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
