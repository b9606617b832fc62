// The digits behind the point of a double, exactly, without a general printer of numbers.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>

#include "base/wide.h"

namespace sie::text {

// A fraction from 0 to below 1 in units of 10^-digits, rounded to even as printf(3) does, exactly: it is m ·
// 2^-e with m < 2^53, so m · 5^digits has less than 96 bits (digits up to 18) and is shifted by e − digits.
// Nothing where it rounds up to 1 or has too many bits.
template <unsigned digits>
[[nodiscard]] inline std::optional<std::uint64_t> fraction_digits(double fraction) {
    static_assert(digits <= 18);
    constexpr auto power = [](std::uint64_t base) {
        std::uint64_t value = 1;
        for (unsigned i = 0; i < digits; ++i) value *= base;
        return value;
    };
    if (fraction == 0) return 0;
    constexpr int mantissa_bits = 52, bias = 1023;
    const auto bits = std::bit_cast<std::uint64_t>(fraction);
    const std::uint64_t mantissa = (bits & ((std::uint64_t{1} << mantissa_bits) - 1)) | std::uint64_t{1}
                                                                                            << mantissa_bits;
    const int exponent =
        bias + mantissa_bits - static_cast<int>(bits >> mantissa_bits) - static_cast<int>(digits);
    if (exponent < 1 || exponent > 100) return std::nullopt;
    const auto shift = static_cast<unsigned>(exponent);
    const Wide product = Wide{mantissa} * power(5);
    const Wide quotient = product >> shift, rest = product & ((Wide{1} << shift) - 1U),
               half = Wide{1} << (shift - 1);
    const std::uint64_t rounded = static_cast<std::uint64_t>(quotient) +
                                  (rest > half || (rest == half && (quotient & 1U) != 0U) ? 1 : 0);
    return rounded < power(10) ? std::optional(rounded) : std::nullopt;
}

}  // namespace sie::text
