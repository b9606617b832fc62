// The one's-complement sum of the Internet protocols (RFC 1071).
#pragma once

#include <cstdint>

#include "base/octets.h"
#include "net/address.h"

namespace sie::net {

// Sum of the octets as 16-bit words in network order, an odd last octet padded with zero, folded to 16 bits.
[[nodiscard]] std::uint16_t ones_complement_sum(Octets octets, std::uint64_t start = 0);
// Its plain twin, which tests compare it with.
[[nodiscard]] std::uint16_t ones_complement_sum_plain(Octets octets, std::uint64_t start = 0);

// Whether a UDP checksum is right (RFC 768, RFC 8200 §8.1; FACTS Q51): the sum over the pseudo header and the
// datagram is ffff. `udp`: from the UDP header on, cut to what is there of `length_field`, the length that
// the UDP header states. The addresses are those of the fixed IP header. A checksum field of zero is the
// caller's to judge.
[[nodiscard]] bool udp_checksum_sum(Family family, const std::uint8_t* source,
                                    const std::uint8_t* destination, Octets udp, std::uint16_t length_field);

}  // namespace sie::net
