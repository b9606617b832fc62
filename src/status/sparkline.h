// A series as one line of characters of eight heights.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace sie::status {

enum class Letters : std::uint8_t { blocks, ascii };  // U+2581 … U+2588, three octets each; or plain ASCII

// One character a value, scaled from 0 to the largest. Nothing below 0 comes.
[[nodiscard]] std::string sparkline(std::span<const double> series, Letters letters);

}  // namespace sie::status
