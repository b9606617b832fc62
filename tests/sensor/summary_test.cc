#include "sensor/summary.h"

#include <gtest/gtest.h>

namespace sie::sensor {
namespace {

ReplayResult result() {
    ReplayResult r;
    r.ledger.frames = 10;
    r.ledger.joined = 1;
    r.ledger.messages = 3;
    r.ledger.transactions.by_kind = {1, 1, 0, 0, 0};
    r.ledger.transactions.evicted = 1;
    r.ledger.payloads[1] = 1;
    r.ledger.drops[index_of(DropReason::not_udp)] = 6;
    r.ledger.drops[index_of(DropReason::filtered_rd)] = 1;
    r.written = {1, 2, 300};
    return r;
}

TEST(Summary, JsonHasTheWordsOfTheInterface) {
    EXPECT_EQ(
        summary_json(result(), 0.5),
        R"({"frames":10,"joined":1,"messages":3,"transactions":{"pair":1,"unanswered":1},)"
        R"("payloads":{"UDP_QUERY_RESPONSE":1},"drops":{"not_udp":6,"filtered_rd":1},"evicted":1,)"
        R"("client_subnet_zeroed":0,"written":{"files":1,"containers":2,"octets":300},"seconds":0.500000})");
}

TEST(Summary, TextNamesWhatHappenedAndTheBalances) {
    const std::string text = summary_text(result(), 0.5);
    for (const char* part :
         {"frames                                  10\n", "  pair                                   1\n",
          "  not_udp                                6\n", "frames 0, messages 0, transactions 0\n",
          "1 files, 2 containers, 300 octets\n", "20 frames/s"})
        EXPECT_NE(text.find(part), std::string::npos) << part << '\n' << text;
    EXPECT_EQ(text.find("unsolicited"), std::string::npos);
}

TEST(Summary, ABalanceThatDoesNotCloseIsShown) {
    ReplayResult r = result();
    r.ledger.frames = 12;
    EXPECT_NE(summary_text(r, 0).find("frames 2, messages 0"), std::string::npos);
}

}  // namespace
}  // namespace sie::sensor
