// The queries that wait for their responses (DESIGN §5, FACTS Q25–Q31).
//
// In: queries, copied. Out: for a response the query that it answers, for a clock the queries that are due,
// in stored order. Capacity and octets are bounded and the memory is taken once. Every operation is a look-up
// in a keyed hash or the head of a list, whatever addresses, ports, ids and names an attacker chooses:
//
//   index `exact`    (addresses, ports, id, question or none) → first-in list of equal open queries
//   index `endpoint` (addresses, ports, id)                   → first-in list of all of them, for header-only
//   answers (Q26) list `stored`    all entries in stored order              → eviction, end of input map
//   `seconds`   second of the query's stamp              → the entries of that second in stored order: expiry
//
// The indexes are hash tables that grow and shrink bucket by bucket with the number of entries (linear
// hashing, Litwin 1980): a few thousand queries wait as a rule, and their buckets stay in the cache.
//
// One thread. Views given out stay valid until the next store() or remove().
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <memory_resource>
#include <vector>

#include "base/huge_pages.h"
#include "base/keyed_hash.h"
#include "base/slab.h"
#include "dnsqr/message.h"

namespace sie::dnsqr {

class QueryTable {
  public:
    using Id = std::uint32_t;
    static constexpr Id none = 0;

    // `most_octets`: kept of queries; 0: 64 MiB, or 512 × capacity if that is more.
    QueryTable(std::uint32_t capacity, HashKey key, std::size_t most_octets = 0);
    ~QueryTable();
    QueryTable(const QueryTable&) = delete;
    QueryTable& operator=(const QueryTable&) = delete;

    [[nodiscard]] std::uint32_t size() const { return size_; }
    [[nodiscard]] std::size_t octets() const { return slab_.octets_in_chunks(); }  // taken by what is stored
    [[nodiscard]] bool full() const { return size_ == capacity_; }

    // By which a message is stored and found. Computing them asks the memory for what the look-up will need:
    // best done some time before, as are the next steps on the way, to the entry that the bucket names and to
    // the query that this entry names.
    struct Keys {
        std::uint32_t of[2];
    };
    [[nodiscard]] Keys keys_of(const Message& message) const;
    void approach_entry(Keys keys) const;
    void approach_query(Keys keys) const;
    void approach_query(Id id) const;

    // Copies the query; the table must not be full. none: the bound on octets is reached, free the oldest and
    // ask again.
    [[nodiscard]] Id store(const Message& query, Keys keys);
    [[nodiscard]] Id store(const Message& query) { return store(query, keys_of(query)); }
    // The octets of the stored packets, one for each part, for blanking in place.
    [[nodiscard]] std::uint8_t* stored_octets(Id id, std::size_t part);

    // The query that this response answers, the one stored first if there are several (Q25, Q26).
    [[nodiscard]] Id find(const Message& response, Keys keys) const;
    [[nodiscard]] Id find(const Message& response) const { return find(response, keys_of(response)); }
    // Entries whose whole second is before `second`, in stored order, into `out` (cleared first).
    void due(std::int64_t second, std::vector<Id>& out) const;
    [[nodiscard]] bool any_due(std::int64_t second) const {
        return !seconds_.empty() && seconds_.begin()->first < second;
    }
    [[nodiscard]] Id oldest() const { return stored_head_; }

    // The query as it was stored; its parts stand in `parts`, which is overwritten.
    [[nodiscard]] Message view(Id id, std::vector<reassembly::Part>& parts) const;
    void remove(Id id);

  private:
    struct StoredPart;
    struct StoredQuery;
    struct Entry;
    enum Index : std::size_t { exact = 0, endpoint = 1 };
    struct SecondList {
        std::int64_t second;
        Id head, tail;
    };

    [[nodiscard]] Keys keys_with(const Message& message, Octets question) const;
    // `seen` has a bit for each hash in the chain (and may have more): who is not there is mostly known
    // without a look at an entry, which lies far away. Each entry knows what was seen behind it.
    struct Bucket {
        Id head;
        std::uint16_t seen;
    };
    [[nodiscard]] static std::uint16_t seen_bit(std::uint32_t hash) {
        return static_cast<std::uint16_t>(1U << (hash >> 28));
    }
    [[nodiscard]] Bucket* bucket_of(Index index, std::uint32_t hash) const {
        const std::uint32_t at = hash & (2 * low_mask_ + 1);
        return buckets_[index] + (at < buckets_in_use_ ? at : at & low_mask_);
    }
    void add_bucket();
    void remove_bucket();
    [[nodiscard]] bool same_endpoint(const Entry& entry, const Message& message) const;
    [[nodiscard]] bool same(Index index, const Entry& entry, const Message& message, Octets question) const;
    [[nodiscard]] Id look_up(Index index, std::uint32_t hash, const Message& message, Octets question) const;
    void link(Index index, Id id, const Message& query);
    void unlink(Index index, Id id);
    [[nodiscard]] bool is_head(Index index, Id id) const;
    [[nodiscard]] StoredQuery* copy(const Message& query);
    void release(StoredQuery* query);
    [[nodiscard]] std::uint32_t list_of(std::int64_t second);

    std::uint32_t capacity_, size_ = 0, never_used_ = 1;
    std::uint32_t most_buckets_, buckets_in_use_,
        low_mask_;  // low_mask_ < buckets_in_use_ <= 2 × low_mask_ + 1
    KeyedHash hash_;
    std::uint64_t sequence_ = 0;
    HugePages memory_;    // of the next three
    Bucket* buckets_[2];  // chains of distinct keys
    Entry* entries_;      // 1 … capacity
    Id free_ = none, stored_head_ = none, stored_tail_ = none;
    std::pmr::unsynchronized_pool_resource pool_;                 // recycles the nodes of seconds_
    std::pmr::map<std::int64_t, std::uint32_t> seconds_{&pool_};  // → its list
    std::vector<SecondList> second_lists_;
    std::vector<std::uint32_t> free_second_lists_;
    Slab slab_;
};

}  // namespace sie::dnsqr
