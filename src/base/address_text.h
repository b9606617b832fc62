// Addresses as text: 4 octets dotted, 16 octets as RFC 5952 §4 and inet_ntop(3) have it (FACTS N38).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/text_buffer.h"

namespace sie {

// For those who have made room: they write at `out` and give the end. Less than `address_room` is written.
constexpr std::size_t address_room = 52;
[[nodiscard]] char* put_ipv4(char* out, const std::uint8_t* octets);
[[nodiscard]] char* put_ipv6(char* out, const std::uint8_t* octets);

void append_ipv4(TextBuffer& text, const std::uint8_t* octets);
void append_ipv6(TextBuffer& text, const std::uint8_t* octets);

}  // namespace sie
