// Strings as JSON writes them here (FACTS N48, N49): short escapes for the usual control octets, \u00xx for
// the others, octets from 0x7f on raw.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>

#include "base/octets.h"
#include "base/text_buffer.h"

namespace sie::text {

// In quotes. What is not UTF-8 is not looked at: for text that is known to be ASCII.
void append_json_string(TextBuffer& json, std::string_view text);
// In quotes. Every octet that is not UTF-8 becomes U+FFFD, an overlong sequence one. Each piece between those
// ends at its first NUL, as the original has it (vector nmsg-fragments).
void append_json_text(TextBuffer& json, Octets octets);
// In quotes; null if there are none.
void append_json_base64(TextBuffer& json, Octets octets);

// What stands in `json` from `start` on, escaped in place.
void escape_json_from(TextBuffer& json, std::size_t start);
// A string that `append` puts into `json` unescaped: most needs no escape, and is then written once. `append`
// may tell by true that it does not.
template <class Append>
void append_json_through(TextBuffer& json, const Append& append) {
    json += '"';
    const std::size_t start = json.size();
    if constexpr (std::is_same_v<decltype(append()), bool>) {
        if (!append()) escape_json_from(json, start);
    } else {
        append();
        escape_json_from(json, start);
    }
    json += '"';
}

}  // namespace sie::text
