#include "dnsqr/query_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <deque>
#include <list>
#include <random>

#include "dnsqr/made_message.h"
#include "support/allocation_counter.h"

namespace sie::dnsqr {
namespace {

using test::Bytes;
using Id = QueryTable::Id;
constexpr Id none = QueryTable::none;
constexpr HashKey key{5, 6};

Say answer(Say say, std::uint8_t rcode = 0) {
    say.response = true;
    say.rcode = rcode;
    return say;
}

Id store(QueryTable& table, const Say& say) { return table.store(Made(say).message); }
Id find(const QueryTable& table, const Say& say) { return table.find(Made(say).message); }

// ---- keys (Q25, Q26)

TEST(QueryTable, FindsTheQueryByAllThatStandsInTheKey) {
    for (const Say& query : {Say{}, Say{.initiator = "2001:db8::1", .responder = "2001:db8::2"}}) {
        QueryTable table(4, key);
        const Id id = store(table, query);
        EXPECT_EQ(find(table, answer(query)), id);
        using Change = void (*)(Say&);
        for (const Change change :
             {Change([](Say& s) { s.initiator.back() = '7'; }),
              Change([](Say& s) { s.responder.back() = '7'; }), Change([](Say& s) { ++s.initiator_port; }),
              Change([](Say& s) { ++s.responder_port; }), Change([](Say& s) { ++s.id; }),
              Change([](Say& s) { s.name = "www.exampla"; }),
              Change([](Say& s) { s.name = "www.Example"; }),  // B25
              Change([](Say& s) { ++s.type; }), Change([](Say& s) { ++s.qclass; })}) {
            Say other = answer(query);
            change(other);
            EXPECT_EQ(find(table, other), none);
        }
    }
}

TEST(QueryTable, OtherFieldsAreNotOfTheKey) {
    QueryTable table(4, key);
    const Id id = store(table, {.rd = true});
    EXPECT_EQ(find(table, answer({.rest = Bytes(100, 1), .time = Time{99}}, 3)), id);
}

TEST(QueryTable, HeaderOnlyAnswersPairForFourRcodesOnly) {
    QueryTable table(4, key);
    const Id id = store(table, {});
    for (std::uint8_t rcode = 0; rcode < 16; ++rcode) {
        const bool pairs = rcode == 1 || rcode == 2 || rcode == 4 || rcode == 5;
        EXPECT_EQ(find(table, answer({.name = {}}, rcode)), pairs ? id : none) << int{rcode};
    }
}

TEST(QueryTable, AnswersWithAQuestionPairWithAQueryWithoutOneForTheSameRcodes) {
    QueryTable table(4, key);
    const Id id = store(table, {.name = {}});
    for (std::uint8_t rcode = 0; rcode < 16; ++rcode) {
        const bool pairs = rcode == 1 || rcode == 2 || rcode == 4 || rcode == 5;
        EXPECT_EQ(find(table, answer({}, rcode)), pairs ? id : none) << int{rcode};
        EXPECT_EQ(find(table, answer({.name = {}}, rcode)), pairs ? id : none) << int{rcode};
    }
}

TEST(QueryTable, AnotherQuestionNeverPairsWhateverTheRcode) {
    QueryTable table(4, key);
    (void)store(table, {});
    for (std::uint8_t rcode = 0; rcode < 16; ++rcode)
        EXPECT_EQ(find(table, answer({.name = "other.example"}, rcode)), none) << int{rcode};
}

TEST(QueryTable, OfSeveralCandidatesTheOneStoredFirstIsFound) {
    QueryTable table(8, key);
    const Id a = store(table, {.name = "a.example"}), nameless = store(table, {.name = {}}),
             b = store(table, {.name = "b.example"}), again = store(table, {.name = "a.example"});
    EXPECT_EQ(find(table, answer({.name = {}}, 2)), a);
    EXPECT_EQ(find(table, answer({.name = "a.example"}, 2)), a);
    EXPECT_EQ(find(table, answer({.name = "b.example"}, 2)), nameless);
    EXPECT_EQ(find(table, answer({.name = "b.example"}, 0)), b);
    table.remove(a);
    EXPECT_EQ(find(table, answer({.name = {}}, 2)), nameless);
    EXPECT_EQ(find(table, answer({.name = "a.example"}, 2)), nameless);
    EXPECT_EQ(find(table, answer({.name = "a.example"}, 3)), again);
}

TEST(QueryTable, EqualQueriesAreAnsweredFirstInFirstOut) {
    QueryTable table(4, key);
    const Id ids[]{store(table, {}), store(table, {}), store(table, {})};
    for (const Id id : ids) {
        ASSERT_EQ(find(table, answer({})), id);
        table.remove(id);
    }
    EXPECT_EQ(find(table, answer({})), none);
}

// ---- what is stored

TEST(QueryTable, GivesBackWhatWasStored) {
    for (const std::size_t piece : {0U, 16U, 64U})
        for (const Say& base : {Say{}, Say{.initiator = "2001:db8::1", .responder = "2001:db8::2"}}) {
            Say say = base;
            say.rd = true;
            say.rest = test::counting(100);
            say.time = Time::of(1'700'000'000, 999'999'999);
            say.piece = piece;
            QueryTable table(4, key);
            const Made made(say);
            const Id id = table.store(made.message);
            std::vector<reassembly::Part> parts;
            const Message stored = table.view(id, parts);
            EXPECT_FALSE(stored.response);
            EXPECT_TRUE(stored.recursion_desired);
            EXPECT_EQ(stored.family, made.message.family);
            EXPECT_EQ(stored.id, made.message.id);
            EXPECT_EQ(stored.initiator_port, 40000);
            EXPECT_EQ(stored.responder_port, 53);
            EXPECT_EQ(stored.base, made.message.base);
            EXPECT_TRUE(equal({stored.initiator, stored.address_octets()},
                              {made.message.initiator, made.message.address_octets()}));
            EXPECT_TRUE(equal({stored.responder, stored.address_octets()},
                              {made.message.responder, made.message.address_octets()}));
            EXPECT_TRUE(equal(stored.question, made.message.question));
            EXPECT_TRUE(stored.dns.empty());
            ASSERT_EQ(stored.parts.size(), made.message.parts.size());
            ASSERT_EQ(stored.parts.size() > 1, piece != 0);
            for (std::size_t i = 0; i < stored.parts.size(); ++i) {
                EXPECT_TRUE(equal(stored.parts[i].ip, made.message.parts[i].ip));
                EXPECT_NE(stored.parts[i].ip.data(), made.message.parts[i].ip.data());
                EXPECT_EQ(stored.parts[i].time, made.message.parts[i].time);
                EXPECT_EQ(stored.parts[i].data_at, made.message.parts[i].data_at);
                EXPECT_EQ(stored.parts[i].offset, made.message.parts[i].offset);
                EXPECT_EQ(table.stored_octets(id, i), stored.parts[i].ip.data());
            }
            EXPECT_EQ(find(table, answer(say)), id);
        }
}

// One packet on the wire, but the question was read from the datagram rebuilt without its fragment header.
TEST(QueryTable, KeepsTheQuestionOfAnAtomicFragment) {
    const Say say{.initiator = "2001:db8::1", .responder = "2001:db8::2", .piece = 1024};
    QueryTable table(4, key);
    Id id = none;
    {
        const Made made(say);
        ASSERT_EQ(made.message.parts.size(), 1U);
        id = table.store(made.message);
    }
    std::vector<reassembly::Part> parts;
    EXPECT_TRUE(equal(table.view(id, parts).question_name(), wire_name("www.example")));
    EXPECT_EQ(find(table, answer(say)), id);
}

// ---- order and expiry

TEST(QueryTable, OldestIsTheOneStoredFirstWhateverItsStamp) {
    QueryTable table(4, key);
    const Id a = store(table, {.id = 1, .time = Time::of(9, 0)}),
             b = store(table, {.id = 2, .time = Time::of(3, 0)});
    EXPECT_EQ(table.oldest(), a);
    table.remove(a);
    EXPECT_EQ(table.oldest(), b);
    table.remove(b);
    EXPECT_EQ(table.oldest(), none);
}

TEST(QueryTable, DueAreThoseOfEarlierSecondsInStoredOrder) {
    QueryTable table(8, key);
    std::vector<Id> ids, due;
    for (const std::int64_t ns : {9'000'000'000, 3'999'999'999, 5'000'000'000, 3'000'000'000, 4'000'000'000})
        ids.push_back(store(table, {.time = Time{ns}}));
    EXPECT_FALSE(table.any_due(3));
    EXPECT_TRUE(table.any_due(4));
    table.due(4, due);
    EXPECT_EQ(due, (std::vector{ids[1], ids[3]}));
    table.due(6, due);
    EXPECT_EQ(due, (std::vector{ids[1], ids[2], ids[3], ids[4]}));
    table.due(3, due);
    EXPECT_TRUE(due.empty());
    table.due(INT64_MAX, due);
    EXPECT_EQ(due, ids);
}

TEST(QueryTable, TakesTheWholeRangeOfTime) {
    QueryTable table(4, key);
    std::vector<Id> due;
    const Id late = store(table, {.time = Time{INT64_MAX}}), early = store(table, {.time = Time{INT64_MIN}});
    table.due(0, due);
    EXPECT_EQ(due, std::vector{early});
    table.due(INT64_MAX, due);
    EXPECT_EQ(due, (std::vector{late, early}));
}

// ---- bounds

TEST(QueryTable, HoldsItsCapacity) {
    for (const std::uint32_t capacity : {1U, 2U, 7U, 100U}) {
        QueryTable table(capacity, key);
        for (std::uint32_t i = 0; i < capacity; ++i) {
            ASSERT_FALSE(table.full());
            ASSERT_NE(store(table, {.id = static_cast<std::uint16_t>(i)}), none);
        }
        EXPECT_TRUE(table.full());
        EXPECT_EQ(table.size(), capacity);
        table.remove(table.oldest());
        EXPECT_FALSE(table.full());
        EXPECT_NE(store(table, {}), none);
    }
}

// Packets of 60,000 octets take 64 KiB each with what is kept of them: two to a chunk of 128 KiB.
TEST(QueryTable, OctetsAreBoundedBy64MibOr512ForEachEntryWhicheverIsMore) {
    const Made large({.rest = Bytes(59'900)});
    for (const auto& [capacity, most] :
         {std::pair{2000U, 1024U}, std::pair{131'072U, 1024U}, std::pair{196'608U, 1536U}}) {
        QueryTable table(capacity, key);
        std::uint32_t stored = 0;
        while (stored < 4000 && table.store(large.message) != none) ++stored;
        EXPECT_EQ(stored, most) << capacity;
        EXPECT_EQ(table.size(), most);
        EXPECT_EQ(store(table, {.rest = Bytes(59'900)}), none);
        table.remove(table.oldest());
        EXPECT_NE(table.store(large.message), none);
    }
}

TEST(QueryTable, WhatDoesNotFitLeavesNothingBehind) {
    const Made large({.rest = Bytes(59'900)}), fragmented({.rest = Bytes(59'900), .piece = 1480});
    QueryTable table(4000, key);
    while (table.store(large.message) != none) {}
    const std::uint32_t size = table.size();
    for (int i = 0; i < 100; ++i) ASSERT_EQ(table.store(fragmented.message), none);
    EXPECT_EQ(table.size(), size);
    while (table.oldest() != none) table.remove(table.oldest());
    EXPECT_EQ(table.size(), 0U);
    // All of the room is back.
    std::uint32_t again = 0;
    while (table.store(large.message) != none) ++again;
    EXPECT_EQ(again, size);
}

TEST(QueryTable, AllocatesNothingOnceItWasFull) {
    std::vector<Made> queries;
    for (std::uint16_t i = 0; i < 1000; ++i)
        queries.emplace_back(
            Say{.id = i, .rest = Bytes(i % 300), .time = Time::of(i, 0), .piece = i % 10 == 0 ? 48U : 0U});
    QueryTable table(500, key);
    std::vector<Id> due;
    std::vector<reassembly::Part> parts;
    due.reserve(500);
    parts.reserve(100);
    std::uint64_t before = 0;
    for (int i = 0; i < 20'000; ++i) {
        if (i == 5'000) before = AllocationCount::now();
        if (table.full()) table.remove(table.oldest());
        (void)table.store(queries[static_cast<std::size_t>(i * 7) % queries.size()].message);
        if (i % 900 == 0) {
            table.due(300, due);
            for (const Id id : due) {
                (void)table.view(id, parts);
                table.remove(id);
            }
        }
    }
    EXPECT_EQ(AllocationCount::now(), before);
}

// ---- against a plain list

struct Twin {
    struct Entry {
        Id id;
        Say say;
    };
    std::list<Entry> entries;  // in stored order

    static bool endpoint(const Say& q, const Say& r) {
        return q.initiator == r.initiator && q.responder == r.responder &&
               q.initiator_port == r.initiator_port && q.responder_port == r.responder_port && q.id == r.id;
    }
    [[nodiscard]] Id find(const Say& r) const {
        for (const Entry& e : entries) {
            if (!endpoint(e.say, r)) continue;
            const bool equal = e.say.name && r.name && *e.say.name == *r.name && e.say.type == r.type;
            const bool lacking = !e.say.name || !r.name;
            if (equal || (lacking && (r.rcode == 1 || r.rcode == 2 || r.rcode == 4 || r.rcode == 5)))
                return e.id;
        }
        return none;
    }
    [[nodiscard]] std::vector<Id> due(std::int64_t second) const {
        std::vector<Id> out;
        for (const Entry& e : entries)
            if (e.say.time.seconds() < second) out.push_back(e.id);
        return out;
    }
    void remove(Id id) {
        std::erase_if(entries, [&](const Entry& e) { return e.id == id; });
    }
};

TEST(QueryTable, AgreesWithAPlainListOnManyHostileSequences) {
    std::uint64_t found = 0, expired = 0, evicted = 0;
    for (unsigned seed = 1; seed <= 30; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937 random(seed);
        const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
        const std::uint32_t capacity = 1 + below(60);
        QueryTable table(capacity, {seed, 1});
        Twin twin;
        std::vector<Id> due;
        std::int64_t now = 1000;
        // Few keys, so that lists of equal ones grow; in every third run hardly more than one.
        const std::uint32_t spread = seed % 3 == 0 ? 1 : 3;
        const auto some = [&] {
            Say say;
            if (below(4) == 0) say.initiator = "2001:db8::1", say.responder = "2001:db8::2";
            say.initiator_port = static_cast<std::uint16_t>(40000 + below(spread));
            say.id = static_cast<std::uint16_t>(below(spread));
            if (below(6) == 0)
                say.name.reset();
            else
                say.name = std::string(1, static_cast<char>('a' + below(2)));
            say.type = static_cast<std::uint16_t>(1 + below(2));
            return say;
        };
        for (int step = 0; step < 3000; ++step) {
            now += below(30) == 0 ? static_cast<std::int64_t>(below(400)) - 150 : below(2);
            const std::int64_t second = now - 60;
            ASSERT_EQ(table.any_due(second), !twin.due(second).empty());
            table.due(second, due);
            ASSERT_EQ(due, twin.due(second));
            for (const Id id : due) {
                table.remove(id);
                twin.remove(id);
            }
            expired += due.size();
            Say say = some();
            if (below(5) < 3) {
                say.time = Time::of(now - below(20), below(1'000'000'000));
                if (below(10) == 0) say.piece = 16;
                if (table.full()) {
                    ++evicted;
                    ASSERT_EQ(table.oldest(), twin.entries.front().id);
                    twin.remove(table.oldest());
                    table.remove(table.oldest());
                }
                const Id id = store(table, say);
                ASSERT_NE(id, none);
                for (const auto& e : twin.entries) ASSERT_NE(e.id, id);
                twin.entries.push_back({id, say});
            } else {
                Say response = answer(say);
                Made made(response);
                Id id = none;
                for (std::uint8_t rcode = 0; rcode < 16; ++rcode) {  // reading changes nothing
                    made.message.rcode = response.rcode = rcode;
                    id = table.find(made.message);
                    ASSERT_EQ(id, twin.find(response));
                    if (id != none && below(3) == 0) break;
                }
                if (id != none) {
                    ++found;
                    table.remove(id);
                    twin.remove(id);
                }
            }
            ASSERT_EQ(table.size(), twin.entries.size());
            ASSERT_EQ(table.oldest(), twin.entries.empty() ? none : twin.entries.front().id);
        }
    }
    EXPECT_GT(found, 5000U);
    EXPECT_GT(expired, 5000U);
    EXPECT_GT(evicted, 5000U);
}

// ---- no chain is walked (B26)

// Processor seconds to store, find and remove n queries; `vary` makes the i-th from the one before.
template <class Vary>
double seconds_of(Vary vary) {
    constexpr std::uint32_t n = 100'000;
    Made query{Say{}}, response{answer({})}, header_only{answer({.name = {}}, 2)};
    double best = 1e9;
    for (int round = 0; round < 3; ++round) {
        QueryTable table(n, key);
        const std::clock_t start = std::clock();
        for (std::uint32_t i = 0; i < n; ++i) {
            vary(query.message, i);
            EXPECT_NE(table.store(query.message), none);
        }
        for (std::uint32_t i = 0; i < n; ++i) {
            vary(response.message, i);
            vary(header_only.message, i);
            const Id id = i % 2 == 0 ? table.find(response.message) : table.find(header_only.message);
            EXPECT_NE(id, none);
            table.remove(id);
        }
        EXPECT_EQ(table.size(), 0U);
        best = std::min(best, static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
    }
    return best;
}

TEST(QueryTable, IdenticalQueriesCostNoMoreThanDistinctOnes) {
    const double distinct = seconds_of([](Message& m, std::uint32_t i) {
        m.initiator_port = static_cast<std::uint16_t>(i);
        m.id = static_cast<std::uint16_t>(i >> 16);
    });
    // A walk of the list would cost some thousand times as much.
    EXPECT_LE(seconds_of([](Message&, std::uint32_t) {}), 5 * distinct + 0.01);
}

TEST(QueryTable, RemovingFromAnyPlaceOfALongListCostsNoWalk) {
    constexpr std::uint32_t n = 60'000;
    const Made query{Say{}};
    std::vector<Id> ids;
    const auto seconds = [&](auto order) {
        QueryTable table(n, key);
        ids.clear();
        for (std::uint32_t i = 0; i < n; ++i) ids.push_back(table.store(query.message));
        order(ids);
        const std::clock_t start = std::clock();
        for (const Id id : ids) table.remove(id);
        EXPECT_EQ(table.size(), 0U);
        return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    };
    const double from_the_front = seconds([](auto&) {});
    EXPECT_LE(seconds([](auto& all) { std::reverse(all.begin(), all.end()); }), 10 * from_the_front + 0.05);
    EXPECT_LE(seconds([](auto& all) { std::shuffle(all.begin(), all.end(), std::mt19937(1)); }),
              20 * from_the_front + 0.05);
}

}  // namespace
}  // namespace sie::dnsqr
