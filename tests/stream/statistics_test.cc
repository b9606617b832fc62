// Counts in bounded memory, percentiles against sorted values.
#include "stream/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace sie::stream {
namespace {

TEST(TopCounts, TheMostFrequentFirstThenByName) {
    TopCounts counts;
    for (const char* word : {"b", "a", "c", "b", "a", "d"}) counts.add(word);
    const auto top = counts.top(3);
    ASSERT_EQ(top.size(), 3U);
    EXPECT_EQ(top[0], std::pair(std::string_view("a"), std::uint64_t{2}));
    EXPECT_EQ(top[1].first, "b");
    EXPECT_EQ(top[2].first, "c");
    EXPECT_EQ(counts.different(), 4U);
}

TEST(TopCounts, BeyondTheBoundOnlyKnownOnesAreCountedByName) {
    TopCounts counts(2);
    for (const char* word : {"a", "b", "c", "a", "d"}) counts.add(word);
    EXPECT_EQ(counts.different(), 2U);
    EXPECT_EQ(counts.others(), 2U);
    EXPECT_EQ(counts.top(9).front().second, 2U);
}

TEST(Percentiles, AreWithinTwoPercentOfTheSortedValues) {
    std::mt19937_64 random(7);
    std::lognormal_distribution<double> delays(16, 1.5);
    Percentiles percentiles;
    std::vector<std::uint64_t> values;
    for (int i = 0; i < 50'000; ++i) {
        values.push_back(static_cast<std::uint64_t>(delays(random)));
        percentiles.add(values.back());
    }
    std::sort(values.begin(), values.end());
    for (const double percent : {1.0, 50.0, 90.0, 95.0, 99.0, 99.9}) {
        const auto exact = static_cast<double>(values[static_cast<std::size_t>(percent * 500) - 1]);
        EXPECT_NEAR(static_cast<double>(percentiles.at(percent)), exact, 0.02 * exact) << percent;
    }
    EXPECT_EQ(percentiles.least(), values.front());
    EXPECT_EQ(percentiles.most(), values.back());
    EXPECT_EQ(percentiles.at(100), values.back());
}

TEST(Percentiles, SmallAndExtremeValuesAreExact) {
    Percentiles percentiles;
    EXPECT_EQ(percentiles.at(50), 0U);
    for (std::uint64_t i = 0; i < 64; ++i) percentiles.add(i);
    EXPECT_EQ(percentiles.at(50), 31U);
    EXPECT_EQ(percentiles.at(99.9), 63U);
    Percentiles one;
    one.add(UINT64_MAX);
    EXPECT_EQ(one.at(50), UINT64_MAX);
}

// Nearest rank: of a hundred values the 99th is that at or below which 99 percent stand; of two the median is
// the lesser.
TEST(Percentiles, ARankIsNotOneTooHigh) {
    Percentiles hundred, two;
    for (std::uint64_t i = 1; i <= 100; ++i) hundred.add(i < 100 ? i % 60 : 1'000'000);
    EXPECT_LT(hundred.at(99), 60U);
    EXPECT_EQ(hundred.at(99.9), 1'000'000U);
    two.add(10);
    two.add(20);
    EXPECT_EQ(two.at(50), 10U);
}

TEST(Statistics, OfNothingIsNothing) {
    Statistics statistics;
    EXPECT_EQ(statistics.table(), "payloads                     0\n");
    EXPECT_NE(statistics.json().find("\"payloads\":0"), std::string::npos);
}

}  // namespace
}  // namespace sie::stream
