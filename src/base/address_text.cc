#include "base/address_text.h"

#include <charconv>

#include "base/octets.h"
#include "base/text_append.h"

namespace sie {

void append_ipv4(TextBuffer& text, const std::uint8_t* octets) {
    for (int i = 0; i < 4; ++i) {
        if (i > 0) text += '.';
        append_decimal(text, octets[i]);
    }
}

void append_ipv6(TextBuffer& text, const std::uint8_t* octets) {
    // RFC 5952 §4.2: the longest run of zero groups, the first of equal ones, never a single group.
    std::size_t run_at = 8, run_length = 1;
    for (std::size_t i = 0; i < 8; ++i) {
        std::size_t end = i;
        while (end < 8 && load_be16(octets + 2 * end) == 0) ++end;
        if (end - i > run_length) run_at = i, run_length = end - i;
        if (end > i) i = end;
    }
    // RFC 4291 §2.5.5: ::a.b.c.d and ::ffff:a.b.c.d, as inet_ntop(3) prints them.
    if (run_at == 0 && (run_length == 6 || (run_length == 5 && load_be16(octets + 10) == 0xffff))) {
        text += run_length == 6 ? "::" : "::ffff:";
        return append_ipv4(text, octets + 12);
    }
    bool colon = false;
    for (std::size_t i = 0; i < 8;) {
        if (i == run_at) {
            text += "::";
            i += run_length;
            colon = false;
            continue;
        }
        if (colon) text += ':';
        char digits[4];
        const char* end = std::to_chars(digits, digits + 4, load_be16(octets + 2 * i), 16).ptr;
        text += std::string_view(digits, static_cast<std::size_t>(end - digits));
        colon = true;
        ++i;
    }
}

}  // namespace sie
