// Missing containers by their numbers (N20).
#include "stream/sequence_gaps.h"

#include <gtest/gtest.h>

namespace sie::stream {
namespace {

Time at(std::int64_t seconds) { return Time::of(seconds, 0); }

TEST(SequenceGaps, TheFirstOfASenderOnlySaysWhereItStands) {
    SequenceGaps gaps;
    EXPECT_EQ(gaps.take(1, 500, at(0)), 0U);
    EXPECT_EQ(gaps.take(1, 501, at(0)), 0U);
    EXPECT_EQ(gaps.take(1, 504, at(0)), 2U);
    EXPECT_EQ(gaps.take(2, 7, at(0)), 0U);
    EXPECT_EQ(gaps.take(1, 505, at(0)), 0U);
}

TEST(SequenceGaps, NumbersWrap) {
    SequenceGaps gaps;
    EXPECT_EQ(gaps.take(1, UINT32_MAX, at(0)), 0U);
    EXPECT_EQ(gaps.take(1, 0, at(0)), 0U);
    EXPECT_EQ(gaps.take(1, 3, at(0)), 2U);
}

TEST(SequenceGaps, AGapOfMoreThanAMillionIsANewBeginning) {
    SequenceGaps gaps;
    EXPECT_EQ(gaps.take(1, 0, at(0)), 0U);
    EXPECT_EQ(gaps.take(1, 1'048'577, at(0)), 1'048'576U);
    EXPECT_EQ(gaps.take(1, 2 * 1'048'576 + 3, at(0)), 0U);
    EXPECT_EQ(gaps.take(1, 5, at(0)), 0U) << "a step back";
    EXPECT_EQ(gaps.take(1, 6, at(0)), 0U);
}

TEST(SequenceGaps, ASilentSenderIsForgotten) {
    SequenceGaps gaps;
    EXPECT_EQ(gaps.take(1, 0, at(0)), 0U);
    EXPECT_EQ(gaps.take(2, 0, at(100)), 0U);
    EXPECT_EQ(gaps.take(1, 10, at(121)), 0U);
    EXPECT_EQ(gaps.take(2, 10, at(121)), 9U);
}

TEST(SequenceGaps, SendersAreBounded) {
    SequenceGaps gaps;
    for (std::uint64_t sender = 0; sender < 10'000; ++sender) EXPECT_EQ(gaps.take(sender, 0, at(0)), 0U);
    EXPECT_LE(gaps.senders(), 4097U);
    EXPECT_EQ(gaps.take(9'999, 2, at(0)), 1U) << "those that spoke last are known";
}

}  // namespace
}  // namespace sie::stream
