#include "sensor/frame_merge.h"

#include <gtest/gtest.h>

#include "support/scripted_source.h"

namespace sie::sensor {
namespace {

using test::Script;
using test::ScriptedSource;

constexpr Time never{std::numeric_limits<std::int64_t>::min()};

class Merged : public ::testing::Test {
  protected:
    FrameMerge of(std::initializer_list<Script*> scripts) {
        FrameMerge::Sources sources;
        for (Script* script : scripts) sources.push_back(std::make_unique<ScriptedSource>("if", *script));
        return FrameMerge(std::move(sources));
    }
    // The stamps that come out.
    static std::vector<std::int64_t> all(FrameMerge& merge, Time safe_until) {
        std::vector<std::int64_t> stamps;
        for (capture::Frame frame; merge.next(frame, safe_until);) stamps.push_back(frame.time.ns);
        return stamps;
    }
    Script a, b;
};

TEST_F(Merged, OneSourceIsPassedThroughAsItComes) {
    FrameMerge merge = of({&a});
    for (const std::int64_t ns : {5, 3, 9}) a.frame({0x45}, Time{ns});
    EXPECT_EQ(all(merge, never), (std::vector<std::int64_t>{5, 3, 9}));
    EXPECT_FALSE(merge.holds_back());
}

TEST_F(Merged, TwoSourcesComeInTheOrderOfTheirStamps) {
    FrameMerge merge = of({&a, &b});
    for (const std::int64_t ns : {1, 4, 5}) a.frame({0x45}, Time{ns});
    for (const std::int64_t ns : {2, 3, 6}) b.frame({0x45}, Time{ns});
    EXPECT_EQ(all(merge, Time{100}), (std::vector<std::int64_t>{1, 2, 3, 4, 5, 6}));
}

TEST_F(Merged, AFrameWaitsForASourceThatMayStillHoldAnEarlierOne) {
    FrameMerge merge = of({&a, &b});
    a.frame({0x45}, Time{10});
    EXPECT_TRUE(all(merge, Time{9}).empty());
    EXPECT_TRUE(merge.holds_back());
    EXPECT_TRUE(merge.in_hand(0));
    EXPECT_FALSE(merge.in_hand(1));
    b.frame({0x45}, Time{8});
    EXPECT_EQ(all(merge, Time{9}), (std::vector<std::int64_t>{8}));
    EXPECT_EQ(all(merge, Time{10}), (std::vector<std::int64_t>{10}));
    EXPECT_FALSE(merge.holds_back());
}

TEST_F(Merged, AnInterfaceThatIsAbsentHoldsNothingBack) {
    FrameMerge merge = of({&a, &b});
    b.change(capture::LinkState::absent, "gone");
    a.frame({0x45}, Time{10});
    EXPECT_EQ(all(merge, never), (std::vector<std::int64_t>{10}));
}

}  // namespace
}  // namespace sie::sensor
