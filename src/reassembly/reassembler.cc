#include "reassembly/reassembler.h"

#include <algorithm>

#include "net/checksum.h"
#include "reassembly/fragment_tree.h"
#include "reassembly/octet_cells.h"
#include "reassembly/waiting_datagrams.h"

namespace sie::reassembly {
namespace {

constexpr std::size_t largest_packet = 65575;  // IPv6: header and payload
constexpr std::size_t smallest_packet = 20;    // an IPv4 header without data
constexpr std::size_t most_parts = 8192;       // of 65,536 octets, when each begins at a multiple of 8
constexpr std::uint32_t none = UINT32_MAX;

// Over this, header in front included, no datagram may come out (RFC 791; RFC 8200 §4.5, Q19).
[[nodiscard]] constexpr std::uint32_t longest(net::Family family) {
    return family == net::Family::v4 ? 65535 : 65536;
}

// Octets of the rebuilt packet that stand before the fragmented data.
[[nodiscard]] std::uint32_t octets_in_front(net::Family family, const HeldFragment& fragment) {
    return family == net::Family::v4 ? fragment.data_at : fragment.header_at;
}

}  // namespace

// Room for the bound and one packet more: a fragment is stored first, then the oldest leave. A fragment takes
// at least 20 octets of the bound, so ⌈n / 64⌉ cells are never more than n / 20, but for the last packet: the
// storage cannot run out before the bound is reached.
struct Reassembler::State {
    State(DropCounter& drop_counter, HashKey key, Limits bounds)
        : drops(drop_counter),
          limits(bounds),
          cells(static_cast<std::uint32_t>(bounds.octets / smallest_packet +
                                           largest_packet / OctetCells::cell_octets + 2)),
          fragments(static_cast<std::uint32_t>(bounds.octets / smallest_packet + 2), key),
          waiting(static_cast<std::uint32_t>(bounds.datagrams + 1), key),
          part_octets(std::make_unique_for_overwrite<std::uint8_t[]>(bounds.octets + largest_packet)),
          parts(std::make_unique<Part[]>(most_parts)),
          rebuilt(std::make_unique_for_overwrite<std::uint8_t[]>(largest_packet)) {}

    DropCounter& drops;
    Limits limits;
    OctetCells cells;
    FragmentPool fragments;
    WaitingDatagrams waiting;
    std::size_t octets = 0;    // of all held fragments, headers included
    Time earliest{INT64_MAX};  // no waiting datagram began before that

    // The octets of the last complete datagram: its fragments as they came, and the packet made of them.
    std::unique_ptr<std::uint8_t[]> part_octets;
    std::unique_ptr<Part[]> parts;
    std::unique_ptr<std::uint8_t[]> rebuilt;

    void count(DropReason reason, std::uint64_t n) {
        if (n != 0) drops.count(reason, n);
    }

    // Lets go of the fragments of a datagram; tells how many they were.
    std::uint32_t release_fragments(WaitingDatagram& datagram) {
        const std::uint32_t n = datagram.fragments;
        for (std::uint32_t i = fragments.flatten(datagram.root); i != none;) {
            const std::uint32_t next = fragments[i].right;
            cells.release(fragments[i].cells);
            fragments.release(i);
            i = next;
        }
        octets -= datagram.ip_octets;
        datagram.root = none;
        datagram.fragments = 0;
        datagram.ip_octets = 0;
        return n;
    }

    void give_up(std::uint32_t index, DropReason reason) {
        count(reason, release_fragments(waiting[index]));
        waiting.remove(index);
    }

    void spoil(WaitingDatagram& datagram, DropReason reason) {
        datagram.spoiled = reason;
        count(reason, release_fragments(datagram));
    }

    // Evicts the oldest datagrams, spoiled ones too, until the bounds hold. Was `newest` among them?
    bool make_room(std::uint32_t newest) {
        bool evicted = false;
        while (waiting.size() > limits.datagrams || octets > limits.octets) {
            evicted = evicted || waiting.oldest() == newest;
            give_up(waiting.oldest(), DropReason::fragment_evicted);
        }
        return evicted;
    }

    [[nodiscard]] std::optional<DropReason> breach(const WaitingDatagram& datagram,
                                                   const net::PacketView& packet, std::uint32_t size) const;
    void hold(WaitingDatagram& datagram, const net::PacketView& packet, Time time);
    [[nodiscard]] Inserted complete(std::uint32_t index, net::Transports wanted, Datagram& out);
    [[nodiscard]] Octets rebuild(net::Family family, const Part& first, const HeldFragment& held,
                                 std::size_t part_count);
};

// RFC 5722, RFC 8200 §4.5, Q17. `furthest` stands for all held ends; of all fragments that begin before this
// one ends, the last in order is the only one that can overlap it, since those held do not overlap.
std::optional<DropReason> Reassembler::State::breach(const WaitingDatagram& datagram,
                                                     const net::PacketView& packet,
                                                     std::uint32_t size) const {
    const net::Fragment& fragment = *packet.fragment;
    const std::uint32_t end = fragment.offset + size;
    const std::uint32_t in_front =
        packet.family == net::Family::v4 ? packet.transport_at : fragment.header_at;
    if ((fragment.more && size % 8 != 0) || in_front + end > longest(packet.family))
        return DropReason::fragment_bad_length;
    if (!fragment.more && (datagram.end || datagram.furthest > end)) return DropReason::fragment_bad_length;
    if (datagram.end && end > *datagram.end) return DropReason::fragment_bad_length;
    const std::uint32_t before = fragments.last_before(datagram.root, end);
    if (before != none && fragment.offset < fragments[before].end()) return DropReason::fragment_overlap;
    return {};
}

void Reassembler::State::hold(WaitingDatagram& datagram, const net::PacketView& packet, Time time) {
    const net::Fragment& fragment = *packet.fragment;
    const std::uint32_t data_at = packet.fragment_data_at();
    const auto size = static_cast<std::uint32_t>(packet.ip.size()) - data_at;
    const std::uint32_t index = fragments.take();
    HeldFragment& held = fragments[index];
    held.order = HeldFragment::order_of(fragment.offset, size, fragment.more);
    held.time_ns = time.ns;
    held.cells = cells.put(packet.ip);
    held.ip_octets = static_cast<std::uint32_t>(packet.ip.size());
    held.data_at = data_at;
    held.header_at = fragment.header_at;
    held.named_at = fragment.named_at;
    fragments.insert(datagram.root, index);
    ++datagram.fragments;
    datagram.furthest = std::max(datagram.furthest, held.end());
    if (!fragment.more) datagram.end = held.end();
    datagram.data_octets += size;
    datagram.ip_octets += packet.ip.size();
    octets += packet.ip.size();
}

Reassembler::Inserted Reassembler::State::complete(std::uint32_t index, net::Transports wanted,
                                                   Datagram& out) {
    WaitingDatagram& datagram = waiting[index];
    const net::Family family = datagram.key.family;
    datagram.root = fragments.flatten(datagram.root);
    const HeldFragment held = fragments[datagram.root];
    // The fragments were judged each by its own header; the one in front may be longer.
    if (octets_in_front(family, held) + *datagram.end > longest(family)) {
        spoil(datagram, DropReason::fragment_bad_length);
        return {Outcome::dropped, 0, {}};
    }
    std::size_t part_count = 0;
    std::uint8_t* to = part_octets.get();
    for (std::uint32_t i = datagram.root; i != none; i = fragments[i].right) {
        const HeldFragment& f = fragments[i];
        if (f.size() == 0) continue;
        const MutableOctets ip{to, f.ip_octets};
        cells.copy(f.cells, ip);
        to += f.ip_octets;
        parts[part_count++] = {.ip = ip, .time = Time{f.time_ns}, .data_at = f.data_at, .offset = f.offset()};
    }
    Inserted result{Outcome::complete, release_fragments(datagram), {}};
    waiting.remove(index);
    const Octets packet = rebuild(family, parts[0], held, part_count);
    result.rebuilt_drop = net::decode_ip(family, packet, false, wanted, out.packet);
    out.parts = {parts.get(), part_count};
    out.base = result.rebuilt_drop ? 0 : out.packet.transport_at - octets_in_front(family, held);
    return result;
}

// Q19. IPv4: the header of the initial fragment with total length, no flags, offset 0, checksum. IPv6: what
// stands before its fragment header; the header before that one names what the fragment header named.
Octets Reassembler::State::rebuild(net::Family family, const Part& first, const HeldFragment& held,
                                   std::size_t part_count) {
    std::uint8_t* const p = rebuilt.get();
    const std::uint32_t in_front = octets_in_front(family, held);
    std::memcpy(p, first.ip.data(), in_front);
    std::size_t size = in_front;
    for (std::size_t i = 0; i < part_count; ++i) {
        const Octets data = parts[i].ip.subspan(parts[i].data_at);
        std::memcpy(p + size, data.data(), data.size());
        size += data.size();
    }
    if (family == net::Family::v4) {
        store_be16(p + 2, static_cast<std::uint16_t>(size));
        store_be16(p + 6, 0);
        store_be16(p + 10, 0);
        store_be16(p + 10, static_cast<std::uint16_t>(net::ones_complement_sum({p, in_front}) ^ 0xffff));
    } else {
        p[held.named_at] = first.ip[held.header_at];
        store_be16(p + 4, static_cast<std::uint16_t>(size - 40));
    }
    return {p, size};
}

Reassembler::Reassembler(DropCounter& drops, HashKey key, Limits limits)
    : state_(std::make_unique<State>(drops, key, limits)) {}
Reassembler::~Reassembler() = default;

// Stamps may be out of order, so creation order is not order of age: all are looked at, but only when the
// earliest is due. Each such walk either gives up a datagram or follows on one that left before its time.
void Reassembler::expire(Time now) {
    State& s = *state_;
    const auto due = [&](Time first) {
        return now > first && static_cast<std::uint64_t>(now.ns) - static_cast<std::uint64_t>(first.ns) >
                                  static_cast<std::uint64_t>(s.limits.lifetime_ns);
    };
    if (!due(s.earliest)) return;
    s.earliest = Time{INT64_MAX};
    for (std::uint32_t i = s.waiting.oldest(); i != none;) {
        const std::uint32_t next = s.waiting[i].newer;
        if (due(s.waiting[i].first)) {
            s.give_up(i, DropReason::fragment_timeout);
        } else {
            s.earliest = std::min(s.earliest, s.waiting[i].first);
        }
        i = next;
    }
}

Reassembler::Inserted Reassembler::insert(const net::PacketView& packet, Time time, net::Transports wanted,
                                          Datagram& out) {
    State& s = *state_;
    const net::Fragment& fragment = *packet.fragment;
    const Octets data = packet.ip.subspan(packet.fragment_data_at());
    const auto size = static_cast<std::uint32_t>(data.size());
    const DatagramKey key = DatagramKey::of(packet);
    std::uint32_t index = s.waiting.find(key);
    if (index == none) {
        index = s.waiting.add(key, time);
        s.earliest = std::min(s.earliest, time);
    }
    WaitingDatagram& datagram = s.waiting[index];
    const auto dropped = [&s](DropReason reason) {
        s.count(reason, 1);
        return Inserted{Outcome::dropped, 0, {}};
    };
    if (datagram.spoiled) return dropped(*datagram.spoiled);
    const std::uint32_t same =
        s.fragments.find(datagram.root, HeldFragment::order_of(fragment.offset, size, fragment.more));
    if (same != none && s.cells.holds(s.fragments[same].cells, s.fragments[same].data_at, data))
        return dropped(DropReason::fragment_duplicate);
    if (const auto reason = s.breach(datagram, packet, size)) {
        s.spoil(datagram, *reason);
        s.make_room(index);  // a datagram may be spoiled by its first fragment
        return dropped(*reason);
    }
    s.hold(datagram, packet, time);
    if (!datagram.end || datagram.data_octets != *datagram.end) {
        return {s.make_room(index) ? Outcome::dropped : Outcome::held, 0, {}};
    }
    return s.complete(index, wanted, out);
}

void Reassembler::finish() {
    while (state_->waiting.oldest() != none)
        state_->give_up(state_->waiting.oldest(), DropReason::fragment_timeout);
}

std::size_t Reassembler::datagrams_waiting() const { return state_->waiting.size(); }
std::size_t Reassembler::octets_waiting() const { return state_->octets; }

}  // namespace sie::reassembly
