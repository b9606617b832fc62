#include "text/recorded_packets.h"

#include <algorithm>

#include "net/checksum.h"

namespace sie::text {

namespace {

std::optional<net::PacketView> decoded(Octets packet) {
    if (packet.empty()) return std::nullopt;
    const net::Family family = packet[0] >> 4 == 6 ? net::Family::v6 : net::Family::v4;
    net::PacketView view;
    if (net::decode_ip(family, packet, false, {}, view)) return std::nullopt;
    return view;
}

}  // namespace

std::optional<RecordedPackets::Datagram> RecordedPackets::datagram(std::span<const Octets> packets) {
    const auto whole = [](const net::PacketView& view) {
        return Datagram{view, view.ip.subspan(view.transport_at)};
    };
    if (packets.size() == 1) {
        const auto view = decoded(packets[0]);
        if (!view) return std::nullopt;
        if (!view->fragment) return whole(*view);
    }
    if (!reassembler_) reassembler_ = std::make_unique<reassembly::Reassembler>(drops_, HashKey{});
    reassembler_->finish();
    for (const Octets packet : packets) {
        const auto view = decoded(packet);
        if (!view || !view->fragment) return std::nullopt;
        reassembly::Datagram out;
        const auto inserted = reassembler_->insert(*view, Time{}, {}, out);
        if (inserted.outcome != reassembly::Outcome::complete) continue;
        if (inserted.rebuilt_drop) return std::nullopt;
        return whole(out.packet);
    }
    return std::nullopt;
}

std::optional<Octets> RecordedPackets::dns(std::span<const Octets> packets) {
    const auto found = datagram(packets);
    if (!found) return std::nullopt;
    const std::size_t stated = load_be16(found->udp.data() + 4);
    if (stated < 8) return std::nullopt;
    return found->udp.first(std::min(stated, found->udp.size())).subspan(8);
}

nmsg::ChecksumVerdict RecordedPackets::verdict(std::span<const Octets> packets) {
    const auto found = datagram(packets);
    if (!found) return nmsg::ChecksumVerdict::error;
    const std::uint16_t stated = load_be16(found->udp.data() + 4);
    if (load_be16(found->udp.data() + 6) == 0) return nmsg::ChecksumVerdict::absent;
    const Octets udp = found->udp.first(std::min<std::size_t>(stated, found->udp.size()));
    return net::udp_checksum_sum(found->packet.family, found->packet.source(), found->packet.destination(),
                                 udp, stated)
               ? nmsg::ChecksumVerdict::correct
               : nmsg::ChecksumVerdict::incorrect;
}

}  // namespace sie::text
