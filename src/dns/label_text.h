// How the octets of a label look in text (RFC 1035 §5.1): `.` and `\` behind a backslash, what is not
// printable ASCII as \DDD.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace sie::dns {

// Made once: length and up to four characters.
struct ShownOctet {
    std::array<char, 4> text{};
    std::uint8_t length = 0;
};
constexpr std::array<ShownOctet, 256> shown_octets = [] {
    std::array<ShownOctet, 256> table{};
    for (unsigned octet = 0; octet < 256; ++octet) {
        const char c = static_cast<char>(octet);
        const auto digit = [](unsigned value) { return static_cast<char>('0' + value % 10); };
        if (octet == '.' || octet == '\\') {
            table[octet] = {{'\\', c}, 2};
        } else if (octet > 0x20 && octet < 0x7f) {
            table[octet] = {{c}, 1};
        } else {
            table[octet] = {{'\\', digit(octet / 100), digit(octet / 10), digit(octet)}, 4};
        }
    }
    return table;
}();

// Sixteen octets are copied at once, and four characters for each octet: as many count as there are.
constexpr std::size_t label_block = 16;
[[nodiscard]] constexpr std::size_t label_room(std::size_t size) { return 4 * size + label_block; }

// Writes the `size` octets at `in` and a dot to `out`, which has label_room(size), and gives the end. Octets
// up to `readable` may be read. `plain` becomes false if a backslash or a quotation mark was written.
[[gnu::always_inline]] inline char* put_label(char* out, const std::uint8_t* in, std::size_t size,
                                              const std::uint8_t* readable, bool& plain) {
    const std::uint8_t* const end = in + size;
#if defined(__SSE2__)
    // As long as all of them are shown as they are.
    while (in < end && readable - in >= std::ptrdiff_t{label_block}) {
        const auto count = std::min<std::size_t>(label_block, static_cast<std::size_t>(end - in));
        __m128i octets;
        std::memcpy(&octets, in, label_block);
        const auto is = [&](char c) { return _mm_cmpeq_epi8(octets, _mm_set1_epi8(c)); };
        // Below 0x21, or above 0x7f as they are negative.
        const __m128i other =
            _mm_or_si128(_mm_or_si128(_mm_cmpgt_epi8(_mm_set1_epi8(0x21), octets), is(0x7f)),
                         _mm_or_si128(is('.'), _mm_or_si128(is('\\'), is('"'))));
        if ((static_cast<unsigned>(_mm_movemask_epi8(other)) & ((1U << count) - 1)) != 0) break;
        std::memcpy(out, &octets, label_block);
        in += count;
        out += count;
    }
#endif
    for (; in < end; ++in) {
        const ShownOctet& shown = shown_octets[*in];
        std::memcpy(out, shown.text.data(), shown.text.size());
        out += shown.length;
        plain = plain && shown.length == 1 && *in != '"';
    }
    *out++ = '.';
    return out;
}

}  // namespace sie::dns
