// What stands in the packets that a base:dnsqr payload recorded: the DNS message, the verdict on its
// checksum.
//
// In: IP packets, one or the fragments of one datagram (FACTS N40). Out: views into them or into the memory
// of the reassembler, valid until the next call. One thread.
#pragma once

#include <memory>
#include <optional>
#include <span>

#include "base/octets.h"
#include "nmsg/dnsqr_payload.h"
#include "reassembly/reassembler.h"

namespace sie::text {

class RecordedPackets {
  public:
    // The UDP datagram in one packet, or in the fragments together; null if they are no such thing.
    struct Datagram {
        net::PacketView packet;
        Octets udp;  // header and data, as far as the packet goes
    };
    [[nodiscard]] const Datagram* datagram(std::span<const Octets> packets);
    // Its data: the DNS message.
    [[nodiscard]] std::optional<Octets> dns(std::span<const Octets> packets);
    // What a payload without a stored verdict shows (N40).
    [[nodiscard]] nmsg::ChecksumVerdict verdict(std::span<const Octets> packets);

  private:
    struct NotCounted final : reassembly::DropCounter {
        void count(DropReason, std::uint64_t) override {}
    };
    NotCounted drops_;
    Datagram found_;
    std::unique_ptr<reassembly::Reassembler> reassembler_;  // made when fragments first come
};

}  // namespace sie::text
