// The held fragments of one datagram in the order of (offset, size, more): a treap over nodes of one fixed
// pool.
//
// Priorities come from a keyed hash, so that whatever order an attacker sends 8,192 pieces in, a look-up or
// an insertion takes O(log n) steps as expected. Fragments leave only all together, so there is no removal of
// one.
#pragma once

#include <cstdint>
#include <memory>

#include "base/siphash.h"

namespace sie::reassembly {

// Trivial, so that a pool of them is not touched before use.
struct HeldFragment {
    std::uint64_t order;  // offset << 32 | size << 1 | more
    std::int64_t time_ns;
    std::uint32_t left, right;
    std::uint32_t priority;
    std::uint32_t cells;  // chain of its octets
    std::uint32_t ip_octets;
    std::uint32_t data_at;  // the last four as in net::PacketView and net::Fragment
    std::uint32_t header_at;
    std::uint32_t named_at;

    [[nodiscard]] std::uint32_t offset() const { return static_cast<std::uint32_t>(order >> 32); }
    [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(order) >> 1; }
    [[nodiscard]] std::uint32_t end() const { return offset() + size(); }
    [[nodiscard]] static constexpr std::uint64_t order_of(std::uint32_t offset, std::uint32_t size,
                                                          bool more) {
        return std::uint64_t{offset} << 32 | std::uint64_t{size} << 1 | (more ? 1U : 0U);
    }
};

class FragmentPool {
  public:
    static constexpr std::uint32_t none = UINT32_MAX;

    FragmentPool(std::uint32_t fragments, HashKey key);

    [[nodiscard]] HeldFragment& operator[](std::uint32_t index) { return fragments_[index]; }
    [[nodiscard]] const HeldFragment& operator[](std::uint32_t index) const { return fragments_[index]; }
    // A free node with a priority; the owner counts and does not call without room.
    [[nodiscard]] std::uint32_t take();
    void release(std::uint32_t index);

    // Trees are named by the number of their root, none if empty. No two fragments of a tree have the same
    // order.
    void insert(std::uint32_t& root, std::uint32_t fragment);
    [[nodiscard]] std::uint32_t find(std::uint32_t root, std::uint64_t order) const;
    // The last fragment in order that begins before `offset`, or none.
    [[nodiscard]] std::uint32_t last_before(std::uint32_t root, std::uint32_t offset) const;
    // Turns the tree into a list in order, linked by `right`. The tree is gone after that.
    [[nodiscard]] std::uint32_t flatten(std::uint32_t root);

  private:
    std::unique_ptr<HeldFragment[]> fragments_;
    HashKey key_;
    std::uint64_t taken_ = 0;
    std::uint32_t free_ = none;
    std::uint32_t fresh_ = 0;
};

}  // namespace sie::reassembly
