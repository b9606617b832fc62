#include "text/recorded_packets.h"

#include <algorithm>

#include "net/checksum.h"

namespace sie::text {

namespace {

bool decode(Octets packet, net::PacketView& view) {
    if (packet.empty()) return false;
    const net::Family family = packet[0] >> 4 == 6 ? net::Family::v6 : net::Family::v4;
    return !net::decode_ip(family, packet, false, {}, view);
}

}  // namespace

const RecordedPackets::Datagram* RecordedPackets::datagram(std::span<const Octets> packets) {
    net::PacketView& view = found_.packet;
    const auto whole = [&] {
        found_.udp = view.ip.subspan(view.transport_at);
        return &found_;
    };
    if (packets.size() == 1) {
        if (!decode(packets[0], view)) return nullptr;
        if (!view.fragment) return whole();
    }
    if (!reassembler_) reassembler_ = std::make_unique<reassembly::Reassembler>(drops_, HashKey{});
    reassembler_->finish();
    for (const Octets packet : packets) {
        if (!decode(packet, view) || !view.fragment) return nullptr;
        reassembly::Datagram out;
        const auto inserted = reassembler_->insert(view, Time{}, {}, out);
        if (inserted.outcome != reassembly::Outcome::complete) continue;
        if (inserted.rebuilt_drop) return nullptr;
        view = out.packet;
        return whole();
    }
    return nullptr;
}

std::optional<Octets> RecordedPackets::dns(std::span<const Octets> packets) {
    const Datagram* const found = datagram(packets);
    if (found == nullptr) return std::nullopt;
    const std::size_t stated = load_be16(found->udp.data() + 4);
    if (stated < 8) return std::nullopt;
    return found->udp.first(std::min(stated, found->udp.size())).subspan(8);
}

nmsg::ChecksumVerdict RecordedPackets::verdict(std::span<const Octets> packets) {
    const Datagram* const found = datagram(packets);
    if (found == nullptr) return nmsg::ChecksumVerdict::error;
    const std::uint16_t stated = load_be16(found->udp.data() + 4);
    if (load_be16(found->udp.data() + 6) == 0) return nmsg::ChecksumVerdict::absent;
    const Octets udp = found->udp.first(std::min<std::size_t>(stated, found->udp.size()));
    return net::udp_checksum_sum(found->packet.family, found->packet.source(), found->packet.destination(),
                                 udp, stated)
               ? nmsg::ChecksumVerdict::correct
               : nmsg::ChecksumVerdict::incorrect;
}

}  // namespace sie::text
