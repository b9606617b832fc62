#include "base/address_text.h"

#include <array>
#include <bit>
#include <cstring>

#include "base/octets.h"
#include "base/text_append.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace sie {

namespace {

// The decimal text of an octet with a dot behind it, and how long it is without.
struct Shown {
    std::array<char, 4> text{};
    std::uint8_t length = 0;
};
constexpr std::array<Shown, 256> decimal_octets = [] {
    std::array<Shown, 256> table{};
    for (unsigned octet = 0; octet < 256; ++octet) {
        Shown& shown = table[octet];
        for (const unsigned unit : {100U, 10U, 1U})
            if (octet >= unit || unit == 1)
                shown.text[shown.length++] = static_cast<char>('0' + octet / unit % 10);
        shown.text[shown.length] = '.';
    }
    return table;
}();

// Groups that are zero, a bit each, the first lowest.
unsigned zero_groups(const std::uint8_t* octets) {
#if defined(__SSE2__)
    __m128i groups;
    std::memcpy(&groups, octets, sizeof groups);
    const __m128i zeros = _mm_cmpeq_epi16(groups, _mm_setzero_si128());
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_packs_epi16(zeros, _mm_setzero_si128())));
#else
    unsigned zeros = 0;
    for (unsigned i = 0; i < 8; ++i) zeros |= static_cast<unsigned>(load_be16(octets + 2 * i) == 0) << i;
    return zeros;
#endif
}

// RFC 5952 §4.2: the longest run of zero groups, the first of equal ones, never a single group. By the bits
// of zero_groups(); without a run it begins behind the last group.
struct Run {
    std::uint8_t at = 8, length = 0;
};
constexpr std::array<Run, 256> longest_runs = [] {
    std::array<Run, 256> table{};
    for (unsigned zeros = 0; zeros < table.size(); ++zeros) {
        Run run{0, 0};
        // Each step keeps the bits from which one more is set.
        for (unsigned from = zeros; from != 0; from &= from >> 1) {
            run.at = static_cast<std::uint8_t>(std::countr_zero(from));
            ++run.length;
        }
        table[zeros] = run.length > 1 ? run : Run{8, 0};
    }
    return table;
}();

// A group in hexadecimal digits without zeros in front, and a colon. Four digits are made at once, those that
// count are moved to the front; five octets are written.
[[gnu::always_inline]] inline char* put_group(char* out, const std::uint8_t* group) {
    std::uint32_t digits = load_le16(group);  // two octets, the first one low
    digits = (digits | digits << 8) & 0x00ff'00ff;
    digits = (digits >> 4 & 0x000f'000f) | (digits & 0x000f'000f) << 8;  // the first digit lowest
    const std::uint32_t letters = (digits + 0x0606'0606) >> 4 & 0x0101'0101;
    digits += 0x3030'3030 + letters * ('a' - '0' - 10);
    const unsigned size = static_cast<unsigned>(35 - std::countl_zero(load_be16(group) | 1U)) / 4;
    digits = detail::small(digits >> (32 - 8 * size));
    std::memcpy(out, &digits, sizeof digits);
    out[size] = ':';
    return out + size + 1;
}

}  // namespace

char* put_ipv4(char* out, const std::uint8_t* octets) {
    for (int i = 0; i < 4; ++i) {
        const Shown& shown = decimal_octets[octets[i]];
        std::memcpy(out, shown.text.data(), shown.text.size());
        out += shown.length + 1;
    }
    return out - 1;
}

char* put_ipv6(char* out, const std::uint8_t* octets) {
    const Run run = longest_runs[zero_groups(octets)];
    // RFC 4291 §2.5.5: ::a.b.c.d and ::ffff:a.b.c.d, as inet_ntop(3) prints them.
    if (run.at == 0 && run.length == 6) return put_ipv4(put(out, "::"), octets + 12);
    if (run.at == 0 && run.length == 5 && load_be16(octets + 10) == 0xffff)
        return put_ipv4(put(out, "::ffff:"), octets + 12);
    unsigned i = 0;
    for (; i < run.at; ++i) out = put_group(out, octets + 2 * i);
    if (run.length == 0) return out - 1;  // without the colon behind the last group
    if (i == 0) *out++ = ':';
    *out++ = ':';
    i += run.length;
    if (i == 8) return out;
    for (; i < 8; ++i) out = put_group(out, octets + 2 * i);
    return out - 1;
}

void append_ipv4(TextBuffer& text, const std::uint8_t* octets) {
    text.grow_to(put_ipv4(text.room(address_room), octets));
}

void append_ipv6(TextBuffer& text, const std::uint8_t* octets) {
    text.grow_to(put_ipv6(text.room(address_room), octets));
}

}  // namespace sie
