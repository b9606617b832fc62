#include "text/json_string.h"

#include <array>
#include <cstring>

#include "base/plain_run.h"
#include "base/text_append.h"

namespace sie::text {

namespace {

constexpr std::size_t longest_escape = 6;  // \u001f

char* put_escape(char* out, char c) {
    *out++ = '\\';
    switch (c) {
        case '\b': *out++ = 'b'; return out;
        case '\f': *out++ = 'f'; return out;
        case '\n': *out++ = 'n'; return out;
        case '\r': *out++ = 'r'; return out;
        case '\t': *out++ = 't'; return out;
        case '"':
        case '\\': *out++ = c; return out;
        default:
            *out++ = 'u';
            *out++ = '0';
            *out++ = '0';
            *out++ = static_cast<char>('0' + (c >> 4));  // below a blank: 0 or 1
            *out++ = "0123456789abcdef"[c & 15];
            return out;
    }
}

// `out` has room for the longest escape of every octet, and may be the memory in front of `text`.
char* put_escaped(char* out, std::string_view text) {
    while (!text.empty()) {
        const std::size_t run = plain_run<HighOctets::plain>(as_octets(text));
        std::memmove(out, text.data(), run);
        out += run;
        if (run == text.size()) break;
        out = put_escape(out, text[run]);
        text.remove_prefix(run + 1);
    }
    return out;
}

void append_escaped(TextBuffer& json, std::string_view text) {
    json.grow_to(put_escaped(json.room(longest_escape * text.size()), text));
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
    const std::size_t size = json.size() - start,
                      clean = plain_run<HighOctets::plain>(as_octets(json.view().substr(start)));
    if (clean == size) return;
    // What is left is moved as far back as its escapes may grow, and comes forward again with them.
    const std::size_t left = size - clean, growth = (longest_escape - 1) * left;
    char* const to = json.room(growth) - left;
    std::memmove(to + growth, to, left);
    json.grow_to(put_escaped(to, {to + growth, left}));
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
    char* out = put(json.room(base64_size(octets.size()) + 2), "\"");
    json.grow_to(put(put_base64(out, octets), "\""));
}

}  // namespace sie::text
