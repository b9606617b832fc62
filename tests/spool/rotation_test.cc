#include "spool/rotation.h"

#include <gtest/gtest.h>

namespace sie::spool {
namespace {

TEST(BoundaryAfter, IsTheFirstMultipleBehind) {
    const Rotation minute{60, 0};
    EXPECT_EQ(boundary_after(Time::of(0, 0), minute), 60);
    EXPECT_EQ(boundary_after(Time::of(59, 999'999'999), minute), 60);
    EXPECT_EQ(boundary_after(Time::of(60, 0), minute), 120);
    EXPECT_EQ(boundary_after(Time::of(-1, 0), minute), 0);
    EXPECT_EQ(boundary_after(Time::of(-60, 0), minute), 0);
    EXPECT_EQ(boundary_after(Time::of(-61, 0), minute), -60);
}

TEST(BoundaryAfter, IsMovedByTheOffset) {
    const Rotation rotation{60, 17};
    EXPECT_EQ(boundary_after(Time::of(0, 0), rotation), 17);
    EXPECT_EQ(boundary_after(Time::of(16, 999'999'999), rotation), 17);
    EXPECT_EQ(boundary_after(Time::of(17, 0), rotation), 77);
    EXPECT_EQ(boundary_after(Time::of(5, 0), Rotation{1, 0}), 6);
}

TEST(BoundaryAfter, NeverWithoutAnInterval) { EXPECT_FALSE(boundary_after(Time::of(7, 0), Rotation{})); }

TEST(WallRotation, IsDueOnceABoundaryWhateverIsSkipped) {
    WallRotation rotation({60, 0});
    EXPECT_FALSE(rotation.due(Time::of(1000, 0)));  // nothing was begun
    rotation.begin(Time::of(90, 0));
    EXPECT_EQ(rotation.next_s(), 120);
    EXPECT_FALSE(rotation.due(Time::of(119, 999'999'999)));
    EXPECT_TRUE(rotation.due(Time::of(120, 0)));
    rotation.begin(Time::of(120, 0));
    EXPECT_FALSE(rotation.due(Time::of(179, 0)));
    EXPECT_TRUE(rotation.due(Time::of(100'000, 0)));  // set forward
    rotation.begin(Time::of(100'000, 0));
    EXPECT_FALSE(rotation.due(Time::of(100'019, 0)));
    EXPECT_TRUE(rotation.due(Time::of(100'020, 0)));
}

TEST(WallRotation, AClockSetBackDoesNotStretchAFile) {
    WallRotation rotation({60, 0});
    rotation.begin(Time::of(100'000, 0));
    EXPECT_FALSE(rotation.due(Time::of(5, 0)));  // set back by a day: the file goes on
    EXPECT_EQ(rotation.next_s(), 60);
    EXPECT_TRUE(rotation.due(Time::of(60, 0)));  // and ends at the next boundary of the new time
}

TEST(WallRotation, NeverWithoutAnInterval) {
    WallRotation rotation({});
    rotation.begin(Time::of(0, 0));
    EXPECT_FALSE(rotation.due(Time::of(1'000'000'000, 0)));
}

}  // namespace
}  // namespace sie::spool
