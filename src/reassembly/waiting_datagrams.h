// The datagrams under reassembly: found by their key through a keyed hash, and listed in order of creation.
//
// A fixed number of records; one more than may wait, since the newest is judged before the oldest makes room.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/drop_reason.h"
#include "base/siphash.h"
#include "base/time.h"
#include "net/packet.h"
#include "reassembly/fragment_tree.h"

namespace sie::reassembly {

struct DatagramKey {
    net::Family family = net::Family::v4;
    std::uint32_t id = 0;
    std::array<std::uint8_t, 32> addresses{};  // source, destination; zeros behind those of IPv4

    [[nodiscard]] static DatagramKey of(const net::PacketView& fragment);
    friend bool operator==(const DatagramKey&, const DatagramKey&) = default;
};

struct WaitingDatagram {
    DatagramKey key;
    Time first;                         // of the fragment that came first
    std::optional<DropReason> spoiled;  // nothing is held any more, what comes is dropped for this reason
    std::optional<std::uint32_t> end;   // known once the last fragment is there
    std::uint32_t furthest = 0;         // greatest end of a held fragment
    std::uint32_t data_octets = 0;      // of the held fragments, without headers
    std::size_t ip_octets = 0;          // with headers
    std::uint32_t fragments = 0;
    std::uint32_t root = FragmentPool::none;

    std::uint32_t older = UINT32_MAX, newer = UINT32_MAX, bucket_next = UINT32_MAX;
};

class WaitingDatagrams {
  public:
    static constexpr std::uint32_t none = UINT32_MAX;

    WaitingDatagrams(std::uint32_t records, HashKey key);

    [[nodiscard]] WaitingDatagram& operator[](std::uint32_t index) { return records_[index]; }
    [[nodiscard]] std::uint32_t find(const DatagramKey& key) const;
    // The owner removes the oldest before it adds one without room.
    [[nodiscard]] std::uint32_t add(const DatagramKey& key, Time first);
    void remove(std::uint32_t index);

    [[nodiscard]] std::uint32_t oldest() const { return oldest_; }
    [[nodiscard]] std::size_t size() const { return size_; }

  private:
    [[nodiscard]] std::uint32_t& bucket(const DatagramKey& key) const;

    std::unique_ptr<WaitingDatagram[]> records_;
    std::unique_ptr<std::uint32_t[]> buckets_;
    std::uint64_t bucket_mask_ = 0;
    HashKey key_;
    std::uint32_t free_ = none, fresh_ = 0, oldest_ = none, newest_ = none;
    std::size_t size_ = 0;
};

}  // namespace sie::reassembly
