#include "status/status_history.h"

#include <gtest/gtest.h>

namespace sie::status {
namespace {

constexpr std::int64_t second = Time::per_second;

StatusSample at(std::int64_t seconds, std::uint64_t count) {
    StatusSample s;
    s.steady_ns = seconds * second;
    s.frames = s.transactions = s.payloads = s.kernel_drops = count;
    return s;
}

TEST(StatusHistory, NothingIsToldOfLessThanASecond) {
    StatusHistory history;
    EXPECT_FALSE(history.over(10 * second));
    history.take(at(100, 5));
    EXPECT_FALSE(history.over(10 * second));
    StatusSample soon = at(100, 6);
    soon.steady_ns += second - 1;
    history.take(soon);
    EXPECT_FALSE(history.over(10 * second));
    EXPECT_TRUE(history.transactions_per_second(60).empty());
}

TEST(StatusHistory, AYoungOneTellsOfWhatThereIs) {
    StatusHistory history;
    history.take(at(100, 1000));
    history.take(at(103, 1300));
    const auto change = history.over(300 * second);
    ASSERT_TRUE(change);
    EXPECT_EQ(change->covered_ns, 3 * second);
    EXPECT_EQ(change->by.frames, 300U);
}

TEST(StatusHistory, TheSampleNearestToTheWindowIsTaken) {
    StatusHistory history;
    for (std::int64_t s = 0; s <= 600; ++s) history.take(at(s, static_cast<std::uint64_t>(s * s)));
    EXPECT_EQ(history.size(), 61U) << "one for each ten seconds";
    EXPECT_EQ(history.over(10 * second)->covered_ns, 10 * second);
    EXPECT_EQ(history.over(60 * second)->by.frames, 600U * 600U - 540U * 540U);
    EXPECT_EQ(history.over(300 * second)->covered_ns, 300 * second);
    history.take(at(604, 604 * 604));
    EXPECT_EQ(history.over(10 * second)->covered_ns, 14 * second) << "14 is nearer than 4";
    history.take(at(606, 606 * 606));
    EXPECT_EQ(history.over(10 * second)->covered_ns, 6 * second);
}

TEST(StatusHistory, WrapsAfterAnHourAndForgetsTheOldest) {
    StatusHistory history;
    for (std::int64_t s = 0; s <= 3 * 3600; s += 10) history.take(at(s, static_cast<std::uint64_t>(7 * s)));
    EXPECT_EQ(history.size(), StatusHistory::kept);
    const auto change = history.over(1000000 * second);
    ASSERT_TRUE(change);
    EXPECT_EQ(change->covered_ns, 3600 * second);
    EXPECT_EQ(change->by.transactions, 7U * 3600U);
    const auto series = history.transactions_per_second(10000);
    ASSERT_EQ(series.size(), StatusHistory::kept - 1);
    for (const double rate : series) EXPECT_DOUBLE_EQ(rate, 7);
    EXPECT_EQ(history.transactions_per_second(60).size(), 60U);
}

TEST(StatusHistory, ACountThatGoesBackIsNoChangeAndNotAHugeOne) {
    StatusHistory history;
    history.take(at(0, 1000));
    history.take(at(10, 400));
    EXPECT_EQ(history.over(10 * second)->by.payloads, 0U);
    EXPECT_EQ(history.transactions_per_second(60), std::vector<double>{0});
    history.take(at(20, 500));
    EXPECT_EQ(history.over(10 * second)->by.payloads, 100U);
}

TEST(StatusHistory, AfterAGapRatesAreOverTheTimeThatPassed) {
    StatusHistory history;
    history.take(at(0, 0));
    history.take(at(1000, 5000));
    EXPECT_EQ(history.over(10 * second)->covered_ns, 1000 * second);
    EXPECT_EQ(history.transactions_per_second(60), std::vector<double>{5});
}

TEST(StatusHistory, ASampleThatIsNotYoungerIsIgnored) {
    StatusHistory history;
    history.take(at(50, 10));
    history.take(at(60, 20));
    history.take(at(60, 999));
    history.take(at(10, 999));
    EXPECT_EQ(history.size(), 2U);
    EXPECT_EQ(history.over(10 * second)->by.frames, 10U);
}

TEST(StatusHistory, TheSeriesHasTheOldestFirst) {
    StatusHistory history;
    history.take(at(0, 0));
    history.take(at(10, 10));
    history.take(at(20, 30));
    history.take(at(30, 60));
    EXPECT_EQ(history.transactions_per_second(60), (std::vector<double>{1, 2, 3}));
    EXPECT_EQ(history.transactions_per_second(2), (std::vector<double>{2, 3}));
}

}  // namespace
}  // namespace sie::status
