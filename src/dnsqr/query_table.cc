#include "dnsqr/query_table.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <new>
#include <utility>

namespace sie::dnsqr {

// A recorded packet of a stored query, followed by its octets in the same block.
struct QueryTable::StoredPart {
    StoredPart* next;
    Time time;
    std::uint32_t size, data_at, offset;

    [[nodiscard]] std::uint8_t* octets() { return reinterpret_cast<std::uint8_t*>(this + 1); }
    [[nodiscard]] const std::uint8_t* octets() const {
        return reinterpret_cast<const std::uint8_t*>(this + 1);
    }
};

// The first block of a stored query: what was read from it, and its first packet behind.
struct QueryTable::StoredQuery {
    std::uint8_t* question;  // into the first packet, or a block of its own if the query came in fragments
    std::uint64_t sequence;
    std::uint32_t question_size, base;
    std::uint16_t initiator_port, responder_port, id;
    net::Family family;
    bool recursion_desired;
    StoredPart first;  // last, so that its octets follow

    [[nodiscard]] bool has_question_block() {
        return question != nullptr && (std::less<>{}(question, first.octets()) ||
                                       !std::less<>{}(question, first.octets() + first.size));
    }
};

// A line of the cache.
struct QueryTable::Entry {
    struct Links {
        Id chain_next;            // the next distinct key of the bucket; of the head of a first-in list only
        Id list_prev, list_next;  // equal keys in stored order; before the head stands the tail
    } links[2];
    std::uint32_t hash[2];
    std::uint16_t seen_behind[2];  // of the head of a first-in list only
    Id stored_prev, stored_next, second_prev, second_next;
    std::uint32_t second_list;
    StoredQuery* query;
};

namespace {

constexpr std::uint32_t least_buckets = 16;  // a power of two

std::size_t octet_bound(std::uint32_t capacity) {
    return std::max(std::size_t{64} << 20, std::size_t{512} * capacity);
}

}  // namespace

QueryTable::QueryTable(std::uint32_t capacity, HashKey key, std::size_t most_octets)
    : capacity_(capacity),
      most_buckets_(std::bit_ceil(std::max(capacity, 16U))),
      buckets_in_use_(std::min(most_buckets_, least_buckets)),
      low_mask_(buckets_in_use_ - 1),
      hash_(key),
      memory_(2 * sizeof(Bucket) * most_buckets_ + sizeof(Entry) * (std::size_t{capacity} + 1)),
      slab_(most_octets != 0 ? most_octets : octet_bound(capacity)) {
    static_assert(sizeof(void*) != 8 || sizeof(Entry) == 64);
    if (!memory_) throw std::bad_alloc();
    buckets_[exact] = reinterpret_cast<Bucket*>(memory_.data());
    buckets_[endpoint] = buckets_[exact] + most_buckets_;
    entries_ = reinterpret_cast<Entry*>(buckets_[endpoint] + most_buckets_);
}

QueryTable::~QueryTable() = default;

QueryTable::Keys QueryTable::keys_with(const Message& m, Octets question) const {
    const std::uint64_t ports_and_id =
        std::uint64_t{m.initiator_port} << 32 | std::uint64_t{m.responder_port} << 16 | m.id;
    const KeyedHash::Pair pair =
        m.family == net::Family::v4
            ? hash_(load_le32(m.initiator) | std::uint64_t{load_le32(m.responder)} << 32, ports_and_id,
                    question)
            : hash_(m.initiator, m.responder, ports_and_id, question);
    return {{pair.whole, pair.head}};
}

// Buckets lie far apart: each look into one waits for memory, unless it was asked for in time.
QueryTable::Keys QueryTable::keys_of(const Message& m) const {
    const Keys keys = keys_with(m, m.question);
    __builtin_prefetch(bucket_of(exact, keys.of[exact]), 1);
    __builtin_prefetch(bucket_of(endpoint, keys.of[endpoint]), 1);
    return keys;
}

void QueryTable::approach_entry(Keys keys) const {
    __builtin_prefetch(entries_ + bucket_of(exact, keys.of[exact])->head, 1);
}

void QueryTable::approach_query(Keys keys) const { approach_query(bucket_of(exact, keys.of[exact])->head); }

void QueryTable::approach_query(Id id) const {
    const StoredQuery* query = entries_[id].query;
    if (query == nullptr) return;  // of `none`
    __builtin_prefetch(query, 1);
    __builtin_prefetch(query->first.octets(), 1);
}

bool QueryTable::same_endpoint(const Entry& entry, const Message& m) const {
    const StoredQuery& q = *entry.query;
    if (q.id != m.id || q.initiator_port != m.initiator_port || q.responder_port != m.responder_port ||
        q.family != m.family)
        return false;
    const std::uint8_t* ip = q.first.octets();
    if (m.family == net::Family::v4)
        return load_le32(ip + 12) == load_le32(m.initiator) && load_le32(ip + 16) == load_le32(m.responder);
    return std::memcmp(ip + 8, m.initiator, 16) == 0 && std::memcmp(ip + 24, m.responder, 16) == 0;
}

bool QueryTable::same(Index index, const Entry& entry, const Message& m, Octets question) const {
    return same_endpoint(entry, m) &&
           (index == endpoint || equal({entry.query->question, entry.query->question_size}, question));
}

QueryTable::Id QueryTable::look_up(Index index, std::uint32_t hash, const Message& m, Octets question) const {
    const Bucket bucket = *bucket_of(index, hash);
    if ((bucket.seen & seen_bit(hash)) == 0) return none;
    for (Id id = bucket.head; id != none; id = entries_[id].links[index].chain_next)
        if (entries_[id].hash[index] == hash && same(index, entries_[id], m, question)) return id;
    return none;
}

void QueryTable::link(Index index, Id id, const Message& query) {
    Entry& entry = entries_[id];
    const Id head = look_up(index, entry.hash[index], query, query.question);
    auto& links = entry.links[index];
    if (head == none) {
        Bucket* bucket = bucket_of(index, entry.hash[index]);
        links = {bucket->head, id, none};
        entry.seen_behind[index] = bucket->seen;
        *bucket = {id, static_cast<std::uint16_t>(bucket->seen | seen_bit(entry.hash[index]))};
    } else {
        auto& head_links = entries_[head].links[index];
        links = {none, head_links.list_prev, none};
        entries_[head_links.list_prev].links[index].list_next = id;
        head_links.list_prev = id;
    }
}

bool QueryTable::is_head(Index index, Id id) const {
    return entries_[entries_[id].links[index].list_prev].links[index].list_next == none;
}

void QueryTable::unlink(Index index, Id id) {
    const Entry::Links links = entries_[id].links[index];
    if (!is_head(index, id)) {
        entries_[links.list_prev].links[index].list_next = links.list_next;
        if (links.list_next != none) {
            entries_[links.list_next].links[index].list_prev = links.list_prev;
            return;
        }
        // The tail goes; only the head knows it, and the look-up by key finds the head.
        Id head = bucket_of(index, entries_[id].hash[index])->head;
        while (entries_[head].links[index].list_prev != id) head = entries_[head].links[index].chain_next;
        entries_[head].links[index].list_prev = links.list_prev;
        return;
    }
    Bucket* const bucket = bucket_of(index, entries_[id].hash[index]);
    Id* place = &bucket->head;
    while (*place != id) place = &entries_[*place].links[index].chain_next;
    if (links.list_next == none) {
        *place = links.chain_next;
        if (place == &bucket->head) bucket->seen = *place != none ? entries_[id].seen_behind[index] : 0;
        return;
    }
    Entry& heir = entries_[links.list_next];  // the next in the list takes the head's place in the chain
    heir.links[index].chain_next = links.chain_next;
    heir.links[index].list_prev = links.list_prev;
    heir.seen_behind[index] = entries_[id].seen_behind[index];
    *place = links.list_next;
}

QueryTable::StoredQuery* QueryTable::copy(const Message& m) {
    const auto fill = [](StoredPart& to, const reassembly::Part& part) {
        to.next = nullptr;
        to.time = part.time;
        to.size = static_cast<std::uint32_t>(part.ip.size());
        to.data_at = part.data_at;
        to.offset = part.offset;
        std::memcpy(to.octets(), part.ip.data(), part.ip.size());
    };
    const reassembly::Part& part = m.parts.front();
    std::uint8_t* block = slab_.allocate(sizeof(StoredQuery) + part.ip.size());
    if (block == nullptr) return nullptr;
    auto* q =
        new (block) StoredQuery{nullptr, ++sequence_,      static_cast<std::uint32_t>(m.question.size()),
                                m.base,  m.initiator_port, m.responder_port,
                                m.id,    m.family,         m.recursion_desired,
                                {}};
    fill(q->first, part);
    // An atomic fragment is one packet too, but the message was read from the datagram rebuilt without it.
    const bool as_it_came = !std::less<>{}(m.question.data(), part.ip.data()) &&
                            std::less<>{}(m.question.data(), part.ip.data() + part.ip.size());
    if (as_it_came) {
        q->question = q->first.octets() + (m.question.data() - part.ip.data());
        return q;
    }
    StoredPart* last = &q->first;
    for (const reassembly::Part& more : m.parts.subspan(1)) {
        std::uint8_t* room = slab_.allocate(sizeof(StoredPart) + more.ip.size());
        if (room == nullptr) {
            release(q);
            return nullptr;
        }
        last = last->next = new (room) StoredPart{};
        fill(*last, more);
    }
    if (!m.question.empty()) {
        q->question = slab_.allocate(m.question.size());
        if (q->question == nullptr) {
            release(q);
            return nullptr;
        }
        std::memcpy(q->question, m.question.data(), m.question.size());
    }
    return q;
}

void QueryTable::release(StoredQuery* q) {
    for (StoredPart* part = q->first.next; part != nullptr;) {
        StoredPart* next = part->next;
        slab_.release(reinterpret_cast<std::uint8_t*>(part));
        part = next;
    }
    if (q->has_question_block()) slab_.release(q->question);
    slab_.release(reinterpret_cast<std::uint8_t*>(q));
}

// The next bucket takes from the one that it is split from what the longer mask sends to it.
void QueryTable::add_bucket() {
    const std::uint32_t added = buckets_in_use_++, high_mask = 2 * low_mask_ + 1;
    for (const Index index : {exact, endpoint}) {
        Bucket& from = buckets_[index][added & low_mask_];
        Bucket& to = buckets_[index][added];
        Id *kept = &from.head, *moved = &to.head, id = from.head;
        from.seen = 0;
        while (id != none) {
            Entry& entry = entries_[id];
            const bool moves = (entry.hash[index] & high_mask) == added;
            (moves ? to : from).seen |= seen_bit(entry.hash[index]);
            *(moves ? moved : kept) = id;
            (moves ? moved : kept) = &entry.links[index].chain_next;
            id = entry.links[index].chain_next;
        }
        *kept = *moved = none;
    }
    if (buckets_in_use_ > high_mask) low_mask_ = high_mask;
}

// The other way: the last bucket's chain goes behind that of the one it was split from.
void QueryTable::remove_bucket() {
    if (buckets_in_use_ == low_mask_ + 1) low_mask_ >>= 1;
    const std::uint32_t removed = --buckets_in_use_;
    for (const Index index : {exact, endpoint}) {
        Bucket& to = buckets_[index][removed & low_mask_];
        const Bucket gone = std::exchange(buckets_[index][removed], Bucket{none, 0});
        Id* place = &to.head;
        while (*place != none) {
            Entry& before = entries_[*place];
            before.seen_behind[index] |= gone.seen;
            place = &before.links[index].chain_next;
        }
        *place = gone.head;
        to.seen |= gone.seen;
    }
}

QueryTable::Id QueryTable::store(const Message& query, Keys keys) {
    StoredQuery* stored = copy(query);
    if (stored == nullptr) return none;
    Id id = free_;
    if (id != none)
        free_ = entries_[id].stored_next;
    else
        id = never_used_++;
    Entry& entry = entries_[id];
    entry.hash[exact] = keys.of[exact];
    entry.hash[endpoint] = keys.of[endpoint];
    entry.query = stored;
    link(exact, id, query);
    link(endpoint, id, query);

    entry.stored_prev = stored_tail_;
    entry.stored_next = none;
    (stored_tail_ != none ? entries_[stored_tail_].stored_next : stored_head_) = id;
    stored_tail_ = id;

    entry.second_list = list_of(query.time().seconds());
    SecondList& list = second_lists_[entry.second_list];
    entry.second_prev = list.tail;
    entry.second_next = none;
    (list.tail != none ? entries_[list.tail].second_next : list.head) = id;
    list.tail = id;
    ++size_;
    while (buckets_in_use_ < size_ && buckets_in_use_ < most_buckets_) add_bucket();
    return id;
}

std::uint32_t QueryTable::list_of(std::int64_t second) {
    // Stamps mostly rise: the last second is tried first.
    if (!seconds_.empty() && seconds_.rbegin()->first == second) return seconds_.rbegin()->second;
    const auto [at, added] = seconds_.try_emplace(second, 0);
    if (!added) return at->second;
    if (free_second_lists_.empty()) {
        free_second_lists_.push_back(static_cast<std::uint32_t>(second_lists_.size()));
        second_lists_.emplace_back();
    }
    at->second = free_second_lists_.back();
    free_second_lists_.pop_back();
    second_lists_[at->second] = {second, none, none};
    return at->second;
}

std::uint8_t* QueryTable::stored_octets(Id id, std::size_t part) {
    StoredPart* at = &entries_[id].query->first;
    for (; part > 0; --part) at = at->next;
    return at->octets();
}

QueryTable::Id QueryTable::find(const Message& response, Keys keys) const {
    // FORMERR, SERVFAIL, NOTIMP, REFUSED: the only answers that pair with a query whose question one side
    // lacks (Q26).
    constexpr unsigned header_only_rcodes = 1U << 1 | 1U << 2 | 1U << 4 | 1U << 5;
    const bool header_only = (header_only_rcodes >> response.rcode & 1U) != 0;
    if (response.question.empty()) {
        if (!header_only) return none;
        return look_up(endpoint, keys.of[endpoint], response, {});
    }
    const Id equal_question = look_up(exact, keys.of[exact], response, response.question);
    if (!header_only) return equal_question;
    const Id without_question = look_up(exact, keys_with(response, {}).of[exact], response, {});
    if (equal_question == none || without_question == none) return equal_question + without_question;
    const auto sequence = [this](Id id) { return entries_[id].query->sequence; };
    return sequence(equal_question) < sequence(without_question) ? equal_question : without_question;
}

void QueryTable::due(std::int64_t second, std::vector<Id>& out) const {
    out.clear();
    std::size_t lists = 0;
    for (const auto& [of, list] : seconds_) {
        if (of >= second) break;
        ++lists;
        for (Id id = second_lists_[list].head; id != none; id = entries_[id].second_next) out.push_back(id);
    }
    if (lists > 1)
        std::sort(out.begin(), out.end(),
                  [&](Id a, Id b) { return entries_[a].query->sequence < entries_[b].query->sequence; });
}

Message QueryTable::view(Id id, std::vector<reassembly::Part>& parts) const {
    const StoredQuery& q = *entries_[id].query;
    parts.clear();
    const StoredPart* part = &q.first;
    do {
        parts.push_back({{part->octets(), part->size}, part->time, part->data_at, part->offset});
        part = part->next;
    } while (part != nullptr);
    Message m;
    m.family = q.family;
    m.recursion_desired = q.recursion_desired;
    m.id = q.id;
    m.initiator_port = q.initiator_port;
    m.responder_port = q.responder_port;
    m.initiator = q.first.octets() + (q.family == net::Family::v4 ? 12 : 8);
    m.responder = m.initiator + m.address_octets();
    m.question = {q.question, q.question_size};
    m.parts = parts;
    m.base = q.base;
    return m;
}

void QueryTable::remove(Id id) {
    Entry& entry = entries_[id];
    unlink(exact, id);
    unlink(endpoint, id);
    (entry.stored_prev != none ? entries_[entry.stored_prev].stored_next : stored_head_) = entry.stored_next;
    (entry.stored_next != none ? entries_[entry.stored_next].stored_prev : stored_tail_) = entry.stored_prev;
    SecondList& list = second_lists_[entry.second_list];
    (entry.second_prev != none ? entries_[entry.second_prev].second_next : list.head) = entry.second_next;
    (entry.second_next != none ? entries_[entry.second_next].second_prev : list.tail) = entry.second_prev;
    if (list.head == none) {
        seconds_.erase(list.second);
        free_second_lists_.push_back(entry.second_list);
    }
    release(entry.query);
    entry.query = nullptr;
    entry.stored_next = free_;
    free_ = id;
    --size_;
    for (int i = 0; i < 2 && buckets_in_use_ > least_buckets && buckets_in_use_ > 4 * std::uint64_t{size_};
         ++i)
        remove_bucket();
}

}  // namespace sie::dnsqr
