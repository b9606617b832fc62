// What must hold of every payload that the sensor makes: it reads as it was written, and what was to be
// zeroed is.
#pragma once

#include <algorithm>

#include "dnsqr/transactions.h"
#include "fuzz/fuzz_target.h"

namespace sie::fuzz {

// The payload as it goes into a container, blanked.
inline Bytes written(const nmsg::DnsqrPayload& payload, const nmsg::Blank& blank) {
    Bytes octets(nmsg::encoded_size(payload));
    std::vector<std::uint8_t*> placed(payload.query_packets.size() + payload.response_packets.size());
    const std::uint8_t* const end = nmsg::encode(payload, octets.data(), placed.data());
    require(end == octets.data() + octets.size(), "a payload takes the octets that it said");
    if (blank.apply != nullptr) blank.apply(blank.context, placed.data());
    return octets;
}

inline void reads_as_written(Octets octets) {
    const auto decoded = nmsg::decode_dnsqr(octets);
    require(decoded && decoded->unknown.empty(), "a payload that was written is read");
    Bytes again(nmsg::encoded_size(decoded->payload));
    nmsg::encode(decoded->payload, again.data());
    require(equal(again, octets), "a payload that was read is written as it was");
}

// Of a zeroed payload: addresses, the fields that would tell them, in every packet.
inline void is_zeroed(Octets octets) {
    const auto decoded = nmsg::decode_dnsqr(octets);
    const auto zero = [](Octets all) {
        return std::all_of(all.begin(), all.end(), [](auto o) { return o == 0; });
    };
    require(decoded && decoded->payload.resolver_address_zeroed == true && zero(decoded->payload.query_ip),
            "a zeroed payload says so and holds no address");
    for (const auto* packets : {&decoded->query_packets, &decoded->response_packets})
        for (const nmsg::DnsqrPacket& packet : *packets) {
            const bool four = packet.octets[0] >> 4 == 4, query = packets == &decoded->query_packets;
            const std::size_t n = four ? 4 : 16, source = four ? 12 : 8;
            require(zero(packet.octets.subspan(query ? source : source + n, n)),
                    "no packet holds the resolver's address");
            require(!four || zero(packet.octets.subspan(10, 2)), "no header checksum tells it");
        }
}

// Octets that no part of a payload may hold, but for its numbers.
inline void is_nowhere(Octets secret, Octets octets) {
    const auto decoded = nmsg::decode_dnsqr(octets);
    require(decoded.has_value(), "a payload that was written is read");
    std::vector<Octets> parts{decoded->payload.query_ip, decoded->payload.response_ip};
    for (const auto* packets : {&decoded->query_packets, &decoded->response_packets})
        for (const nmsg::DnsqrPacket& packet : *packets) parts.push_back(packet.octets);
    for (const Octets part : parts)
        require(std::search(part.begin(), part.end(), secret.begin(), secret.end()) == part.end(),
                "what was to be zeroed is nowhere");
}

}  // namespace sie::fuzz
