#include "net/packet.h"

namespace sie::net {
namespace {

using Drop = std::optional<DropReason>;

constexpr std::uint16_t ethertype_ipv4 = 0x0800, ethertype_ipv6 = 0x86dd;
constexpr unsigned most_tags = 2;
constexpr std::size_t ethernet_octets = 14, sll_octets = 16, sll2_octets = 20, tag_octets = 4;
constexpr std::uint32_t ipv4_octets = 20, ipv6_octets = 40, udp_octets = 8, tcp_octets = 20, icmp_octets = 8;
constexpr std::uint8_t hop_by_hop = 0, routing = 43, fragmentation = 44, authentication = 51,
                       destination_options = 60;

// Octets are missing: the snap length is to blame if the frame was cut, else the frame.
[[nodiscard]] DropReason missing(bool cut, DropReason reason) { return cut ? DropReason::cut_short : reason; }

[[nodiscard]] bool is_tag(std::uint16_t type) { return type == 0x8100 || type == 0x88a8 || type == 0x9100; }

struct IpStart {
    Family family = Family::v4;
    std::size_t at = 0;
};

[[nodiscard]] Drop by_version(Octets frame, bool cut, IpStart& out) {
    if (frame.empty()) return missing(cut, DropReason::not_ip);
    switch (frame[0] >> 4) {
        case 4: out = {Family::v4, 0}; return {};
        case 6: out = {Family::v6, 0}; return {};
        default: return DropReason::not_ip;
    }
}

// 2 is IPv4 everywhere; IPv6 is 10 on Linux, 24 on NetBSD and OpenBSD, 28 on FreeBSD, 30 on Darwin.
[[nodiscard]] Drop by_address_family(std::uint32_t value, IpStart& out) {
    if (value == 2) {
        out = {Family::v4, 4};
        return {};
    }
    if (value == 10 || value == 24 || value == 28 || value == 30) {
        out = {Family::v6, 4};
        return {};
    }
    return DropReason::not_ip;
}

[[nodiscard]] Drop by_loopback_header(LinkType link, Octets frame, bool cut, IpStart& out) {
    if (frame.size() < 4) return missing(cut, DropReason::not_ip);
    const Drop network_order = by_address_family(load_be32(frame.data()), out);
    if (!network_order || link == LinkType::bsd_loop) return network_order;
    return by_address_family(load_le32(frame.data()), out);
}

//  Ethernet: destination 6, source 6, type 2.   Cooked v1: 14 octets, protocol 2.   Cooked v2: protocol 2, 18
//  octets. A tag: control 2, type 2; its own type took the place of the one before.
[[nodiscard]] Drop by_ethertype(LinkType link, Octets frame, bool cut, unsigned tags_taken, IpStart& out) {
    std::size_t at = link == LinkType::linux_sll2  ? sll2_octets
                     : link == LinkType::linux_sll ? sll_octets
                                                   : ethernet_octets;
    if (frame.size() < at) return missing(cut, DropReason::not_ip);
    std::uint16_t type = load_be16(frame.data() + (link == LinkType::linux_sll2 ? 0 : at - 2));
    for (unsigned tags = tags_taken; tags < most_tags && is_tag(type); ++tags) {
        if (frame.size() - at < tag_octets) return missing(cut, DropReason::not_ip);
        type = load_be16(frame.data() + at + 2);
        at += tag_octets;
    }
    if (type == ethertype_ipv4) {
        out = {Family::v4, at};
        return {};
    }
    if (type == ethertype_ipv6) {
        out = {Family::v6, at};
        return {};
    }
    return DropReason::not_ip;
}

[[nodiscard]] Drop find_ip(LinkType link, Octets frame, bool cut, unsigned tags_taken, IpStart& out) {
    if (tags_taken > most_tags) return DropReason::not_ip;
    switch (link) {
        case LinkType::ethernet:
        case LinkType::linux_sll:
        case LinkType::linux_sll2: return by_ethertype(link, frame, cut, tags_taken, out);
        case LinkType::bsd_null:
        case LinkType::bsd_loop: return by_loopback_header(link, frame, cut, out);
        case LinkType::raw: return by_version(frame, cut, out);
        case LinkType::ipv4:
        case LinkType::ipv6:
            if (frame.empty()) return missing(cut, DropReason::not_ip);
            out = {link == LinkType::ipv4 ? Family::v4 : Family::v6, 0};
            return {};
    }
    return DropReason::not_ip;
}

[[nodiscard]] bool is_wanted(std::uint8_t protocol, Transports wanted) {
    return protocol == protocol_udp || (protocol == protocol_tcp && wanted.tcp) ||
           (protocol == protocol_icmp && wanted.icmp);
}

// Headers that are walked, wherever in the chain they stand; all others, 50 (ESP) too, are transport
// protocols.
[[nodiscard]] bool is_one_of(std::uint64_t numbers, std::uint8_t next) {
    return next < 64 && (numbers >> next & 1) != 0;
}
[[nodiscard]] bool is_options(std::uint8_t next) {
    return is_one_of(std::uint64_t{1} << hop_by_hop | std::uint64_t{1} << destination_options, next);
}
[[nodiscard]] bool is_extension(std::uint8_t next) {
    return is_one_of(std::uint64_t{1} << hop_by_hop | std::uint64_t{1} << routing |
                         std::uint64_t{1} << fragmentation | std::uint64_t{1} << authentication |
                         std::uint64_t{1} << destination_options,
                     next);
}

// RFC 8200 §4: (n + 1) · 8; RFC 4302 §2.2: (n + 2) · 4; a fragment header has no length octet.
[[nodiscard]] std::uint32_t extension_octets(std::uint8_t header, std::uint8_t length) {
    if (header == fragmentation) return 8;
    if (header == authentication) return (length + 2U) * 4;
    return (length + 1U) * 8;
}

// RFC 7112: an initial fragment, too, holds the whole transport header. Of a later fragment only the protocol
// is known, and over IPv6 maybe only the extension header with which the fragmented part began.
[[nodiscard]] Drop check_transport(const PacketView& packet, Transports wanted) {
    if (packet.fragment && packet.fragment->offset != 0) {
        const bool may_follow =
            packet.family == Family::v6 && packet.protocol != fragmentation && is_extension(packet.protocol);
        if (!may_follow && !is_wanted(packet.protocol, wanted)) return DropReason::not_udp;
        return {};
    }
    if (!is_wanted(packet.protocol, wanted)) return DropReason::not_udp;
    const std::size_t room = packet.ip.size() - packet.transport_at;
    if (packet.protocol == protocol_udp) return room < udp_octets ? Drop{DropReason::bad_udp_header} : Drop{};
    if (packet.protocol == protocol_tcp) return room < tcp_octets ? Drop{DropReason::bad_tcp_header} : Drop{};
    return room < icmp_octets ? Drop{DropReason::icmp_no_quote} : Drop{};
}

//  RFC 791: version 4 bits, header length 4 bits (words), service 1, total length 2, identification 2,
//  flags and offset 2, time to live 1, protocol 1, checksum 2, source 4, destination 4, options
[[nodiscard]] Drop decode_ipv4(Octets octets, bool cut, Transports wanted, PacketView& out) {
    if (octets.size() < ipv4_octets) return missing(cut, DropReason::bad_ip_header);
    const std::uint8_t* p = octets.data();
    const std::uint32_t header = (p[0] & 15U) * 4, total = load_be16(p + 2);
    if (p[0] >> 4 != 4 || header < ipv4_octets) return DropReason::bad_ip_header;
    if (total < header) return DropReason::bad_ip_length;
    if (total > octets.size()) return missing(cut, DropReason::bad_ip_length);
    out.ip = octets.first(total);
    out.family = Family::v4;
    out.protocol = p[9];
    out.transport_at = header;
    out.fragment.reset();
    const std::uint16_t flags = load_be16(p + 6);
    if ((flags & 0x3fff) != 0) {
        out.fragment = Fragment{.id = load_be16(p + 4) | std::uint32_t{p[9]} << 16,
                                .offset = (flags & 0x1fffU) * 8,
                                .more = (flags & 0x2000) != 0};
    }
    return check_transport(out, wanted);
}

//  RFC 8200: version 4 bits, class and flow 28 bits, payload length 2, next header 1, hop limit 1,
//  source 16, destination 16.  Fragment header: next header 1, reserved 1, offset and more 2, identification
//  4
[[nodiscard]] Drop decode_ipv6(Octets octets, bool cut, Transports wanted, PacketView& out) {
    if (octets.size() < ipv6_octets) return missing(cut, DropReason::bad_ip_header);
    const std::uint8_t* p = octets.data();
    const std::uint32_t total = ipv6_octets + load_be16(p + 4);
    if (p[0] >> 4 != 6) return DropReason::bad_ip_header;
    if (total == ipv6_octets) return DropReason::bad_ip_length;
    if (total > octets.size()) return missing(cut, DropReason::bad_ip_length);
    out.ip = octets.first(total);
    out.family = Family::v6;
    out.fragment.reset();
    std::uint32_t at = ipv6_octets, named_at = 6;
    std::uint8_t next = p[6];
    while (is_extension(next)) {
        if (total - at < 8) return DropReason::bad_extension_header;
        const std::uint32_t size = extension_octets(next, p[at + 1]);
        if (size > total - at) return DropReason::bad_extension_header;
        if (next == fragmentation) {
            if (out.fragment) return DropReason::bad_extension_header;
            const std::uint16_t field = load_be16(p + at + 2);
            out.fragment = Fragment{.id = load_be32(p + at + 4),
                                    .offset = field & 0xfff8U,
                                    .more = (field & 1) != 0,
                                    .header_at = at,
                                    .named_at = named_at};
        }
        next = p[at];
        named_at = at;
        at += size;
        if (out.fragment && out.fragment->offset != 0) break;  // what follows is data
        // Whoever fills a packet with headers fills it with these: nothing is to be known of them but their
        // length.
        while (is_options(next) && total - at >= 8) {
            const std::uint32_t octets_of_it = (p[at + 1] + 1U) * 8;
            if (octets_of_it > total - at) return DropReason::bad_extension_header;
            next = p[at];
            named_at = at;
            at += octets_of_it;
        }
    }
    out.protocol = next;
    out.transport_at = at;
    return check_transport(out, wanted);
}

// Most frames of a resolver: Ethernet, IPv4 without options or IPv6 without extension headers, no fragment,
// UDP, all of it there.
[[nodiscard]] bool decode_common(Octets frame, PacketView& out) {
    if (frame.size() < ethernet_octets + ipv4_octets + udp_octets) return false;
    const std::uint8_t* p = frame.data() + ethernet_octets;
    const std::uint16_t type = load_be16(p - 2);
    const std::size_t there = frame.size() - ethernet_octets;
    if (type == ethertype_ipv4) {
        if (p[0] != 0x45 || p[9] != protocol_udp || (load_be16(p + 6) & 0x3fff) != 0) return false;
        const std::size_t total = load_be16(p + 2);
        if (total < ipv4_octets + udp_octets || total > there) return false;
        out.ip = {p, total};
        out.family = Family::v4;
        out.transport_at = ipv4_octets;
    } else if (type == ethertype_ipv6) {
        if (there < ipv6_octets + udp_octets || p[0] >> 4 != 6 || p[6] != protocol_udp) return false;
        const std::size_t payload = load_be16(p + 4);
        if (payload < udp_octets || payload > there - ipv6_octets) return false;
        out.ip = {p, ipv6_octets + payload};
        out.family = Family::v6;
        out.transport_at = ipv6_octets;
    } else {
        return false;
    }
    out.protocol = protocol_udp;
    out.fragment.reset();
    return true;
}

}  // namespace

std::optional<DropReason> decode_frame(LinkType link, Octets frame, std::uint32_t wire_length,
                                       Transports wanted, PacketView& out, std::uint8_t tags_taken) {
    if (link == LinkType::ethernet && tags_taken <= most_tags && decode_common(frame, out)) return {};
    const bool cut = frame.size() < wire_length;
    IpStart start;
    if (const Drop drop = find_ip(link, frame, cut, tags_taken, start)) return drop;
    return decode_ip(start.family, frame.subspan(start.at), cut, wanted, out);
}

std::optional<DropReason> decode_ip(Family family, Octets octets, bool cut, Transports wanted,
                                    PacketView& out) {
    return family == Family::v4 ? decode_ipv4(octets, cut, wanted, out)
                                : decode_ipv6(octets, cut, wanted, out);
}

std::optional<WholePacket> whole_packet(LinkType link, Octets frame, std::uint8_t tags_taken) {
    IpStart start;
    if (find_ip(link, frame, false, tags_taken, start)) return {};
    const Octets ip = frame.subspan(start.at);
    const bool v4 = start.family == Family::v4;
    if (ip.size() < (v4 ? ipv4_octets : ipv6_octets) || ip[0] >> 4 != (v4 ? 4 : 6)) return {};
    const std::size_t stated = v4 ? load_be16(ip.data() + 2) : ipv6_octets + load_be16(ip.data() + 4);
    if (stated < (v4 ? ipv4_octets : ipv6_octets) || stated > ip.size()) return {};
    return WholePacket{start.family, ip.first(stated)};
}

}  // namespace sie::net
