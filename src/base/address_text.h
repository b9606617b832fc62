// Addresses as text: 4 octets dotted, 16 octets as RFC 5952 §4 and inet_ntop(3) have it (FACTS N38).
#pragma once

#include <cstdint>
#include <string>

#include "base/text_buffer.h"

namespace sie {

void append_ipv4(TextBuffer& text, const std::uint8_t* octets);
void append_ipv6(TextBuffer& text, const std::uint8_t* octets);

}  // namespace sie
