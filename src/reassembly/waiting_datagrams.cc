#include "reassembly/waiting_datagrams.h"

#include <algorithm>
#include <bit>

namespace sie::reassembly {

DatagramKey DatagramKey::of(const net::PacketView& fragment) {
    DatagramKey key{.family = fragment.family, .id = fragment.fragment->id};
    // Source and destination follow one another in both families.
    std::memcpy(key.addresses.data(), fragment.source(), 2 * net::address_octets(fragment.family));
    return key;
}

WaitingDatagrams::WaitingDatagrams(std::uint32_t records, HashKey key)
    : records_(std::make_unique<WaitingDatagram[]>(records)),
      bucket_mask_(std::bit_ceil(std::uint64_t{records} * 2) - 1),
      key_(key) {
    buckets_ = std::make_unique_for_overwrite<std::uint32_t[]>(bucket_mask_ + 1);
    std::fill_n(buckets_.get(), bucket_mask_ + 1, none);
}

std::uint32_t& WaitingDatagrams::bucket(const DatagramKey& key) const {
    SipHash hash(key_);
    hash.word(std::uint64_t{key.id} << 8 | static_cast<std::uint8_t>(key.family));
    hash.octets(Octets(key.addresses).first(2 * net::address_octets(key.family)));
    return buckets_[hash.finish() & bucket_mask_];
}

std::uint32_t WaitingDatagrams::find(const DatagramKey& key) const {
    std::uint32_t index = bucket(key);
    while (index != none && !(records_[index].key == key)) index = records_[index].bucket_next;
    return index;
}

std::uint32_t WaitingDatagrams::add(const DatagramKey& key, Time first) {
    std::uint32_t index = free_;
    if (index != none) {
        free_ = records_[index].bucket_next;
    } else {
        index = fresh_++;
    }
    std::uint32_t& head = bucket(key);
    WaitingDatagram& record = records_[index];
    record = WaitingDatagram{};
    record.key = key;
    record.first = first;
    record.older = newest_;
    record.bucket_next = head;
    head = index;
    (newest_ == none ? oldest_ : records_[newest_].newer) = index;
    newest_ = index;
    ++size_;
    return index;
}

void WaitingDatagrams::remove(std::uint32_t index) {
    WaitingDatagram& record = records_[index];
    std::uint32_t* link = &bucket(record.key);
    while (*link != index) link = &records_[*link].bucket_next;
    *link = record.bucket_next;
    (record.older == none ? oldest_ : records_[record.older].newer) = record.newer;
    (record.newer == none ? newest_ : records_[record.newer].older) = record.older;
    record.bucket_next = free_;
    free_ = index;
    --size_;
}

}  // namespace sie::reassembly
