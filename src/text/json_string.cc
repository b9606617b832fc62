#include "text/json_string.h"

#include <array>
#include <cstring>
#include <string>

#include "base/text_append.h"

namespace sie::text {

namespace {

constexpr std::array<bool, 256> plain = [] {
    std::array<bool, 256> table{};
    for (unsigned c = 0; c < table.size(); ++c) table[c] = c >= 0x20 && c != '"' && c != '\\';
    return table;
}();

void append_escape(TextBuffer& json, char c) {
    json += '\\';
    switch (c) {
        case '\b': json += 'b'; return;
        case '\f': json += 'f'; return;
        case '\n': json += 'n'; return;
        case '\r': json += 'r'; return;
        case '\t': json += 't'; return;
        case '"':
        case '\\': json += c; return;
        default: {
            const auto octet = static_cast<std::uint8_t>(c);
            json += "u00";
            append_hex(json, {&octet, 1}, false);
        }
    }
}

void append_escaped(TextBuffer& json, std::string_view text) {
    std::size_t from = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (plain[static_cast<std::uint8_t>(text[i])]) continue;
        json += text.substr(from, i - from);
        append_escape(json, text[i]);
        from = i + 1;
    }
    json += text.substr(from);
}

// How many octets the sequence at the front has, and whether it is one to keep. Surrogates and lead octets f5
// to f7 are let through, overlong sequences are replaced as a whole (N48).
struct Sequence {
    std::size_t size;
    bool kept;
};

Sequence sequence_of(Octets octets) {
    const std::uint8_t lead = octets[0];
    if (lead < 0x80) return {1, true};
    const std::size_t size = lead >= 0xc0 && lead < 0xe0   ? 2
                             : lead >= 0xe0 && lead < 0xf0 ? 3
                             : lead >= 0xf0 && lead < 0xf8 ? 4
                                                           : 1;
    if (size == 1 || octets.size() < size) return {1, false};
    std::uint32_t value = lead & (0x7fU >> size);
    for (std::size_t i = 1; i < size; ++i) {
        if ((octets[i] & 0xc0) != 0x80) return {1, false};
        value = value << 6 | (octets[i] & 0x3fU);
    }
    constexpr std::array<std::uint32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
    return {size, value >= least[size]};
}

}  // namespace

void escape_json_from(TextBuffer& json, std::size_t start) {
    const std::string_view text = json.view().substr(start);
    // Eight octets at a time: is any below a blank, a quotation mark or a backslash?
    constexpr std::uint64_t ones = 0x0101010101010101U, highs = 0x8080808080808080U;
    const auto has_zero = [](std::uint64_t v) { return (v - ones) & ~v & highs; };
    std::size_t i = 0;
    bool clean = true;
    for (; clean && i + 8 <= text.size(); i += 8) {
        std::uint64_t v;
        std::memcpy(&v, text.data() + i, 8);
        clean =
            (has_zero(v ^ ones * '"') | has_zero(v ^ ones * '\\') | ((v - ones * 0x20) & ~v & highs)) == 0;
    }
    for (; clean && i < text.size(); ++i) clean = plain[static_cast<std::uint8_t>(text[i])];
    if (clean) return;
    const std::string raw(text);
    json.cut(start);
    append_escaped(json, raw);
}

void append_json_string(TextBuffer& json, std::string_view text) {
    json += '"';
    append_escaped(json, text);
    json += '"';
}

void append_json_text(TextBuffer& json, Octets octets) {
    json += '"';
    for (bool cut = false; !octets.empty();) {
        const Sequence next = sequence_of(octets);
        if (!next.kept) {
            json += "\xef\xbf\xbd";
            cut = false;
        } else if (cut || octets[0] == 0) {
            cut = true;
        } else {
            append_escaped(json, as_text(octets.first(next.size)));
        }
        octets = octets.subspan(next.size);
    }
    json += '"';
}

void append_json_base64(TextBuffer& json, Octets octets) {
    if (octets.empty()) {
        json += "null";
        return;
    }
    json += '"';
    append_base64(json, octets);
    json += '"';
}

}  // namespace sie::text
