#include "base/time.h"

#include <gtest/gtest.h>

namespace sie {
namespace {

TEST(Time, SplitsIntoSecondsAndNanoseconds) {
    constexpr Time time = Time::of(1'700'000'000, 999'999'999);
    EXPECT_EQ(time.ns, 1'700'000'000'999'999'999);
    EXPECT_EQ(time.seconds(), 1'700'000'000);
    EXPECT_EQ(time.nanoseconds(), 999'999'999U);
}

TEST(Time, SecondsAreRoundedDownBelowTheEpochToo) {
    EXPECT_EQ(Time{-1}.seconds(), -1);
    EXPECT_EQ(Time{-1}.nanoseconds(), 999'999'999U);
    EXPECT_EQ(Time{-Time::per_second}.seconds(), -1);
    EXPECT_EQ(Time{-Time::per_second}.nanoseconds(), 0U);
    EXPECT_EQ(Time{-Time::per_second - 1}.seconds(), -2);
    EXPECT_EQ(Time::of(-2, 999'999'999).ns, -Time::per_second - 1);
}

TEST(Time, BothEndsOfItsRangeCanBeSplit) {
    EXPECT_EQ(Time{INT64_MAX}.seconds(), 9'223'372'036);
    EXPECT_EQ(Time{INT64_MAX}.nanoseconds(), 854'775'807U);
    EXPECT_EQ(Time{INT64_MIN}.seconds(), -9'223'372'037);
    EXPECT_EQ(Time{INT64_MIN}.nanoseconds(), 145'224'192U);
}

TEST(Time, IsOrdered) {
    EXPECT_LT(Time{-1}, Time{0});
    EXPECT_EQ(Time::of(0, 5), Time{5});
}

}  // namespace
}  // namespace sie
