// The one's-complement sum of the Internet protocols (RFC 1071).
#pragma once

#include <cstdint>

#include "base/octets.h"

namespace sie::net {

// Sum of the octets as 16-bit words in network order, an odd last octet padded with zero, folded to 16 bits.
[[nodiscard]] std::uint16_t ones_complement_sum(Octets octets, std::uint64_t start = 0);
// Its plain twin, which tests compare it with.
[[nodiscard]] std::uint16_t ones_complement_sum_plain(Octets octets, std::uint64_t start = 0);

}  // namespace sie::net
