#include "base/encoded_octets.h"

#include <array>
#include <cstdint>

namespace sie {

namespace {

constexpr std::int8_t no_digit = -1;
using Digits = std::array<std::int8_t, 256>;

constexpr Digits digits_of(std::string_view alphabet, bool any_case) {
    Digits digits{};
    digits.fill(no_digit);
    for (std::size_t i = 0; i < alphabet.size(); ++i) {
        const char c = alphabet[i];
        digits[static_cast<std::uint8_t>(c)] = static_cast<std::int8_t>(i);
        if (any_case && c >= 'A' && c <= 'Z')
            digits[static_cast<std::uint8_t>(c + 32)] = static_cast<std::int8_t>(i);
    }
    return digits;
}

constexpr Digits hex = digits_of("0123456789ABCDEF", true);
constexpr Digits base64 =
    digits_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", false);
constexpr Digits base32hex = digits_of("0123456789ABCDEFGHIJKLMNOPQRSTUV", true);

// Digits of `bits` each; what is left over must be less than a digit, and zero.
bool append_decoded(std::string& octets, std::string_view text, const Digits& digits, unsigned bits) {
    std::uint32_t held = 0;
    unsigned held_bits = 0;
    for (const char c : text) {
        const std::int8_t digit = digits[static_cast<std::uint8_t>(c)];
        if (digit == no_digit) return false;
        held = held << bits | static_cast<std::uint8_t>(digit);
        held_bits += bits;
        if (held_bits < 8) continue;
        held_bits -= 8;
        octets += static_cast<char>(held >> held_bits);
        held &= (1U << held_bits) - 1;
    }
    return held_bits < bits && held == 0;
}

}  // namespace

bool append_decoded_hex(std::string& octets, std::string_view text) {
    return append_decoded(octets, text, hex, 4);
}

bool append_decoded_base64(std::string& octets, std::string_view text) {
    if (text.ends_with('=')) {
        if (text.size() % 4 != 0) return false;
        text.remove_suffix(text.ends_with("==") ? 2 : 1);
    }
    return append_decoded(octets, text, base64, 6);
}

bool append_decoded_base32hex(std::string& octets, std::string_view text) {
    return append_decoded(octets, text, base32hex, 5);
}

}  // namespace sie
