// What a recursive resolver and its servers say to each other, made for measuring live capture: numbered
// transactions whose frames stand ready in memory and are patched to the next number.
//
//   number = round × transactions_in_round + index; frames of an index differ from round to round in
//
//     id and source port      a hash of the number
//     n0000002a.zone…         the first label: n and the number in hex
//     IP id of fragments      the round
//     checksums               from the sum of all that does not change
//
// So each transaction is another one over hours, every checksum is right, and whoever reads a recorded packet
// can make the frame again and compare. 70 % IPv4; 5 % of the queries are never answered; 3 % of the
// responses come in fragments; a response follows its query after as many other transactions as fit into some
// milliseconds. The same octets for the same seed. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/octets.h"

namespace sie::bench {

constexpr std::uint32_t transactions_in_round = 8192;

struct LiveIdentity {
    std::uint16_t id, port;
};
[[nodiscard]] LiveIdentity identity_of(std::uint32_t number);

class LiveTraffic {
  public:
    explicit LiveTraffic(std::uint64_t seed = 1);

    // One frame in the order of sending. `rounds_late`: 1 for what belongs to the round before.
    struct Slot {
        std::uint32_t index;
        std::uint8_t rounds_late;
        bool response;
        std::uint16_t part;  // of a response in fragments: 0, 1, …
        std::uint32_t frame;
    };
    [[nodiscard]] const std::vector<Slot>& slots() const { return slots_; }
    [[nodiscard]] bool answered(std::uint32_t number) const {
        return parts_[number % transactions_in_round] != 0;
    }
    // How many frames the response comes in; 0: there is none.
    [[nodiscard]] std::size_t response_frames(std::uint32_t number) const {
        return parts_[number % transactions_in_round];
    }

    // The frame of that transaction, from the Ethernet header on, patched in place; valid until it is patched
    // again.
    [[nodiscard]] Octets frame(const Slot& slot, std::uint32_t number) { return patch(slot.frame, number); }
    [[nodiscard]] Octets query(std::uint32_t number) {
        return patch(queries_[number % transactions_in_round], number);
    }
    [[nodiscard]] Octets response(std::uint32_t number, std::size_t part) {
        return patch(queries_[number % transactions_in_round] + 1 + static_cast<std::uint32_t>(part), number);
    }
    // The number in a question's name as it stands on the wire; false if that is no name of ours.
    [[nodiscard]] static bool number_in(Octets name, std::uint32_t& number);

    struct Shape {
        std::uint64_t transactions, answered, fragmented, ipv6, frames, frame_octets, response_octets;
    };
    [[nodiscard]] Shape shape() const { return shape_; }

  private:
    static constexpr std::uint16_t nowhere = 0;
    // Places are offsets into the frame; `nowhere`: not in this frame.
    struct Frame {
        std::uint32_t begin;
        std::uint16_t octets;
        std::uint16_t udp_at, port_at;  // of the frame that holds the UDP header
        std::uint16_t ip_id_at, ip_sum_at;
        bool wide_ip_id;  // 32 bits (IPv6)
        std::uint32_t udp_sum, ip_sum;
    };
    struct Making;

    Octets patch(std::uint32_t frame, std::uint32_t number);
    void make(std::uint32_t index, Making& making);
    void schedule(std::uint64_t seed);

    std::vector<std::uint8_t> octets_;
    std::vector<Frame> frames_;
    std::vector<std::uint32_t> queries_;  // of each index; its response's frames follow
    std::vector<std::uint8_t> parts_;
    std::vector<Slot> slots_;
    Shape shape_{};
    std::array<std::uint16_t, 256> hex_;  // two digits of an octet, as they stand in memory
};

// The frames in the order of sending. stop(): no transaction begins any more, those under way still end.
class LiveSequence {
  public:
    explicit LiveSequence(const LiveTraffic& traffic) : slots_(traffic.slots()) {}
    // False: all that began has ended.
    [[nodiscard]] bool next(const LiveTraffic::Slot*& slot, std::uint32_t& number);
    void stop();
    // Transactions 0 … begun() − 1 are those of this sequence.
    [[nodiscard]] std::uint32_t begun() const { return begun_; }

  private:
    const std::vector<LiveTraffic::Slot>& slots_;
    std::size_t at_ = 0;
    std::uint32_t round_ = 0, begun_ = 0;
    bool stopped_ = false;
    std::size_t left_ = 0;  // slots to look at after stop()
};

}  // namespace sie::bench
