#include "base/address_text.h"

#include <array>
#include <bit>
#include <cstring>

#include "base/octets.h"

namespace sie {

namespace {

constexpr std::size_t longest_ipv4 = 15, longest_ipv6 = 45;  // as inet_ntop(3) has them
constexpr std::size_t spare = 4;                             // more is written than counts

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

char* put_ipv4(char* out, const std::uint8_t* octets) {
    for (int i = 0; i < 4; ++i) {
        const Shown& shown = decimal_octets[octets[i]];
        std::memcpy(out, shown.text.data(), shown.text.size());
        out += shown.length + 1;
    }
    return out - 1;
}

char* put_group(char* out, unsigned group) {
    constexpr char digits[] = "0123456789abcdef";
    if (group >= 0x1000) *out++ = digits[group >> 12];
    if (group >= 0x100) *out++ = digits[group >> 8 & 15];
    if (group >= 0x10) *out++ = digits[group >> 4 & 15];
    *out++ = digits[group & 15];
    return out;
}

// RFC 5952 §4.2: the longest run of zero groups, the first of equal ones, never a single group.
struct Run {
    unsigned at = 8, length = 0;
};
Run longest_run(unsigned zeros) {  // a bit for each group that is zero
    Run run;
    // Each step keeps the bits from which one more is set.
    for (unsigned from = zeros; from != 0; from &= from >> 1) {
        run.at = static_cast<unsigned>(std::countr_zero(from));
        ++run.length;
    }
    return run.length > 1 ? run : Run{};
}

}  // namespace

void append_ipv4(TextBuffer& text, const std::uint8_t* octets) {
    char* const begin = text.room(longest_ipv4 + spare);
    text.grow(static_cast<std::size_t>(put_ipv4(begin, octets) - begin));
}

void append_ipv6(TextBuffer& text, const std::uint8_t* octets) {
    std::array<unsigned, 8> groups;
    unsigned zeros = 0;
    for (unsigned i = 0; i < 8; ++i) {
        groups[i] = load_be16(octets + 2 * i);
        zeros |= static_cast<unsigned>(groups[i] == 0) << i;
    }
    const Run run = longest_run(zeros);
    char* const begin = text.room(longest_ipv6 + spare);
    char* out = begin;
    // RFC 4291 §2.5.5: ::a.b.c.d and ::ffff:a.b.c.d, as inet_ntop(3) prints them.
    if (run.at == 0 && (run.length == 6 || (run.length == 5 && groups[5] == 0xffff))) {
        text += run.length == 6 ? std::string_view("::") : std::string_view("::ffff:");
        return append_ipv4(text, octets + 12);
    }
    for (unsigned i = 0; i < 8;) {
        if (i == run.at) {
            *out++ = ':';
            if (i == 0) *out++ = ':';
            i += run.length;
            continue;
        }
        out = put_group(out, groups[i]);
        if (++i < 8) *out++ = ':';
    }
    text.grow(static_cast<std::size_t>(out - begin));
}

}  // namespace sie
