// Names of record types, classes, opcodes and rcodes, both ways (FACTS N61, N62).
//
// The ..._name functions give the name, or nothing where the tables have none; the ..._text functions always
// give something. Reading takes any case.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/text_buffer.h"

namespace sie::dns {

[[nodiscard]] std::string_view type_name(std::uint16_t type);     // "A", "" if unnamed
[[nodiscard]] std::string_view class_name(std::uint16_t qclass);  // "IN", "" if unnamed
[[nodiscard]] std::string_view opcode_name(std::uint8_t opcode);  // "QUERY", "" if unnamed
[[nodiscard]] std::string_view rcode_name(
    std::uint16_t rcode);  // "NOERROR" … "NOTZONE", "BADVERS", "" if unnamed

// For those who have made room: they write at `out` and give the end. No more than `name_room` is written.
constexpr std::size_t name_room = 32;
[[nodiscard]] char* put_type(char* out, std::uint16_t type);
[[nodiscard]] char* put_class(char* out, std::uint16_t qclass);
// Null, and nothing written, if it has no name.
[[nodiscard]] char* put_opcode_name(char* out, std::uint8_t opcode);
[[nodiscard]] char* put_rcode_name(char* out, std::uint16_t rcode);

void append_type(TextBuffer& text, std::uint16_t type);      // "A", "TYPE65000"
void append_class(TextBuffer& text, std::uint16_t qclass);   // "IN", "CLASS77"
void append_rcode(TextBuffer& text, std::uint16_t rcode);    // "NXDOMAIN", "15"
[[nodiscard]] std::string type_text(std::uint16_t type);     // "A", "TYPE65000"
[[nodiscard]] std::string class_text(std::uint16_t qclass);  // "IN", "CLASS77"
[[nodiscard]] std::string rcode_text(std::uint16_t rcode);   // "NXDOMAIN", "15"

[[nodiscard]] std::optional<std::uint16_t> type_from_text(std::string_view text);   // a name or TYPEnnn
[[nodiscard]] std::optional<std::uint16_t> class_from_text(std::string_view text);  // a name or CLASSnnn
// What the low four bits of the flags can hold: a name from NOERROR to NOTZONE, or 0 … 15 (decimal or 0x…).
[[nodiscard]] std::optional<std::uint8_t> rcode_from_text(std::string_view text);

}  // namespace sie::dns
