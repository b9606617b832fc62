// From a frame to a view of the IP packet in it: link header and tags, IPv4, IPv6 with its extension headers,
// and the beginning of the transport header. The gate of this layer: behind it every offset below lies inside
// `ip`.
//
// In: a frame and its link type. Out: a PacketView into the same octets (no copy; it lives as long as they
// do), or the drop reason, judged in the order of REFERENCE §7. Nothing is allocated, nothing is kept between
// calls.
#pragma once

#include <cstdint>
#include <optional>

#include "base/drop_reason.h"
#include "base/octets.h"
#include "net/address.h"
#include "net/link.h"

namespace sie::net {

constexpr std::uint8_t protocol_icmp = 1, protocol_tcp = 6, protocol_udp = 17;

// Which transport protocols besides UDP may be recorded; the others are not_udp.
struct Transports {
    bool tcp = false;
    bool icmp = false;
};

struct Fragment {
    std::uint32_t id = 0;      // IPv4: identification and protocol << 16; IPv6: identification (Q16)
    std::uint32_t offset = 0;  // of the data in the datagram, in octets
    bool more = false;
    std::uint32_t header_at = 0;  // IPv6: where the fragment header stands in ip (up to 65,567)
    std::uint32_t named_at = 0;   // IPv6: the octet that names the fragment header as next
};

struct PacketView {
    Octets ip;  // from the IP header to the end that it states; at most 65,575 octets
    Family family = Family::v4;
    std::uint8_t protocol = 0;  // of a later IPv6 fragment: what its fragment header names
    // Where the transport header stands in ip; of a later fragment: where its data stands.
    std::uint32_t transport_at = 0;
    std::optional<Fragment> fragment;

    [[nodiscard]] const std::uint8_t* source() const { return ip.data() + (family == Family::v4 ? 12 : 8); }
    [[nodiscard]] const std::uint8_t* destination() const {
        return ip.data() + (family == Family::v4 ? 16 : 24);
    }
    [[nodiscard]] const std::uint8_t* transport() const { return ip.data() + transport_at; }
    // UDP and TCP, not of later fragments.
    [[nodiscard]] std::uint16_t source_port() const { return load_be16(transport()); }
    [[nodiscard]] std::uint16_t destination_port() const { return load_be16(transport() + 2); }
    // Where the data of a fragment begins in ip: behind the IPv4 header, or behind the IPv6 fragment header.
    [[nodiscard]] std::uint32_t fragment_data_at() const {
        return family == Family::v6 ? fragment->header_at + 8U : transport_at;
    }
};

// `wire_length`: octets that the frame had on the link; more than frame.size() if the snap length cut it.
// `tags_taken`: tags that stood in front of those in the frame; more than two together are not_ip.
[[nodiscard]] std::optional<DropReason> decode_frame(LinkType link, Octets frame, std::uint32_t wire_length,
                                                     Transports wanted, PacketView& out,
                                                     std::uint8_t tags_taken = 0);
// The same from the IP header on; `cut`: what is missing at the end was cut off by the snap length.
[[nodiscard]] std::optional<DropReason> decode_ip(Family family, Octets octets, bool cut, Transports wanted,
                                                  PacketView& out);

// Any IP packet in a frame: behind the link header and up to the length that its IP header states. Nothing
// for frames without one, or with a part of one.
struct WholePacket {
    Family family = Family::v4;
    Octets ip;
};
[[nodiscard]] std::optional<WholePacket> whole_packet(LinkType link, Octets frame,
                                                      std::uint8_t tags_taken = 0);

}  // namespace sie::net
