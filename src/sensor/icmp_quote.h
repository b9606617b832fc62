// The packet that an ICMP error quotes: who spoke to whom (FACTS Q47, B11). It is cut, so its lengths are not
// checked.
#pragma once

#include <cstdint>
#include <optional>

#include "net/packet.h"

namespace sie::sensor {

struct IcmpQuote {
    net::Family family;
    const std::uint8_t *source, *destination;  // into the octets given
    std::uint16_t source_port, destination_port;
    bool udp;  // else TCP
};

// `octets`: from the quoted IP header on. Nothing, if no IP packet stands there, it is a later fragment, or
// fewer than eight octets of a UDP or TCP header are in it.
[[nodiscard]] std::optional<IcmpQuote> read_icmp_quote(Octets octets);

}  // namespace sie::sensor
