// Counts in bounded memory, percentiles against sorted values.
#include "stream/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>
#include <string>

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

TEST(TopCounts, WhatComesOftenStaysHoweverManyOthersCame) {
    constexpr std::size_t bound = 100'000;
    TopCounts counts(bound);
    std::map<std::string, std::uint64_t> exact;
    std::mt19937 random(3);
    std::uint64_t added = 0;
    const auto add = [&](const std::string& name) {
        counts.add(name);
        ++exact[name];
        ++added;
        ASSERT_LE(counts.octets(), bound);
    };
    // A flood of names that come once fills the table before the frequent ones begin.
    for (int i = 0; i < 20'000; ++i) add("flood" + std::string(i % 200, 'x') + std::to_string(i));
    EXPECT_GT(counts.others(), 0U);
    for (int i = 0; i < 40'000; ++i) {
        add("late" + std::to_string(i));
        add("often" + std::to_string(random() % 5));
    }
    const auto top = counts.top(5);
    ASSERT_EQ(top.size(), 5U);
    std::uint64_t kept = 0;
    for (const auto& [name, count] : counts.top(SIZE_MAX)) {
        const std::uint64_t came = exact[std::string(name)];
        EXPECT_LE(count, came) << name;
        EXPECT_LE(came, count + counts.error()) << name;
        kept += count;
    }
    for (const auto& [name, count] : top) EXPECT_EQ(name.substr(0, 5), "often") << name;
    EXPECT_EQ(kept + counts.others(), added) << "each occurrence is in a count or among the others";
    // What is not in the table any more came no more often than the error says.
    std::uint64_t most_missing = 0;
    const auto rows = counts.top(SIZE_MAX);
    for (const auto& [name, count] : rows) exact.erase(std::string(name));
    for (const auto& [name, came] : exact) most_missing = std::max(most_missing, came);
    EXPECT_LE(most_missing, counts.error());
    EXPECT_LT(counts.error(), 2'000U) << "far below the frequent ones";
}

TEST(TopCounts, AreExactWhileThereIsRoom) {
    TopCounts counts;
    for (int i = 0; i < 50'000; ++i) counts.add("name" + std::to_string(i % 1000));
    EXPECT_EQ(counts.different(), 1000U);
    EXPECT_EQ(counts.others(), 0U);
    EXPECT_EQ(counts.error(), 0U);
    for (const auto& [name, count] : counts.top(1000)) EXPECT_EQ(count, 50U);
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

TEST(Statistics, WhatTheKernelLostIsSaid) {
    Statistics statistics;
    statistics.add_dropped(0, 0, 7);
    statistics.add_dropped(0, 0, 5);
    EXPECT_NE(statistics.table().find("lost by kernel              12\n"), std::string::npos);
    EXPECT_NE(statistics.json().find("\"lost_by_kernel\":12"), std::string::npos);
}

TEST(Statistics, OfNothingIsNothing) {
    Statistics statistics;
    EXPECT_EQ(statistics.table(), "payloads                     0\n");
    EXPECT_NE(statistics.json().find("\"payloads\":0"), std::string::npos);
}

}  // namespace
}  // namespace sie::stream
