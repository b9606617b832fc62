// Fragments, one after the other with their times: the reassembler does what its plain twin does, keeps its
// bounds, and every fragment comes out or is counted.
#include <numeric>

#include "fuzz/fuzz_target.h"
#include "reassembly/reassembler_twin.h"

namespace sie::fuzz::fragments {
namespace {

using reassembly::Outcome, reassembly::Reassembler, reassembly::Twin;

struct Drops final : reassembly::DropCounter {
    DropCounts of{};
    void count(DropReason reason, std::uint64_t fragments) override { of[index_of(reason)] += fragments; }
};

// Of few datagrams, so that they meet. Data are those of their offset, but for the mark.
//   octet 0: IPv6, more, marked, options (2 bits), id (3 bits)   1: offset in eights   2: octets of data
Bytes piece(Choices& choices) {
    const unsigned how = choices.octet(), place = choices.octet(), size = choices.octet();
    const unsigned offset = place < 0xf0 ? place : 0x1f10 + place, id = how >> 5,
                   options = (how >> 3 & 3) * 8;
    const bool six = (how & 1) != 0, more = (how & 2) != 0;
    Bytes out;
    if (six) {
        out = {0x60, 0, 0, 0, 0, 0, static_cast<std::uint8_t>(options == 0 ? 44 : 0), 9};
        out.resize(40, 0x20);
        if (options != 0) out.insert(out.end(), {44, static_cast<std::uint8_t>(options / 8 - 1)});
        out.resize(40 + options);
        const unsigned field = offset << 3 | (more ? 1 : 0);
        out.insert(out.end(), {17, 0, static_cast<std::uint8_t>(field >> 8), static_cast<std::uint8_t>(field),
                               0, 0, 0, static_cast<std::uint8_t>(id)});
    } else {
        const unsigned field = offset | (more ? 0x2000 : 0);
        out = {static_cast<std::uint8_t>(0x45 + options / 4),
               0,
               0,
               0,
               0,
               static_cast<std::uint8_t>(id),
               static_cast<std::uint8_t>(field >> 8),
               static_cast<std::uint8_t>(field),
               9,
               17};
        out.resize(20 + options, 0x10);
    }
    for (unsigned i = 0; i < size; ++i)
        out.push_back(static_cast<std::uint8_t>((offset * 8 + i) % 251 + (how & 4)));
    six ? store_be16(&out[4], static_cast<std::uint16_t>(out.size() - 40))
        : store_be16(&out[2], static_cast<std::uint16_t>(out.size()));
    return out;
}

void same_whole(const Twin& twin, const reassembly::Datagram& whole, const Reassembler::Inserted& inserted) {
    require(inserted.rebuilt_drop || equal(whole.packet.ip, twin.rebuilt),
            "the datagram is that of the twin");
    require(whole.parts.size() == twin.parts.size() && inserted.joined >= whole.parts.size(),
            "no part is missing");
    for (std::size_t i = 0; i < whole.parts.size(); ++i)
        require(equal(whole.parts[i].ip, twin.parts[i].packet) && whole.parts[i].time == twin.parts[i].time &&
                    whole.parts[i].offset == twin.parts[i].offset &&
                    whole.parts[i].data_at == twin.parts[i].data_at,
                "a part is the fragment as it came");
}

}  // namespace
}  // namespace sie::fuzz::fragments

SIE_FUZZ_TARGET(reassembly) {
    using namespace sie;
    using namespace sie::fuzz;
    using namespace sie::fuzz::fragments;
    constexpr std::int64_t second = Time::per_second;
    constexpr std::int64_t ticks[] = {0, 1, 1000, second, 29 * second, 30 * second, 30 * second + 1, -second};
    Choices choices(input);
    const unsigned bounds = choices.octet();
    const reassembly::Limits limits{.octets = 100 + (bounds & 15) * 60, .datagrams = 1 + (bounds >> 4)};
    Drops drops;
    Reassembler reassembler(drops, {1, 2}, limits);
    Twin twin{.limits = limits};
    reassembly::Datagram whole;
    std::uint64_t sent = 0, joined = 0;
    Bytes packet, before;
    for (Time now{1'700'000'000 * second}; !choices.empty();) {
        const unsigned step = choices.octet();
        now.ns += ticks[step & 7];
        if ((step & 0x18) == 0x18 && !before.empty()) {  // the one before the last again, on another way
            packet = before;
            packet[packet[0] >> 4 == 4 ? 8 : 7] ^= 1;
        } else {
            before = std::exchange(packet, piece(choices));
        }
        net::PacketView view;
        const auto family = packet[0] >> 4 == 4 ? net::Family::v4 : net::Family::v6;
        if (net::decode_ip(family, packet, false, {}, view) || !view.fragment) continue;
        reassembler.expire(now);
        twin.expire(now);
        const auto inserted = reassembler.insert(view, now, {}, whole);
        require(inserted.outcome == twin.insert(view, now), "a fragment has the fate that the twin says");
        if (inserted.outcome == Outcome::complete) same_whole(twin, whole, inserted);
        ++sent;
        joined += inserted.joined;
        require(drops.of == twin.drops, "each loss is counted under its reason");
        require(reassembler.datagrams_waiting() == twin.records.size() &&
                    reassembler.octets_waiting() == twin.octets(),
                "what waits is what waits in the twin");
        require(reassembler.octets_waiting() <= limits.octets &&
                    reassembler.datagrams_waiting() <= limits.datagrams,
                "the bounds hold");
    }
    reassembler.finish();
    twin.finish();
    require(drops.of == twin.drops &&
                sent == joined + std::accumulate(drops.of.begin(), drops.of.end(), std::uint64_t{0}),
            "every fragment came out or was counted");
}
