// How many octets at the front of a text need no escape: looked at sixteen or eight at a time.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/octets.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace sie {

// What ends a run besides control octets, the quotation mark and the backslash.
enum class HighOctets : std::uint8_t { plain, escaped };  // escaped: from 0x7f on, as in presentation form

[[nodiscard]] constexpr bool is_plain(std::uint8_t c, HighOctets high) {
    return c >= 0x20 && c != '"' && c != '\\' && (high == HighOctets::plain || c < 0x7f);
}

template <HighOctets high>
[[nodiscard]] inline std::size_t plain_run(Octets octets) {
    constexpr std::uint64_t ones = 0x0101010101010101U, highs = 0x8080808080808080U;
    // The high bit of each octet that is zero, or below `least`; a borrow may add only higher ones.
    const auto zeros = [](std::uint64_t v) { return (v - ones) & ~v & highs; };
    const auto below = [](std::uint64_t v, std::uint64_t least) { return (v - ones * least) & ~v & highs; };
    std::size_t i = 0;
#if defined(__SSE2__)
    for (; i + 16 <= octets.size(); i += 16) {
        __m128i v;
        std::memcpy(&v, octets.data() + i, sizeof v);
        const auto is = [&](char c) { return _mm_cmpeq_epi8(v, _mm_set1_epi8(c)); };
        __m128i found = _mm_or_si128(is('"'), is('\\'));
        if constexpr (high == HighOctets::escaped)  // from 0x80 on they are negative
            found = _mm_or_si128(found, _mm_or_si128(is(0x7f), _mm_cmpgt_epi8(_mm_set1_epi8(0x20), v)));
        else
            found = _mm_or_si128(found, _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v));
        if (const int bits = _mm_movemask_epi8(found); bits != 0)
            return i + static_cast<std::size_t>(std::countr_zero(static_cast<unsigned>(bits)));
    }
#endif
    for (; i + 8 <= octets.size(); i += 8) {
        const std::uint64_t v = load_le64(octets.data() + i);
        std::uint64_t found = zeros(v ^ ones * '"') | zeros(v ^ ones * '\\') | below(v, 0x20);
        if constexpr (high == HighOctets::escaped) found |= zeros(v ^ ones * 0x7f) | (v & highs);
        if (found != 0) return i + static_cast<std::size_t>(std::countr_zero(found)) / 8;
    }
    while (i < octets.size() && is_plain(octets[i], high)) ++i;
    return i;
}

}  // namespace sie
