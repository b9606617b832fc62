// Frames: every view stays inside the frame; the short way of common frames, the long one, and the same
// packet behind another link header agree; so do the sums.
#include "fuzz/fuzz_target.h"
#include "net/checksum.h"
#include "net/packet.h"

namespace sie::fuzz::frame {
namespace {

using net::Family, net::LinkType, net::PacketView;

void stays_inside(Octets frame, const PacketView& p) {
    require(p.ip.data() >= frame.data() && p.ip.data() + p.ip.size() <= frame.data() + frame.size(),
            "the packet lies in its frame");
    require(p.ip.size() >= (p.family == Family::v4 ? 20U : 40U), "there is room for the IP header");
    require(p.transport_at <= p.ip.size(), "the transport header lies in the packet");
    if (p.fragment) require(p.fragment_data_at() <= p.ip.size(), "the data of a fragment lies in the packet");
    if (p.fragment && p.family == Family::v6)
        require(p.fragment->named_at < p.fragment->header_at,
                "what names the fragment header stands before it");
    const std::size_t room = p.ip.size() - p.transport_at;
    if (p.fragment && p.fragment->offset != 0) return;
    require(room >= (p.protocol == net::protocol_tcp ? 20U : 8U), "there is room for the transport header");
}

// Everything but where the packet lies in memory.
bool same(const PacketView& a, const PacketView& b) {
    const auto fragment = [](const PacketView& p) {
        const net::Fragment f = p.fragment.value_or(net::Fragment{});
        return std::array<std::uint32_t, 6>{
            p.fragment.has_value(), f.id, f.offset, f.more, f.header_at, f.named_at};
    };
    return equal(a.ip, b.ip) && a.family == b.family && a.protocol == b.protocol &&
           a.transport_at == b.transport_at && fragment(a) == fragment(b);
}

void same_behind(LinkType link, Bytes header, const PacketView& packet, net::Transports wanted) {
    header.insert(header.end(), packet.ip.begin(), packet.ip.end());
    PacketView again;
    const auto drop =
        net::decode_frame(link, header, static_cast<std::uint32_t>(header.size()), wanted, again);
    require(!drop && same(packet, again), "a packet is the same behind any link header");
}

// RFC 768, RFC 8200 §8.1, word by word.
bool sum_is_right(const PacketView& p, Octets udp, std::uint16_t length) {
    std::uint32_t sum = 17U + length;
    const auto add = [&](Octets octets) {
        for (std::size_t i = 0; i < octets.size(); ++i)
            sum += std::uint32_t{octets[i]} << (i % 2 == 0 ? 8 : 0);
    };
    add({p.source(), 2 * net::address_octets(p.family)});
    add(udp);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    return sum == 0xffff;
}

}  // namespace
}  // namespace sie::fuzz::frame

SIE_FUZZ_TARGET(frame) {
    using namespace sie;
    using namespace sie::fuzz;
    using namespace sie::fuzz::frame;
    Choices choices(input);
    const auto link = static_cast<LinkType>(choices.octet() % 8);
    const unsigned how = choices.octet();
    const net::Transports wanted{(how & 1) != 0, (how & 2) != 0};
    const bool cut = (how & 4) != 0;
    const auto tags = static_cast<std::uint8_t>(how >> 3 & 3);
    const Octets octets = choices.rest();
    PacketView packet;
    const auto drop = net::decode_frame(
        link, octets, static_cast<std::uint32_t>(octets.size() + (cut ? 1 : 0)), wanted, packet, tags);
    if (link == LinkType::ethernet && tags <= 2 && octets.size() >= 14 &&
        load_be16(octets.data() + 12) == 0x0800) {
        PacketView plain;
        const auto plain_drop = net::decode_ip(Family::v4, octets.subspan(14), cut, wanted, plain);
        require(drop == plain_drop && (drop || same(packet, plain)), "the short way and the long one agree");
    }
    for (std::size_t from = 0; from < 3 && from <= octets.size(); ++from)
        require(net::ones_complement_sum(octets.subspan(from), how) ==
                    net::ones_complement_sum_plain(octets.subspan(from), how),
                "the fast sum is the plain one");
    const auto whole = net::whole_packet(link, octets, tags);
    if (drop) return;
    stays_inside(octets, packet);
    require(whole && whole->family == packet.family && whole->ip.data() == packet.ip.data() &&
                whole->ip.size() == packet.ip.size(),
            "what decodes is a whole packet");
    const bool six = packet.family == Family::v6;
    const std::uint8_t high = six ? 0x86 : 0x08, low = six ? 0xdd : 0x00;
    same_behind(LinkType::raw, {}, packet, wanted);
    same_behind(six ? LinkType::ipv6 : LinkType::ipv4, {}, packet, wanted);
    same_behind(LinkType::bsd_loop, {0, 0, 0, static_cast<std::uint8_t>(six ? 30 : 2)}, packet, wanted);
    same_behind(LinkType::ethernet, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x81, 0, 0, 7, high, low}, packet,
                wanted);
    if (packet.protocol != net::protocol_udp || (packet.fragment && packet.fragment->offset != 0)) return;
    const std::uint16_t stated = load_be16(packet.transport() + 4);
    const Octets udp = packet.ip.subspan(packet.transport_at);
    const Octets datagram = udp.first(std::min<std::size_t>(udp.size(), stated));
    require(net::udp_checksum_sum(packet.family, packet.source(), packet.destination(), datagram, stated) ==
                sum_is_right(packet, datagram, stated),
            "the UDP checksum is judged as the RFC has it");
}
