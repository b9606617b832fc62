#include "sensor/ledger.h"

#include <gtest/gtest.h>

namespace sie::sensor {
namespace {

using Balances = std::array<std::int64_t, 3>;

TEST(Ledger, EachReasonIsInExactlyOneBalance) {
    for (const DropReasonRow& row : drop_reasons) {
        Ledger ledger;
        ledger.drops[index_of(row.reason)] = 5;
        Balances expected{};
        expected[static_cast<std::size_t>(row.counted)] = -5;
        EXPECT_EQ(ledger.balances(), expected) << row.word;
    }
}

TEST(Ledger, PairsHaveTwoMessagesTheOthersOne) {
    for (std::size_t kind = 0; kind < dnsqr::transaction_kind_count; ++kind) {
        Ledger ledger;
        ledger.transactions.by_kind[kind] = 1;
        const std::int64_t messages = kind == static_cast<std::size_t>(dnsqr::TransactionKind::pair) ? 2 : 1;
        EXPECT_EQ(ledger.balances(), (Balances{0, -messages, 1})) << kind;
    }
}

TEST(Ledger, FramesBecomeMessagesFragmentsOrSegments) {
    Ledger ledger;
    ledger.frames = 10;
    ledger.joined = 1;
    ledger.messages = 2;
    ledger.tcp = 3;
    ledger.icmp = 4;
    EXPECT_EQ(ledger.balances(), (Balances{0, 2, 7}));
}

}  // namespace
}  // namespace sie::sensor
