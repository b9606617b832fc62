// Numbers and switches as settings and options give them: decimal or 0x…, nothing else.
//
// Blanks and tabs around the value are allowed. Octal (a leading zero), signs and anything behind the digits
// are refused with a reason: the old tool took 010 for eight and "2s" for unset, and nobody noticed. The
// errors are of kind usage; `what` is left empty for the caller, who knows the name of the setting.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace sie {

// `text` without the blanks and tabs at both ends.
[[nodiscard]] std::string_view trimmed(std::string_view text);

// least … most, both included. Errors: empty, not a number, octal, out of range.
[[nodiscard]] Result<std::uint64_t> parse_number(std::string_view text, std::uint64_t least,
                                                 std::uint64_t most);

// 0, 1, no, yes, false, true, off, on; any case. Errors: empty, another word.
[[nodiscard]] Result<bool> parse_switch(std::string_view text);

// Digits of that base and nothing else; nothing if there are others, none, or too many for T.
template <class T>
[[nodiscard]] std::optional<T> whole_number(std::string_view digits, int base = 10) {
    T value{};
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    if (digits.empty() || error != std::errc{} || stop != digits.data() + digits.size()) return std::nullopt;
    return value;
}

}  // namespace sie
