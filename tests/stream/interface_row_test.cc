#include "stream/interface_row.h"

#include <gtest/gtest.h>

#include "sensor/live_clock.h"
#include "support/scripted_source.h"

namespace sie::stream {
namespace {

class Rows : public ::testing::Test {
  protected:
    InterfaceRow row() {
        sensor::FrameMerge::Sources sources;
        sources.push_back(std::make_unique<test::ScriptedSource>("if0", script));
        return {std::move(sources), stop, [this] { return over; },
                [this](const std::string& line) { told += line + '\n'; }};
    }
    test::Script script;
    std::atomic<bool> stop = false;
    bool over = false;
    std::string told;
    capture::Frame frame;
};

TEST_F(Rows, FramesComeAndBetweenThemTheTimeUpToWhichNoneCan) {
    InterfaceRow frames = row();
    script.frame({0x45}, Time{7});
    EXPECT_EQ(frames.next(frame), NextFrame::frame);
    EXPECT_EQ(frame.time, Time{7});
    const Time before = sensor::LiveClock().wall();
    EXPECT_EQ(frames.next(frame), NextFrame::idle);
    EXPECT_LT(frame.time, sensor::LiveClock().wall());
    EXPECT_GT(frame.time.ns, before.ns - Time::per_second);
    EXPECT_EQ(frames.octets(), nullptr);
}

TEST_F(Rows, WhatCameBeforeTheStopIsStillRead) {
    InterfaceRow frames = row();
    script.frame({0x45}, Time{7});
    stop = true;
    EXPECT_TRUE(frames.drains());
    EXPECT_EQ(frames.next(frame), NextFrame::frame);
    EXPECT_FALSE(script.accepts());
    EXPECT_EQ(frames.next(frame), NextFrame::end);
    EXPECT_EQ(frames.next(frame), NextFrame::end);
}

TEST_F(Rows, NothingIsWantedOnceTheRunIsOver) {
    InterfaceRow frames = row();
    over = true;
    EXPECT_FALSE(frames.drains());
}

TEST_F(Rows, TellsOfTheInterfaceAndOfWhatTheKernelLost) {
    InterfaceRow frames = row();
    script.change(capture::LinkState::down, "if0: the interface is down");
    script.kernel_drops(3);
    EXPECT_EQ(frames.next(frame), NextFrame::idle);
    EXPECT_EQ(told, "if0: the interface is down\n");
    script.kernel_drops(2);
    stop = true;
    EXPECT_EQ(frames.next(frame), NextFrame::end);
    std::string lines;
    frames.report([&](const std::string& line) { lines += line; });
    EXPECT_EQ(lines, "5 frames lost in the kernel: it had no room for them");
}

TEST(ParseInterface, NamePlusAndSnapLength) {
    const auto plain = parse_interface("-i", "eth0");
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->interface, "eth0");
    EXPECT_FALSE(plain->promiscuous);
    EXPECT_EQ(plain->snap_length, 262'144U);
    const auto all = parse_interface("-i", "eth0+,0x600");
    ASSERT_TRUE(all);
    EXPECT_EQ(all->interface, "eth0");
    EXPECT_TRUE(all->promiscuous);
    EXPECT_EQ(all->snap_length, 1536U);
    for (const char* wrong :
         {"", "+", ",100", "eth0,", "eth0,63", "eth0,262145", "eth0,1x", "a-name-beyond-15"}) {
        const auto refused = parse_interface("-i", wrong);
        ASSERT_FALSE(refused) << wrong;
        EXPECT_EQ(refused.error().kind, ErrorKind::usage);
        EXPECT_EQ(refused.error().what, "-i");
        EXPECT_FALSE(refused.error().remedy.empty()) << wrong;
    }
}

}  // namespace
}  // namespace sie::stream
