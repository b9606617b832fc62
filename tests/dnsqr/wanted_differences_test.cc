// What the rules of transactions do otherwise than the original: REFERENCE §6, a test for each number of
// FACTS-dnsqr.md §10 that concerns them. What is decided before a message gets here (B5–B9, B11–B13, B19,
// B20, B22, B23) is tested in net, reassembly, capture and from outside.
#include <gtest/gtest.h>

#include "dnsqr/made_message.h"

namespace sie::dnsqr {
namespace {

using test::Bytes;

Time at(double seconds) { return Time{static_cast<std::int64_t>(seconds * 1e9)}; }
Say query(std::uint16_t id, double seconds) { return {.id = id, .time = at(seconds)}; }
Say response(std::uint16_t id, double seconds) { return {.id = id, .response = true, .time = at(seconds)}; }
Say six(Say say) {
    say.initiator = "2001:db8::1";
    say.responder = "2001:db8::2";
    return say;
}
bool is_zero(const Bytes& octets, std::size_t from, std::size_t n) {
    return Bytes(octets.begin() + static_cast<std::ptrdiff_t>(from),
                 octets.begin() + static_cast<std::ptrdiff_t>(from + n)) == Bytes(n);
}

// B1: zeroing an IPv6 response blanks its destination, and the query keeps the server's address.
TEST(WantedDifference, B01AnIpv6ResponseLosesItsDestination) {
    for (const std::size_t piece : {0, 64}) {
        Rules rules(settings_of({{"DNSQR_RES_ADDRS", "2001:db8::1"}, {"DNSQR_ZERO_RESOLVER_ADDRESS", "1"}}));
        rules.say(six(query(1, 0)));
        Say answer = six(response(1, 1));
        answer.rest = test::counting(300);
        answer.piece = piece;  // more response than query packets
        rules.say(answer);
        answer.id = 2;
        rules.say(answer);
        ASSERT_EQ(rules.text(), "pair:1 unsolicited:2");
        const Bytes server = test::bytes("20010db8000000000000000000000002");
        for (const Kept& k : rules.kept()) {
            EXPECT_EQ(k.zeroed, true);
            EXPECT_EQ(k.query_ip, Bytes(16));
            EXPECT_EQ(k.response_ip, server);
            for (const auto& packet : k.responses) {
                EXPECT_TRUE(is_zero(packet.octets, 24, 16));
                EXPECT_TRUE(equal(Octets(packet.octets).subspan(8, 16), server));
            }
        }
        EXPECT_TRUE(is_zero(rules.kept()[0].queries[0].octets, 8, 16));
        EXPECT_TRUE(equal(Octets(rules.kept()[0].queries[0].octets).subspan(24, 16), server));
    }
}

// B2: the initiator always, the responder too if it is a listed resolver.
TEST(WantedDifference, B02AListedResponderIsBlankedToo) {
    Rules rules(settings_of({{"DNSQR_RES_ADDRS", "198.51.100.2"}, {"DNSQR_ZERO_RESOLVER_ADDRESS", "1"}}));
    rules.say(query(1, 0));
    rules.say(response(1, 1));
    rules.say(response(2, 1));
    rules.say(query(3, 1));
    rules.flush();
    ASSERT_EQ(rules.text(), "pair:1 unsolicited:2 unanswered:3");
    for (const Kept& k : rules.kept()) {
        EXPECT_EQ(k.query_ip, Bytes(4));
        EXPECT_EQ(k.response_ip, Bytes(4));
        for (const auto* packets : {&k.queries, &k.responses})
            for (const auto& packet : *packets) EXPECT_TRUE(is_zero(packet.octets, 12, 8));
    }
}

TEST(WantedDifference, B02AServerThatIsNoListedResolverStays) {
    Rules rules(settings_of({{"DNSQR_AUTH_ADDRS", "198.51.100.2"}, {"DNSQR_ZERO_RESOLVER_ADDRESS", "1"}}));
    rules.say(response(1, 1));
    EXPECT_EQ(rules.kept()[0].query_ip, Bytes(4));
    EXPECT_EQ(rules.kept()[0].response_ip, (Bytes{198, 51, 100, 2}));
}

// B3 by REFERENCE §1.4 and §7.
TEST(WantedDifference, B03ZeroingTurnsTcpAndIcmpOff) {
    const Settings settings = settings_of({{"DNSQR_ZERO_RESOLVER_ADDRESS", "1"}});
    EXPECT_FALSE(settings.wants_tcp());
    EXPECT_FALSE(settings.wants_icmp());
}

// B4: the two checksums are zero, and the verdict is that of before.
TEST(WantedDifference, B04ChecksumsAreZeroAndTheVerdictStays) {
    Rules rules(settings_of({{"DNSQR_RES_ADDRS", "192.0.2.1"}, {"DNSQR_ZERO_RESOLVER_ADDRESS", "1"}}));
    rules.say(query(1, 0));
    Say answer = response(1, 1);
    answer.verdict = nmsg::ChecksumVerdict::incorrect;
    rules.say(answer);
    const Kept& k = rules.kept().at(0);
    EXPECT_EQ(k.checksum, nmsg::ChecksumVerdict::incorrect);
    for (const auto* packets : {&k.queries, &k.responses}) {
        EXPECT_TRUE(is_zero((*packets)[0].octets, 10, 2));
        EXPECT_TRUE(is_zero((*packets)[0].octets, 26, 2));
    }
}

// B10, kept.
TEST(WantedDifference, B10IncludeAloneDropsNothing) {
    Rules rules(settings_of({{"DNSQR_FILTER_QNAMES_INCLUDE", "other.example"}}));
    rules.say(response(1, 0));
    EXPECT_EQ(rules.text(), "unsolicited:1");
}

// B15.
TEST(WantedDifference, B15AFlushLetsAllOpenQueriesLeaveInStoredOrder) {
    Rules rules;
    for (const std::uint16_t id : {3, 1, 2}) rules.say(query(id, 10 - id));
    rules.flush();
    EXPECT_EQ(rules.text(), "unanswered:3 unanswered:1 unanswered:2");
    EXPECT_EQ(rules.counts.evicted, 0U);
    rules.flush();
    EXPECT_EQ(rules.kept().size(), 3U);
}

// B16: judged with the clock of the packet in hand, before it is matched.
TEST(WantedDifference, B16AnAnswerAfterTheTimeoutIsUnsolicited) {
    Rules rules;
    rules.say(query(1, 0));
    rules.say(response(1, 61.0));
    EXPECT_EQ(rules.text(), "unanswered:1 unsolicited:1");
    EXPECT_EQ(rules.kept()[0].timeout, 61.0);
}

TEST(WantedDifference, B16FilteredExpiriesHoldUpNothing) {
    Rules rules(settings_of({{"DNSQR_FILTER_QNAMES_EXCLUDE", "bad"}}));
    for (const std::uint16_t id : {1, 2, 3}) {
        Say bad = query(id, 0);
        bad.name = "bad";
        rules.say(bad);
    }
    rules.say(query(4, 0));
    rules.say(response(4, 70));
    EXPECT_EQ(rules.text(), "unanswered:4 unsolicited:4");
    EXPECT_EQ(rules.drops(DropReason::filtered_qname), 3U);
}

// B17, kept: whole seconds.
TEST(WantedDifference, B17AgesAreCountedInWholeSeconds) {
    Rules late, early;
    late.say(query(1, 0));
    late.say(response(1, 60.999999));
    EXPECT_EQ(late.text(), "pair:1");
    early.say(query(1, 0.9));
    early.say(response(1, 61.0));
    EXPECT_EQ(early.text(), "unanswered:1 unsolicited:1");
}

// B18: no negative timeout, and nothing waits behind a younger head.
TEST(WantedDifference, B18AClockThatWentBackGivesTheTimeoutZero) {
    Rules rules;
    rules.say(query(1, 1000));
    rules.advance(at(990));
    rules.flush();
    EXPECT_EQ(rules.kept().at(0).timeout, 0.0);
}

TEST(WantedDifference, B18AnOlderQueryBehindAYoungerHeadLeavesInTime) {
    Rules rules;
    rules.say(query(1, 100));
    rules.say(query(2, 50));
    rules.say(response(1, 111));
    EXPECT_EQ(rules.text(), "unanswered:2 pair:1");
}

// B21: filters apply without pairing, queries in fragments are judged, every fragment is recorded.
TEST(WantedDifference, B21FiltersApplyToQueriesOnlyAndResponsesOnly) {
    Rules queries(settings_of(
        {{"DNSQR_CAPTURE_QR", "0"}, {"DNSQR_CAPTURE_RD", "0"}, {"DNSQR_FILTER_QNAMES_EXCLUDE", "bad"}}));
    Say recursive = query(1, 0), bad = query(2, 0);
    recursive.rd = true;
    bad.name = "bad";
    for (const Say& say : {recursive, bad, query(3, 0)}) queries.say(say);
    EXPECT_EQ(queries.text(), "query_only:3");
    EXPECT_EQ(queries.drops(DropReason::filtered_rd), 1U);
    EXPECT_EQ(queries.drops(DropReason::filtered_qname), 1U);
    Rules responses(settings_of(
        {{"DNSQR_CAPTURE_QR", "1"}, {"DNSQR_CAPTURE_RD", "0"}, {"DNSQR_FILTER_RCODES_EXCLUDE", "3"}}));
    recursive.response = true;
    Say missing = response(2, 0);
    missing.rcode = 3;
    for (const Say& say : {recursive, missing, response(3, 0)}) responses.say(say);
    EXPECT_EQ(responses.text(), "response_only:3");
    EXPECT_EQ(responses.drops(DropReason::filtered_rd), 1U);
    EXPECT_EQ(responses.drops(DropReason::filtered_rcode), 1U);
}

TEST(WantedDifference, B21AQueryInFragmentsIsJudgedByItsRdBit) {
    Rules rules(settings_of({{"DNSQR_CAPTURE_RD", "0"}}));
    Say cut = query(1, 0);
    cut.piece = 16;
    cut.rd = true;
    rules.say(cut);
    cut.id = 2;
    cut.rd = false;
    rules.say(cut);
    rules.flush();
    EXPECT_EQ(rules.text(), "unanswered:2");
    EXPECT_EQ(rules.drops(DropReason::filtered_rd), 1U);
}

TEST(WantedDifference, B21EveryFragmentOfAQueryIsRecordedInQueriesOnlyToo) {
    for (const char* qr : {"0", "both"}) {
        Rules rules(settings_of({{"DNSQR_CAPTURE_QR", qr}}));
        Say cut = query(1, 0);
        cut.piece = 16;
        rules.say(cut);
        rules.flush();
        const Made made(cut);
        const auto& packets = rules.kept().at(0).queries;
        ASSERT_EQ(packets.size(), made.packets().size());
        ASSERT_GT(packets.size(), 1U);
        for (std::size_t i = 0; i < packets.size(); ++i) {
            EXPECT_EQ(packets[i].octets, made.packets()[i]);
            EXPECT_EQ(packets[i].nanoseconds, static_cast<int>(i));  // its own stamp
        }
    }
}

// B24.
TEST(WantedDifference, B24AQueryInFragmentsPairs) {
    for (const bool v6 : {false, true}) {
        Rules rules;
        Say cut = query(1, 0), answer = response(1, 1);
        if (v6) cut = six(cut), answer = six(answer);
        cut.piece = 16;
        answer.piece = 24;
        rules.say(cut);
        rules.say(answer);
        ASSERT_EQ(rules.text(), "pair:1");
        EXPECT_EQ(rules.kept()[0].queries.size(), Made(cut).packets().size());
        EXPECT_EQ(rules.kept()[0].responses.size(), Made(answer).packets().size());
    }
}

// B25, kept.
TEST(WantedDifference, B25NamesThatDifferInCaseDoNotPair) {
    Rules rules;
    rules.say(query(1, 0));
    Say folded = response(1, 1);
    folded.name = "WWW.example";
    rules.say(folded);
    rules.flush();
    EXPECT_EQ(rules.text(), "unsolicited:1 unanswered:1");
}

// B26: evictions are counted; the one stored first leaves, before the next payload.
TEST(WantedDifference, B26EvictionsAreCounted) {
    Rules rules(settings_of({{"DNSQR_STATE_TABLE_MAX", "2"}}));
    rules.say(query(1, 5));
    rules.say(query(2, 1));
    EXPECT_EQ(rules.counts.evicted, 0U);
    rules.say(query(3, 6));
    EXPECT_EQ(rules.counts.evicted, 1U);
    EXPECT_EQ(rules.text(), "unanswered:1");
    EXPECT_EQ(rules.kept()[0].timeout, 1.0);  // small: its mark besides the counter
    EXPECT_EQ((*rules).waiting(), 2U);
    rules.say(response(2, 7));
    rules.say(query(4, 8));
    rules.flush();
    EXPECT_EQ(rules.text(), "unanswered:1 pair:2 unanswered:3 unanswered:4");
    EXPECT_EQ(rules.counts.evicted, 1U);
}

// DESIGN §5: the bound on octets evicts as the bound on entries does. 60,000 octets take half a chunk of 128
// KiB.
TEST(WantedDifference, B26EvictionsForWantOfOctetsAreCountedToo) {
    Rules rules(settings_of({{"DNSQR_STATE_TABLE_MAX", "1500"}}));
    Say large = query(0, 0);
    large.rest = Bytes(59'900);
    for (std::uint16_t id = 0; id < 1024; ++id) {
        large.id = id;
        rules.say(large);
    }
    EXPECT_EQ(rules.counts.evicted, 0U);
    large.id = 1024;
    rules.say(large);
    EXPECT_EQ(rules.counts.evicted, 1U);
    EXPECT_EQ(rules.text(), "unanswered:0");
    EXPECT_EQ((*rules).waiting(), 1024U);
    EXPECT_EQ(rules.kind(TransactionKind::unanswered), 1U);
}

}  // namespace
}  // namespace sie::dnsqr
