#include "daemon/repeat_limit.h"

#include <gtest/gtest.h>

namespace sie::daemon {
namespace {

using namespace std::chrono_literals;
constexpr Moment start{1h};

unsigned told_of(RepeatLimit& limit, int lines, Moment now, const std::string& key = "disk") {
    unsigned told = 0;
    for (int i = 0; i < lines; ++i) told += limit.admit(Urgency::error, key, "disk: full", now) ? 1 : 0;
    return told;
}

TEST(RepeatLimit, TheFirstFewAreToldThenOneAMinute) {
    RepeatLimit limit;
    EXPECT_EQ(told_of(limit, 100, start), RepeatLimit::at_once);
    EXPECT_EQ(told_of(limit, 100, start + 59s), 0U);
    EXPECT_EQ(limit.admit(Urgency::error, "disk", "disk: full", start + 60s), "disk: full (and 195 more)");
    EXPECT_EQ(told_of(limit, 3, start + 61s), 0U);
    EXPECT_EQ(limit.admit(Urgency::error, "disk", "disk: full", start + 120s), "disk: full (and 3 more)");
}

TEST(RepeatLimit, KeysDoNotShare) {
    RepeatLimit limit;
    EXPECT_EQ(told_of(limit, 10, start, "a"), 5U);
    EXPECT_EQ(told_of(limit, 10, start, "b"), 5U);
}

TEST(RepeatLimit, WithoutAKeyEverythingIsTold) {
    RepeatLimit limit;
    EXPECT_EQ(told_of(limit, 1000, start, ""), 1000U);
}

TEST(RepeatLimit, WhatWasHeldBackIsToldAlthoughNothingFollows) {
    RepeatLimit limit;
    told_of(limit, 7, start);
    EXPECT_TRUE(limit.due(start + 59s).empty());
    const auto due = limit.due(start + 60s);
    ASSERT_EQ(due.size(), 1U);
    EXPECT_EQ(due[0].line, "disk: full (and 1 more)");
    EXPECT_EQ(due[0].key, "disk");
    EXPECT_EQ(due[0].urgency, Urgency::error);
    EXPECT_TRUE(limit.due(start + 120s).empty());
    told_of(limit, 1, start + 61s);
    ASSERT_EQ(limit.rest().size(), 1U);
    EXPECT_TRUE(limit.rest().empty());
}

TEST(RepeatLimit, ALongSilenceBeginsAnew) {
    RepeatLimit limit;
    told_of(limit, 5, start);
    EXPECT_EQ(told_of(limit, 5, start + 599s), 1U);
    static_cast<void>(limit.rest());
    EXPECT_EQ(told_of(limit, 100, start + 1199s), 5U);
}

TEST(RepeatLimit, KeysAreBoundedAndWhatLeavesIsCounted) {
    RepeatLimit limit;
    for (std::size_t i = 0; i < RepeatLimit::most_keys; ++i)
        told_of(limit, 6, start + std::chrono::seconds(i), "key" + std::to_string(i));
    EXPECT_EQ(limit.forgotten_lines(), 0U);
    told_of(limit, 1, start + 100s, "new");
    EXPECT_EQ(limit.forgotten_lines(), 1U);
    // key0 left, key1 did not.
    EXPECT_EQ(told_of(limit, 1, start + 100s, "key1"), 1U);  // its minute is over
    for (int i = 0; i < 100'000; ++i) told_of(limit, 1, start + 101s, "flood" + std::to_string(i));
    EXPECT_EQ(limit.forgotten_lines(), RepeatLimit::most_keys - 1);  // key1 told its own
}

}  // namespace
}  // namespace sie::daemon
