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

#if defined(__SSE2__)

// A bit for each of sixteen octets that is not shown as it is, or is a quotation mark.
[[gnu::always_inline]] inline std::uint32_t other_than_plain(__m128i octets) {
    const auto is = [&](char c) { return _mm_cmpeq_epi8(octets, _mm_set1_epi8(c)); };
    // Below 0x21, or above 0x7f as they are negative.
    const __m128i other = _mm_or_si128(_mm_or_si128(_mm_cmpgt_epi8(_mm_set1_epi8(0x21), octets), is(0x7f)),
                                       _mm_or_si128(is('.'), _mm_or_si128(is('\\'), is('"'))));
    return static_cast<std::uint32_t>(_mm_movemask_epi8(other));
}

#endif

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
        if ((other_than_plain(octets) & ((1U << count) - 1)) != 0) break;
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

// The labels at `in`, where a length from 1 to 63 stands, as far as the length or pointer that is none: if
// all of them are shown as they are and no quotation mark is among them, and there is room in 32 octets. As
// text they are the same octets, moved by one, with a dot for every length. Gives how many octets they have,
// which is how many characters count at `out`, or 0: then it is to be done label by label. The caller judges
// where the labels end; octets up to `readable` may be read, of which there is one.
[[gnu::always_inline]] inline std::size_t put_plain_labels(char* out, const std::uint8_t* in,
                                                           const std::uint8_t* readable) {
#if defined(__SSE2__)
    constexpr std::size_t block = 32;
    std::array<std::uint8_t, block> copy;
    if (readable - in < std::ptrdiff_t{block}) {
        copy.fill(0);
        std::memcpy(copy.data(), in, static_cast<std::size_t>(readable - in));
        in = copy.data();
    }
    __m128i low, high;
    std::memcpy(&low, in, sizeof low);
    std::memcpy(&high, in + sizeof low, sizeof high);
    std::memcpy(out, in + 1, sizeof low);
    std::memcpy(out + sizeof low - 1, &high, sizeof high);
    std::uint32_t lengths = 1;
    std::size_t at = 0;
    for (std::size_t length = in[0]; length - 1 < 63; length = in[at]) {
        at += length + 1;
        if (at >= block) return 0;
        lengths |= std::uint32_t{1} << at;
        out[at - 1] = '.';
    }
    const std::uint32_t other = other_than_plain(low) | other_than_plain(high) << 16;
    return (other & ~lengths & ((std::uint32_t{1} << at) - 1)) == 0 ? at : 0;
#else
    static_cast<void>(out), static_cast<void>(in), static_cast<void>(readable);
    return 0;
#endif
}

}  // namespace sie::dns
