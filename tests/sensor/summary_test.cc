#include "sensor/summary.h"

#include <gtest/gtest.h>

namespace sie::sensor {
namespace {

RunResult result() {
    RunResult r;
    r.ledger.frames = 10;
    r.ledger.joined = 1;
    r.ledger.messages = 3;
    r.ledger.transactions.by_kind = {1, 1, 0, 0, 0};
    r.ledger.transactions.evicted = 1;
    r.ledger.payloads[1] = 1;
    r.ledger.drops[index_of(DropReason::not_udp)] = 6;
    r.ledger.drops[index_of(DropReason::filtered_rd)] = 1;
    r.written = {1, 2, 300};
    r.hurried = 1;
    return r;
}

TEST(Summary, JsonHasTheWordsOfTheInterface) {
    EXPECT_EQ(
        summary_json(result(), 0.5),
        R"({"frames":10,"joined":1,"messages":3,"transactions":{"pair":1,"unanswered":1},)"
        R"("payloads":{"UDP_QUERY_RESPONSE":1},"drops":{"not_udp":6,"filtered_rd":1},"evicted":1,)"
        R"("client_subnet_zeroed":0,"written":{"files":1,"containers":2,"octets":300,"hurried":1},"seconds":0.500000})");
}

TEST(Summary, TextNamesWhatHappenedAndTheBalances) {
    const std::string text = summary_text(result(), 0.5);
    for (const char* part :
         {"frames                                  10\n", "  pair                                   1\n",
          "  not_udp                                6\n", "frames 0, messages 0, transactions 0\n",
          "1 files, 2 containers, 300 octets\n", "compressed in haste (fast)             1\n", "20 frames/s"})
        EXPECT_NE(text.find(part), std::string::npos) << part << '\n' << text;
    EXPECT_EQ(text.find("unsolicited"), std::string::npos);
}

TEST(Summary, ABalanceThatDoesNotCloseIsShown) {
    RunResult r = result();
    r.ledger.frames = 12;
    EXPECT_NE(summary_text(r, 0).find("frames 2, messages 0"), std::string::npos);
}

TEST(Summary, TheStatusLineHasRatesSumsAndWhatWasLost) {
    LiveStatus before, now;
    before.ledger.frames = 100;
    now.ledger = result().ledger;
    now.ledger.frames = 1100;
    now.ledger.drops[index_of(DropReason::kernel_drop)] = 5;
    now.ledger.drops[index_of(DropReason::queue_full)] = 6;
    now.ledger.drops[index_of(DropReason::disk_full)] = 7;
    now.queries_waiting = 8;
    now.written.files = 9;
    EXPECT_EQ(
        status_line(now, before, 2),
        "500 frames/s, 1 transactions/s; 1100 frames, 2 transactions; 8 queries wait; lost: 5 kernel, 6 "
        "queue, 7 disk; 9 files");
    now.links = {capture::LinkState::down, capture::LinkState::attached, capture::LinkState::absent};
    now.disk_failing = true;
    EXPECT_TRUE(
        status_line(now, before, 0).ends_with("; 1 interfaces down; 1 interfaces absent; THE DISK REFUSES"));
}

TEST(Summary, TheLedgerFitsOnOneLine) {
    EXPECT_EQ(ledger_line(result().ledger),
              "ledger: frames 10, joined 1, messages 3, tcp 0, icmp 0; transactions pair 1, unanswered 1; "
              "payloads UDP_QUERY_RESPONSE 1; drops not_udp 6, filtered_rd 1; evicted 1; balances 0 0 0");
}

}  // namespace
}  // namespace sie::sensor
