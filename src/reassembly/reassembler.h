// IP fragments in, whole datagrams out (FACTS Q15–Q19; REFERENCE §6 B5–B8, §7 Fragments).
//
// In: fragments (views, copied on arrival) with their times, in order of arrival. Out: when one completes its
// datagram, a Datagram: the packet rebuilt without fragmentation, and every fragment as it came, in the order
// of offsets. What is lost is told to the ledger by reason: each fragment in exactly one count. Bounds
// (DESIGN §5): 4 MiB of fragments, headers included, and 4,096 datagrams, spoiled ones included; 30 s of
// packet time after the fragment that came first. All memory is taken at construction. One thread.
// A Datagram's views stay valid until the next call of insert() or expire().
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/drop_reason.h"
#include "base/siphash.h"
#include "base/time.h"
#include "net/packet.h"

namespace sie::reassembly {

// A recorded piece of a datagram: one IP packet as it was on the wire.
struct Part {
    Octets ip;  // the IP packet, cut to the length that its header states
    Time time;
    std::uint32_t data_at = 0;  // where its piece begins in ip; of a whole packet: its transport header
    std::uint32_t offset = 0;   // of that piece in the datagram; of a whole packet 0
};

struct Datagram {
    // Rebuilt. IPv4: total length set, flags and offset zero, checksum recomputed; IPv6: fragment header cut
    // out.
    net::PacketView packet;
    // In the order of offsets; an empty last fragment is left out.
    std::span<const Part> parts;
    // How far into the fragmented data the transport header stands: packet.transport_at − start of the data
    // in packet.ip.
    std::uint32_t base = 0;
};

struct Limits {
    std::size_t octets = std::size_t{4} << 20;
    std::size_t datagrams = 4096;
    std::int64_t lifetime_ns = 30 * Time::per_second;
};

enum class Outcome : std::uint8_t { held, complete, dropped };

// Where the reassembler tells how many fragments it lost for which reason.
class DropCounter {
  public:
    virtual void count(DropReason reason, std::uint64_t fragments) = 0;

  protected:
    ~DropCounter() = default;
};

class Reassembler {
  public:
    Reassembler(DropCounter& drops, HashKey key, Limits limits = {});
    ~Reassembler();
    Reassembler(const Reassembler&) = delete;
    Reassembler& operator=(const Reassembler&) = delete;

    // Gives up every datagram whose first fragment is more than the lifetime older than now
    // (fragment_timeout). A time that jumps back gives up nothing. Costs nothing while nothing is due.
    void expire(Time now);
    // Takes in one fragment (packet.fragment is set). complete: `out` is filled; when the rebuilt packet does
    // not decode (its reason is in `rebuilt_drop`), out.packet is not to be used but joined is counted all
    // the same. dropped: the reason was counted.
    struct Inserted {
        Outcome outcome = Outcome::held;
        std::uint32_t joined = 0;                // complete: fragments that went in, an empty last one too
        std::optional<DropReason> rebuilt_drop;  // complete: the rebuilt packet is dropped for this
    };
    [[nodiscard]] Inserted insert(const net::PacketView& packet, Time time, net::Transports wanted,
                                  Datagram& out);
    // The end of input: what is unfinished counts as fragment_timeout.
    void finish();

    [[nodiscard]] std::size_t datagrams_waiting() const;
    [[nodiscard]] std::size_t octets_waiting() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace sie::reassembly
