// Domain names: from text to wire form and back (RFC 1035 §3.1 and §5.1; FACTS N60, Q35).
//
//   wire form of www.example.:   03 'w' 'w' 'w'  07 'e' 'x' 'a' 'm' 'p' 'l' 'e'  00
//
// Names in text end in a dot when we write them; when we read them the last dot may be missing. Case is kept.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/octets.h"
#include "base/result.h"
#include "base/text_buffer.h"

namespace sie::dns {

constexpr std::size_t most_name_octets = 255, most_label_octets = 63;

// Wire form of a name in text: \DDD (three decimal digits, 0 … 255) and \c (c no digit) stand for one octet
// each; "." and
// "" are the root. Errors (usage): an empty label, a label over 63 octets, a name over 255, a bad escape.
[[nodiscard]] Result<std::string> name_from_text(std::string_view text);

// Appends the text of a name in wire form. `.` and `\` get a backslash, what is not printable ASCII becomes
// \DDD. Reads no further than the octets given: a label that is cut there is shown as far as it goes, and a
// pointer is shown as the label of 192 … 255 octets that its first octet announces (so does the original: c0
// 0c gives `\012.`). True: it holds neither a backslash nor a quotation mark.
bool append_name(Octets wire, TextBuffer& text);
// The same for a label of `size` octets at the front of what may be read, and the dot behind it.
bool append_label(Octets readable, std::size_t size, TextBuffer& text);
[[nodiscard]] std::string name_to_text(Octets wire);

// ASCII only (RFC 4343).
[[nodiscard]] constexpr std::uint8_t lower(std::uint8_t octet) {
    return octet >= 'A' && octet <= 'Z' ? static_cast<std::uint8_t>(octet + 32) : octet;
}
// Of all octets, those that state lengths included: in a valid name these are below 64 and so not touched.
inline void lower(Octets from, std::uint8_t* to) {
    std::transform(from.begin(), from.end(), to, [](std::uint8_t octet) { return lower(octet); });
}
[[nodiscard]] std::string lowered(std::string_view octets);

}  // namespace sie::dns
