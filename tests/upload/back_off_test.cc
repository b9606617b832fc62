#include "upload/back_off.h"

#include <gtest/gtest.h>

namespace sie::upload {
namespace {

using std::chrono::milliseconds;

TEST(BackOff, DoublesUpToTheLongestAndBeginsAnewAfterASuccess) {
    BackOff most(milliseconds(5'000), milliseconds(300'000), [](std::uint64_t m) { return m; });
    for (const int s : {5, 10, 20, 40, 80, 160, 300, 300, 300})
        EXPECT_EQ(most.after_failure(), std::chrono::seconds(s));
    most.after_success();
    EXPECT_EQ(most.after_failure(), std::chrono::seconds(5));
}

TEST(BackOff, TheRandomPartIsBetweenHalfAndAll) {
    BackOff least(milliseconds(5'001), milliseconds(300'000), [](std::uint64_t) { return 0U; });
    EXPECT_EQ(least.after_failure(), milliseconds(2'500));
    EXPECT_EQ(least.after_failure(), milliseconds(5'001));
}

}  // namespace
}  // namespace sie::upload
