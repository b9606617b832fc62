#include "dns/name.h"

#include <fmt/format.h>

#include <array>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/quoted.h"

namespace sie::dns {

namespace {

[[nodiscard]] bool is_digit(char c) { return c >= '0' && c <= '9'; }

[[nodiscard]] tl::unexpected<Error> no_name(std::string_view text, std::string why, std::string remedy) {
    return fail(ErrorKind::usage, quoted(text), "is not a name: " + std::move(why), std::move(remedy));
}

// The octet that the escape at text[i] (a backslash) stands for; moves i behind it. Less than 0: a bad
// escape.
[[nodiscard]] int unescape(std::string_view text, std::size_t& i) {
    if (text.size() - i < 2) return -1;
    if (!is_digit(text[i + 1])) {
        i += 2;
        return static_cast<std::uint8_t>(text[i - 1]);
    }
    if (text.size() - i < 4 || !is_digit(text[i + 2]) || !is_digit(text[i + 3])) return -1;
    const int value = (text[i + 1] - '0') * 100 + (text[i + 2] - '0') * 10 + (text[i + 3] - '0');
    i += 4;
    return value <= 255 ? value : -1;
}

// How each octet looks inside a label, made once: length and up to four characters.
struct Shown {
    std::array<char, 4> text{};
    std::uint8_t length = 0;
};
constexpr std::array<Shown, 256> shown_octets = [] {
    std::array<Shown, 256> table{};
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

}  // namespace

Result<std::string> name_from_text(std::string_view text) {
    if (text == ".") return std::string(1, '\0');
    std::string wire(1, '\0');  // the length octet of the label that comes next is in place already
    std::size_t label_at = 0;
    for (std::size_t i = 0; i < text.size();) {
        if (text[i] == '.') {
            if (wire.size() == label_at + 1)
                return no_name(text, "it has an empty label", "write one dot between two labels");
            label_at = wire.size();
            wire.push_back('\0');
            ++i;
            continue;
        }
        if (text[i] == '\\') {
            const int octet = unescape(text, i);
            if (octet < 0) {
                return no_name(
                    text, "a backslash stands before what is no escape",
                    "write \\DDD with three digits from 000 to 255, or \\ and a character that is no digit");
            }
            wire.push_back(static_cast<char>(octet));
        } else {
            wire.push_back(text[i++]);
        }
        const std::size_t length = wire.size() - label_at - 1;
        if (length > most_label_octets) {
            return no_name(text, "a label is longer than 63 octets", "shorten the label");
        }
        wire[label_at] = static_cast<char>(length);
    }
    if (wire.size() != label_at + 1) wire.push_back('\0');
    if (wire.size() > most_name_octets) {
        return no_name(text, "it is longer than 255 octets", "shorten the name");
    }
    return wire;
}

bool append_label(Octets readable, std::size_t size, TextBuffer& text) {
    // Four characters are written for each octet, as many count as it has.
    constexpr std::size_t block = 16;
    char* const begin = text.room(4 * size + block);
    char* out = begin;
    const std::uint8_t* in = readable.data();
    const std::uint8_t* const end = in + size;
#if defined(__SSE2__)
    // Sixteen at a time, as long as all of them are shown as they are.
    const std::uint8_t* const last_block = readable.size() < block ? in : in + readable.size() - block + 1;
    while (in < end && in < last_block) {
        const auto count = std::min<std::size_t>(block, static_cast<std::size_t>(end - in));
        __m128i octets;
        std::memcpy(&octets, in, block);
        const auto is = [&](char c) { return _mm_cmpeq_epi8(octets, _mm_set1_epi8(c)); };
        // Below 0x21, or above 0x7f as they are negative.
        const __m128i other =
            _mm_or_si128(_mm_or_si128(_mm_cmpgt_epi8(_mm_set1_epi8(0x21), octets), is(0x7f)),
                         _mm_or_si128(is('.'), _mm_or_si128(is('\\'), is('"'))));
        if ((static_cast<unsigned>(_mm_movemask_epi8(other)) & ((1U << count) - 1)) != 0) break;
        std::memcpy(out, &octets, block);
        in += count;
        out += count;
    }
#endif
    bool plain = true;
    for (; in < end; ++in) {
        const Shown& shown = shown_octets[*in];
        std::memcpy(out, shown.text.data(), shown.text.size());
        out += shown.length;
        plain = plain && shown.length == 1 && *in != '"';
    }
    *out++ = '.';
    text.grow(static_cast<std::size_t>(out - begin));
    return plain;
}

bool append_name(Octets wire, TextBuffer& text) {
    if (wire.empty() || wire[0] == 0) {
        text += '.';
        return true;
    }
    bool plain = true;
    for (std::size_t i = 0; i < wire.size() && wire[i] != 0;) {
        const std::size_t size = std::min<std::size_t>(wire.size() - i - 1, wire[i]);
        plain = append_label(wire.subspan(i + 1), size, text) && plain;
        i += 1 + size;
    }
    return plain;
}

std::string name_to_text(Octets wire) {
    TextBuffer text;
    append_name(wire, text);
    return text.str();
}

std::string lowered(std::string_view octets) {
    std::string out(octets.size(), '\0');
    std::transform(octets.begin(), octets.end(), out.begin(),
                   [](char c) { return static_cast<char>(lower(static_cast<std::uint8_t>(c))); });
    return out;
}

}  // namespace sie::dns
