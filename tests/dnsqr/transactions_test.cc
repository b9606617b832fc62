// The rules of transactions: pairing, payloads by kind, order, filters, modes (FACTS Q25–Q56).
#include "dnsqr/transactions.h"

#include <gtest/gtest.h>

#include "dnsqr/made_message.h"
#include "support/allocation_counter.h"
#include "support/golden_rows.h"

namespace sie::dnsqr {
namespace {

using nmsg::ChecksumVerdict;
using nmsg::DnsqrType;
using test::Bytes;

Time at(double seconds) { return Time{static_cast<std::int64_t>(seconds * 1e9)}; }
Say query(std::uint16_t id, double seconds) { return {.id = id, .time = at(seconds)}; }
Say response(std::uint16_t id, double seconds, std::uint8_t rcode = 0) {
    return {.id = id, .response = true, .rcode = rcode, .time = at(seconds)};
}

const Bytes initiator4{192, 0, 2, 1}, responder4{198, 51, 100, 2};

// ---- payloads by kind (Q43–Q45)

TEST(Payload, OfAPairHoldsBothMessages) {
    Rules rules;
    const Say asked{.id = 0x1234, .rd = true, .type = 28, .qclass = 3, .time = Time::of(100, 5)};
    Say answer = asked;
    answer.response = true;
    answer.rcode = 3;
    answer.time = Time::of(101, 7);
    answer.verdict = ChecksumVerdict::incorrect;
    rules.say(asked);
    rules.say(answer);
    const Kept expected{.type = DnsqrType::udp_query_response,
                        .envelope = Time::of(100, 5),
                        .query_ip = initiator4,
                        .response_ip = responder4,
                        .proto = 17,
                        .query_port = 40000,
                        .response_port = 53,
                        .id = 0x1234,
                        .qname = wire_name("www.example"),
                        .qtype = 28,
                        .qclass = 3,
                        .rcode = 3,
                        .queries = {{Made(asked).packets()[0], 100, 5}},
                        .responses = {{Made(answer).packets()[0], 101, 7}},
                        .checksum = ChecksumVerdict::incorrect};
    ASSERT_EQ(rules.kept().size(), 1U);
    EXPECT_TRUE(rules.kept()[0] == expected);
    EXPECT_EQ(rules.kind(TransactionKind::pair), 1U);
    EXPECT_EQ((*rules).waiting(), 0U);
}

TEST(Payload, OfAnUnansweredQueryHasItsAgeAndNoRcode) {
    Rules rules;
    rules.say({.id = 7, .time = Time::of(100, 900'000'000)});
    rules.advance(Time::of(161, 150'000'000));
    ASSERT_EQ(rules.text(), "unanswered:7");
    const Kept& k = rules.kept()[0];
    EXPECT_EQ(k.envelope, Time::of(100, 900'000'000));
    EXPECT_EQ(k.timeout, 60 + 250'000'000 / 1e9);
    EXPECT_EQ(k.queries.size(), 1U);
    EXPECT_TRUE(k.responses.empty());
    EXPECT_EQ(k.rcode, std::nullopt);
    EXPECT_EQ(k.checksum, std::nullopt);
    EXPECT_EQ(k.zeroed, std::nullopt);
    EXPECT_EQ(k.qname, wire_name("www.example"));
}

TEST(Payload, OfAnUnsolicitedResponseHasNoQueryAndNoTimeout) {
    Rules rules;
    rules.say(
        {.id = 7, .response = true, .rcode = 15, .time = Time::of(5, 6), .verdict = ChecksumVerdict::absent});
    ASSERT_EQ(rules.text(), "unsolicited:7");
    const Kept& k = rules.kept()[0];
    EXPECT_EQ(k.envelope, Time::of(5, 6));
    EXPECT_EQ(k.query_ip, initiator4);
    EXPECT_EQ(k.response_ip, responder4);
    EXPECT_TRUE(k.queries.empty());
    EXPECT_EQ(k.responses.size(), 1U);
    EXPECT_EQ(k.rcode, 15U);
    EXPECT_EQ(k.checksum, ChecksumVerdict::absent);
    EXPECT_EQ(k.timeout, std::nullopt);
    EXPECT_EQ(rules.kind(TransactionKind::unsolicited), 1U);
}

TEST(Payload, TakesTheQuestionOfTheResponseElseOfTheQueryElseNone) {
    Rules rules;
    Say nameless = query(1, 0);
    nameless.name.reset();
    rules.say(nameless);
    rules.say(response(1, 0.1, 2));
    rules.say(query(2, 1));
    Say header_only = response(2, 1.1, 5);
    header_only.name.reset();
    rules.say(header_only);
    nameless.id = header_only.id = 3;
    rules.say(nameless);
    rules.say(header_only);
    ASSERT_EQ(rules.text(), "pair:1 pair:2 pair:3");
    EXPECT_EQ(rules.kept()[0].qname, wire_name("www.example"));
    EXPECT_EQ(rules.kept()[1].qname, wire_name("www.example"));
    EXPECT_EQ(rules.kept()[2].qname, std::nullopt);
    EXPECT_EQ(rules.kept()[2].qtype, std::nullopt);
    EXPECT_EQ(rules.kept()[2].qclass, std::nullopt);
}

TEST(Payload, OfTcpAndIcmpIsThePacketWithEmptyAddresses) {
    for (const DnsqrType type : {DnsqrType::tcp, DnsqrType::icmp}) {
        Rules rules;
        const Bytes packet = test::counting(60);
        (*rules).packet(type, packet, Time{9});
        Kept expected{.type = type, .envelope = Time{9}, .proto = type == DnsqrType::tcp ? 6U : 1U};
        (type == DnsqrType::tcp ? expected.tcp : expected.icmp) = packet;
        ASSERT_EQ(rules.kept().size(), 1U);
        EXPECT_TRUE(rules.kept()[0] == expected);
    }
}

TEST(TransactionKind, HasTheWordsOfTheSummary) {
    EXPECT_EQ(word_of(TransactionKind::pair), "pair");
    EXPECT_EQ(word_of(TransactionKind::unanswered), "unanswered");
    EXPECT_EQ(word_of(TransactionKind::unsolicited), "unsolicited");
    EXPECT_EQ(word_of(TransactionKind::query_only), "query_only");
    EXPECT_EQ(word_of(TransactionKind::response_only), "response_only");
}

// ---- order (Q56)

TEST(Transactions, WhatIsDueLeavesInStoredOrderBeforeThePacketInHand) {
    Rules rules;
    rules.say(query(1, 10));
    rules.say(query(2, 5));  // stamps out of order
    rules.say(query(3, 50));
    rules.say(response(3, 100));
    rules.flush();
    EXPECT_EQ(rules.text(), "unanswered:1 unanswered:2 pair:3");
}

TEST(Transactions, PairsComeOutAtThePlaceOfTheAnswer) {
    Rules rules;
    for (const std::uint16_t id : {1, 2, 3}) rules.say(query(id, id));
    rules.say(response(3, 4));
    rules.say(response(1, 5));
    rules.flush();
    EXPECT_EQ(rules.text(), "pair:3 pair:1 unanswered:2");
}

TEST(Transactions, ASecondAnswerIsUnsolicitedAndALateQueryDoesNotLookBack) {
    Rules rules;
    rules.say(query(1, 0));
    rules.say(response(1, 1));
    rules.say(response(1, 2));
    rules.say(query(1, 3));
    rules.flush();
    EXPECT_EQ(rules.text(), "pair:1 unsolicited:1 unanswered:1");
}

TEST(Transactions, AJumpForwardLetsAllThatIsDueGoAtOnce) {
    Rules rules;
    for (std::uint16_t id = 0; id < 1000; ++id) rules.say(query(id, id / 100.0));
    rules.advance(at(1e6));
    EXPECT_EQ(rules.kept().size(), 1000U);
    for (std::uint16_t id = 0; id < 1000; ++id) ASSERT_EQ(rules.kept()[id].id, id);
    EXPECT_EQ((*rules).waiting(), 0U);
}

TEST(Transactions, ATimeThatJumpsBackMovesNoEntry) {
    Rules rules;
    rules.say(query(1, 1000));
    rules.advance(at(0));
    EXPECT_EQ((*rules).waiting(), 1U);
    rules.say(response(1, 10));
    EXPECT_EQ(rules.text(), "pair:1");
}

TEST(Transactions, AnAgeBeyondTheRangeOfTimeIsStillAnAge) {
    Rules rules;
    rules.say({.id = 1, .time = Time{INT64_MIN}});
    rules.advance(Time{INT64_MAX});
    ASSERT_EQ(rules.text(), "unanswered:1");
    EXPECT_DOUBLE_EQ(rules.kept()[0].timeout.value(), 18446744073.709551615);
}

// ---- modes (Q32, B21)

TEST(CaptureQr, QueriesOnlyPairNothing) {
    Rules rules(settings_of({{"DNSQR_CAPTURE_QR", "0"}}));
    rules.say(query(1, 0));
    rules.say(response(1, 1));
    EXPECT_EQ((*rules).waiting(), 0U);
    ASSERT_EQ(rules.text(), "query_only:1");
    const Kept& k = rules.kept()[0];
    EXPECT_EQ(k.queries.size(), 1U);
    EXPECT_EQ(k.rcode, std::nullopt);
    EXPECT_EQ(k.checksum, std::nullopt);
    EXPECT_EQ(k.timeout, std::nullopt);
    EXPECT_EQ(rules.drops(DropReason::filtered_qr), 1U);
    EXPECT_EQ(rules.kind(TransactionKind::query_only), 1U);
}

TEST(CaptureQr, ResponsesOnlyHaveRcodeAndChecksum) {
    Rules rules(settings_of({{"DNSQR_CAPTURE_QR", "1"}}));
    rules.say(query(1, 0));
    rules.say(response(1, 1, 3));
    ASSERT_EQ(rules.text(), "response_only:1");
    const Kept& k = rules.kept()[0];
    EXPECT_EQ(k.envelope, at(1));
    EXPECT_TRUE(k.queries.empty());
    EXPECT_EQ(k.responses.size(), 1U);
    EXPECT_EQ(k.rcode, 3U);
    EXPECT_EQ(k.checksum, ChecksumVerdict::correct);
    EXPECT_EQ(rules.drops(DropReason::filtered_qr), 1U);
}

// ---- filters (Q33–Q36): judged on leaving, counted by transaction

TEST(FilteredRd, GoesByTheQueryOfAPairAndByTheResponseWithoutOne) {
    for (const bool wanted : {false, true}) {
        Rules rules(settings_of({{"DNSQR_CAPTURE_RD", wanted ? "1" : "0"}}));
        Say asked = query(1, 0), answer = response(1, 1);
        asked.rd = true;  // the pair has RD in its query only
        rules.say(asked);
        rules.say(answer);
        answer.id = 2;
        answer.rd = true;
        rules.say(answer);  // unsolicited with RD
        asked.id = 3;
        asked.rd = false;
        rules.say(asked);  // unanswered without
        rules.flush();
        EXPECT_EQ(rules.text(), wanted ? "pair:1 unsolicited:2" : "unanswered:3");
        EXPECT_EQ(rules.drops(DropReason::filtered_rd), wanted ? 1U : 2U);
        EXPECT_EQ(rules.kind(TransactionKind::pair), 1U);  // counted before filters
        EXPECT_EQ(rules.kind(TransactionKind::unsolicited), 1U);
        EXPECT_EQ(rules.kind(TransactionKind::unanswered), 1U);
    }
}

// Q34.
TEST(FilteredRd, UnwantedQueriesTakeTheirPlaceInTheTable) {
    Rules rules(settings_of({{"DNSQR_CAPTURE_RD", "0"}, {"DNSQR_STATE_TABLE_MAX", "1"}}));
    Say unwanted = query(1, 0);
    unwanted.rd = true;
    rules.say(query(2, 0));
    rules.say(unwanted);
    EXPECT_EQ(rules.text(), "unanswered:2");
    rules.say(query(3, 1));
    EXPECT_EQ(rules.drops(DropReason::filtered_rd), 1U);
    EXPECT_EQ(rules.counts.evicted, 2U);
    EXPECT_EQ((*rules).waiting(), 1U);
}

TEST(FilteredQname, DropsTheNameAndWhatIsBelow) {
    Rules rules(settings_of({{"DNSQR_FILTER_QNAMES_EXCLUDE", "example"}}));
    rules.say(query(1, 0));
    rules.say(response(1, 1));
    rules.say(response(2, 2));
    Say other = query(3, 3);
    other.name = "example.net";
    rules.say(other);
    other.id = 4;
    other.name.reset();
    rules.say(other);  // without a name there is nothing to judge
    rules.flush();
    EXPECT_EQ(rules.text(), "unanswered:3 unanswered:4");
    EXPECT_EQ(rules.drops(DropReason::filtered_qname), 2U);
}

TEST(FilteredQname, IncludeMakesExceptions) {
    Rules rules(settings_of(
        {{"DNSQR_FILTER_QNAMES_EXCLUDE", "."}, {"DNSQR_FILTER_QNAMES_INCLUDE", "a.example:net"}}));
    std::uint16_t id = 0;
    for (const char* name : {"a.example", "x.A.example", "b.example", "www.net", "netx"}) {
        Say say = response(id++, 0);
        say.name = name;
        rules.say(say);
    }
    EXPECT_EQ(rules.text(), "unsolicited:0 unsolicited:1 unsolicited:3");
    EXPECT_EQ(rules.drops(DropReason::filtered_qname), 2U);
}

TEST(FilteredQname, AHeaderOnlyAnswerGoesByTheQuerysName) {
    Rules rules(settings_of({{"DNSQR_FILTER_QNAMES_EXCLUDE", "example"}}));
    rules.say(query(1, 0));
    Say answer = response(1, 1, 5);
    answer.name.reset();
    rules.say(answer);
    EXPECT_EQ(rules.text(), "");
    EXPECT_EQ(rules.drops(DropReason::filtered_qname), 1U);
}

TEST(FilteredRcode, ExcludeDropsIncludeKeepsOnlyAndExcludeIsTheStronger) {
    const auto kept = [](std::initializer_list<std::pair<const char*, const char*>> given) {
        Rules rules(settings_of(given));
        rules.say(query(100, 0));  // has no rcode
        for (std::uint8_t rcode = 0; rcode < 16; ++rcode) rules.say(response(rcode, 1, rcode));
        rules.flush();
        std::string ids;
        for (const Kept& k : rules.kept()) ids += std::to_string(k.id) + ' ';
        EXPECT_EQ(rules.drops(DropReason::filtered_rcode), 17 - rules.kept().size());
        return ids;
    };
    EXPECT_EQ(kept({{"DNSQR_FILTER_RCODES_EXCLUDE", "NOERROR,1,3,5,7,9,11,13,14,15"}}), "2 4 6 8 10 12 100 ");
    EXPECT_EQ(kept({{"DNSQR_FILTER_RCODES_INCLUDE", "SERVFAIL,15"}}), "2 15 100 ");
    EXPECT_EQ(kept({{"DNSQR_FILTER_RCODES_INCLUDE", "2,3"}, {"DNSQR_FILTER_RCODES_EXCLUDE", "3"}}), "2 100 ");
}

TEST(Filters, CountATransactionOnceUnderTheFirstWord) {
    Rules rules(settings_of({{"DNSQR_CAPTURE_RD", "1"},
                             {"DNSQR_FILTER_QNAMES_EXCLUDE", "example"},
                             {"DNSQR_FILTER_RCODES_EXCLUDE", "0"}}));
    Say all = response(1, 0), two = all, one = all;
    two.rd = one.rd = true;
    one.name = "net";
    for (const Say& say : {all, two, one}) rules.say(say);
    EXPECT_EQ(rules.drops(DropReason::filtered_rd), 1U);
    EXPECT_EQ(rules.drops(DropReason::filtered_qname), 1U);
    EXPECT_EQ(rules.drops(DropReason::filtered_rcode), 1U);
    EXPECT_TRUE(rules.kept().empty());
}

// ---- client subnets (REFERENCE §1.5, §7)

// Two options: a /24 of IPv4 in three octets, and one of IPv6 in two; then one without address octets.
const Bytes subnets = test::bytes(
    "00 0029 1000 00000000 001d 0008 0007 0001 1800 cb0071 0008 0006 0002 1000 2001 0008 0004 0001 0000");

Say with_subnets(Say say) {
    say.rest = subnets;
    return say;
}

TEST(ClientSubnetZeroed, CountsOptionsAndBlanksWhateverTheKind) {
    const auto settings = [](const char* qr) {
        return settings_of({{"DNSQR_ZERO_CLIENT_SUBNET", "1"}, {"DNSQR_CAPTURE_QR", qr}});
    };
    Rules both(settings("both")), queries(settings("0")), responses(settings("1"));
    for (Rules* rules : {&both, &queries, &responses}) {
        rules->say(with_subnets(query(1, 0)));
        rules->say(with_subnets(query(2, 0)));
        rules->say(with_subnets(response(1, 1)));
        rules->say(with_subnets(response(3, 1)));
        rules->flush();
    }
    EXPECT_EQ(both.text(), "pair:1 unsolicited:3 unanswered:2");
    EXPECT_EQ(queries.text(), "query_only:1 query_only:2");
    EXPECT_EQ(responses.text(), "response_only:1 response_only:3");
    EXPECT_EQ(both.counts.client_subnet_zeroed, 8U);
    EXPECT_EQ(queries.counts.client_subnet_zeroed, 4U);
    EXPECT_EQ(responses.counts.client_subnet_zeroed, 4U);
    for (const Rules* rules : {&both, &queries, &responses})
        for (const Kept& k : rules->kept())
            for (const auto* packets : {&k.queries, &k.responses})
                for (const auto& packet : *packets) {
                    Bytes plain = Made(with_subnets(packets == &k.queries
                                                        ? query(static_cast<std::uint16_t>(k.id), 0)
                                                        : response(static_cast<std::uint16_t>(k.id), 1)))
                                      .packets()[0];
                    // Checksum; cb0071 and 2001, counted from the end.
                    const std::size_t n = plain.size();
                    for (const std::size_t place :
                         {std::size_t{26}, std::size_t{27}, n - 21, n - 20, n - 19, n - 10, n - 9})
                        plain[place] = 0;
                    EXPECT_EQ(packet.octets, plain);
                    EXPECT_FALSE(k.zeroed.has_value());
                }
}

TEST(ClientSubnetZeroed, KeepsTheVerdictThatWasComputedBefore) {
    Rules rules(settings_of({{"DNSQR_ZERO_CLIENT_SUBNET", "1"}}));
    rules.say(with_subnets(response(1, 0)));
    EXPECT_EQ(rules.kept()[0].checksum, ChecksumVerdict::correct);
}

TEST(ClientSubnetZeroed, IsOffUnlessAskedFor) {
    Rules rules;
    rules.say(with_subnets(query(1, 0)));
    rules.flush();
    EXPECT_EQ(rules.counts.client_subnet_zeroed, 0U);
    EXPECT_EQ(rules.kept()[0].queries[0].octets, Made(with_subnets(query(1, 0))).packets()[0]);
}

TEST(ClientSubnetZeroed, InFragmentsTooAndNothingLeaksIntoTheNextMessage) {
    Rules rules(settings_of({{"DNSQR_ZERO_CLIENT_SUBNET", "1"}}));
    Say cut = with_subnets(query(1, 0));
    cut.piece = 16;
    rules.say(cut);
    rules.say(query(2, 0));
    rules.flush();
    const auto& first = rules.kept().at(0).queries;
    const Made made(cut);
    const auto& plain = made.packets();
    ASSERT_EQ(first.size(), plain.size());
    std::size_t changed = 0;
    for (std::size_t i = 0; i < plain.size(); ++i)
        for (std::size_t j = 0; j < plain[i].size(); ++j) changed += plain[i][j] != first[i].octets[j];
    EXPECT_EQ(changed, 6U);  // 2 of the checksum, cb and 71, 20 and 01: the octet 00 between stays
    EXPECT_EQ(rules.kept().at(1).queries[0].octets, Made(query(2, 0)).packets()[0]);
}

// ---- memory

TEST(Transactions, AllocateNothingPerMessageInSteadyState) {
    class Counting final : public PayloadSink {
      public:
        void payload(const nmsg::DnsqrPayload&, Time, nmsg::Blank) override { ++payloads; }
        std::uint64_t payloads = 0;
    } sink;
    TransactionCounts counts;
    DropCounts drops{};
    Transactions rules(settings_of({{"DNSQR_STATE_TABLE_MAX", "200"}, {"DNSQR_ZERO_CLIENT_SUBNET", "1"}}),
                       {1, 2}, counts, drops, sink);
    std::vector<Made> messages;
    for (std::uint16_t i = 0; i < 1000; ++i) {
        Say say = query(static_cast<std::uint16_t>(i % 300), i);
        say.response = i % 3 == 0;
        say.rest = i % 7 == 0 ? subnets : Bytes(i % 200);
        say.piece = i % 11 == 0 ? 24 : 0;
        messages.emplace_back(say);
    }
    std::uint64_t before = 0;
    for (int round = 0; round < 6; ++round) {
        if (round == 2) before = AllocationCount::now();
        for (const Made& made : messages) {
            rules.advance(made.message.time());
            rules.message(made.message);
        }
        rules.advance(at(100'000));  // all at once
    }
    EXPECT_EQ(AllocationCount::now(), before);
    EXPECT_GT(sink.payloads, 4000U);
    EXPECT_GT(counts.client_subnet_zeroed, 100U);
}

// ---- against the executable model

Settings settings_of_row(const test::Row& row) {
    Settings settings;
    for (std::size_t i = 1; i < row.size(); ++i) {
        const std::size_t equals = row[i].find('=');
        const std::string name = row[i].substr(0, equals);
        EXPECT_TRUE(find_setting(name)->apply(settings, name, row[i].substr(equals + 1)).has_value());
    }
    return settings;
}

test::Row row_of(const Kept& k) {
    char timeout[40] = "-";
    if (k.timeout) std::snprintf(timeout, sizeof timeout, "%a", *k.timeout);
    return {"kept",
            std::to_string(static_cast<int>(k.type)),
            std::to_string(k.id),
            std::to_string(k.query_port),
            std::to_string(k.envelope.ns),
            timeout,
            k.qname ? test::hex_of(*k.qname) : "-",
            k.rcode ? std::to_string(*k.rcode) : "-",
            std::to_string(k.queries.size()),
            std::to_string(k.responses.size())};
}

TEST(Transactions, GiveWhatTheModelGivesForRandomMessages) {
    const auto rows = test::golden_rows(SIE_TEST_DATA "/dnsqr/transactions.tsv");
    std::size_t runs = 0, at_row = 0;
    while (at_row < rows.size()) {
        ASSERT_EQ(rows[at_row][0], "run");
        SCOPED_TRACE(at_row);
        Rules rules(settings_of_row(rows[at_row++]));
        for (; rows[at_row][0] == "say"; ++at_row) {
            const auto& row = rows[at_row];
            Say say{.initiator_port = static_cast<std::uint16_t>(std::stoul(row[4])),
                    .id = static_cast<std::uint16_t>(std::stoul(row[3])),
                    .response = row[1] == "r",
                    .rd = row[6] == "1",
                    .rcode = static_cast<std::uint8_t>(std::stoul(row[7])),
                    .time = Time{std::stoll(row[2])}};
            if (row[5] == "-")
                say.name.reset();
            else
                say.name = row[5];
            rules.say(say);
        }
        rules.flush();
        std::size_t i = 0;
        for (; rows[at_row][0] == "kept"; ++at_row, ++i) {
            ASSERT_LT(i, rules.kept().size());
            test::Row expected = rows[at_row];
            if (expected[5] != "-") {
                char timeout[40];
                std::snprintf(timeout, sizeof timeout, "%a", std::stod(expected[5]));
                expected[5] = timeout;
            }
            ASSERT_EQ(row_of(rules.kept()[i]), expected) << i;
        }
        EXPECT_EQ(i, rules.kept().size());
        const test::Row counts{"end",
                               std::to_string(rules.counts.evicted),
                               std::to_string(rules.drops(DropReason::filtered_rd)),
                               std::to_string(rules.drops(DropReason::filtered_qname)),
                               std::to_string(rules.drops(DropReason::filtered_rcode)),
                               std::to_string(rules.drops(DropReason::filtered_qr))};
        ASSERT_EQ(rows[at_row++], counts);
        ++runs;
    }
    EXPECT_EQ(runs, 14U);
}

}  // namespace
}  // namespace sie::dnsqr
