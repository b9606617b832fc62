#include "base/text_append.h"

#include <charconv>

namespace sie {

namespace {

constexpr std::size_t longest_number = 20;
constexpr char lower_digits[] = "0123456789abcdef", upper_digits[] = "0123456789ABCDEF";
constexpr char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

void append_decimal(std::string& text, std::uint64_t value) {
    char digits[longest_number];
    text.append(digits, std::to_chars(digits, digits + longest_number, value).ptr);
}

void append_signed(std::string& text, std::int64_t value) {
    char digits[longest_number];
    text.append(digits, std::to_chars(digits, digits + longest_number, value).ptr);
}

void append_padded(std::string& text, std::uint64_t value, unsigned width) {
    char digits[longest_number];
    const auto size =
        static_cast<std::size_t>(std::to_chars(digits, digits + longest_number, value).ptr - digits);
    if (size < width) text.append(width - size, '0');
    text.append(digits, size);
}

void append_hex(std::string& text, Octets octets, bool upper_case) {
    const char* digits = upper_case ? upper_digits : lower_digits;
    const std::size_t at = text.size();
    text.resize(at + 2 * octets.size());
    char* out = text.data() + at;
    for (const std::uint8_t octet : octets) {
        *out++ = digits[octet >> 4];
        *out++ = digits[octet & 15];
    }
}

void append_base64(std::string& text, Octets octets) {
    const std::size_t at = text.size();
    text.resize(at + (octets.size() + 2) / 3 * 4);
    char* out = text.data() + at;
    const auto digit = [](std::uint32_t group, int shift) { return base64_digits[group >> shift & 63]; };
    std::size_t i = 0;
    for (; i + 3 <= octets.size(); i += 3) {
        const std::uint32_t group =
            std::uint32_t{octets[i]} << 16 | std::uint32_t{octets[i + 1]} << 8 | octets[i + 2];
        *out++ = digit(group, 18);
        *out++ = digit(group, 12);
        *out++ = digit(group, 6);
        *out++ = digit(group, 0);
    }
    if (const std::size_t rest = octets.size() - i; rest > 0) {
        const std::uint32_t group =
            std::uint32_t{octets[i]} << 16 | (rest == 2 ? std::uint32_t{octets[i + 1]} << 8 : 0);
        *out++ = digit(group, 18);
        *out++ = digit(group, 12);
        *out++ = rest == 2 ? digit(group, 6) : '=';
        *out++ = '=';
    }
}

// RFC 4648 §7, upper case, without padding (RFC 5155 §3.3).
void append_base32hex(std::string& text, Octets octets) {
    constexpr char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
    std::uint32_t held = 0;
    unsigned bits = 0;
    for (const std::uint8_t octet : octets) {
        held = held << 8 | octet;
        for (bits += 8; bits >= 5; bits -= 5) text += digits[held >> (bits - 5) & 31];
    }
    if (bits > 0) text += digits[held << (5 - bits) & 31];
}

}  // namespace sie
