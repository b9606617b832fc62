#include "daemon/clock_state.h"

#include <gmock/gmock.h>

#include <array>
#include <cerrno>

namespace sie::daemon {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

ClockState of(int error_number, std::chrono::microseconds most_error) {
    return read_clock_state([&] { return KernelClock{error_number, most_error}; });
}

TEST(ClockState, IsJudgedByTheKernelsBound) {
    EXPECT_EQ(of(0, 4500us).sync, ClockSync::synchronised);
    EXPECT_EQ(of(0, 4500us).most_error, 4500us);
    EXPECT_EQ(of(0, 15'999'999us).sync, ClockSync::synchronised);
    EXPECT_EQ(of(0, 16s).sync, ClockSync::unsynchronised);
    EXPECT_EQ(of(0, -1us).sync, ClockSync::unsynchronised);
    EXPECT_EQ(of(EPERM, 0us).sync, ClockSync::unknown);
    EXPECT_EQ(of(EPERM, 0us).refused, EPERM);
}

TEST(ClockState, ThisKernelIsAsked) {
    const KernelClock clock = ask_kernel_clock();
    if (clock.error_number == 0)
        EXPECT_GE(clock.most_error, 0us);
    else
        EXPECT_THAT((std::array{EPERM, ENOSYS}), ::testing::Contains(clock.error_number));
}

TEST(ClockWatch, SaysTheFirstStateAndEachChange) {
    ClockWatch watch;
    const auto first = watch.see(of(0, 4500us));
    ASSERT_TRUE(first);
    EXPECT_EQ(first->urgency, Urgency::info);
    EXPECT_EQ(first->line, "clock: synchronised, by at most 5 ms off");
    EXPECT_FALSE(watch.see(of(0, 9s)));
    const auto lost = watch.see(of(0, 16s));
    ASSERT_TRUE(lost);
    EXPECT_EQ(lost->urgency, Urgency::warning);
    EXPECT_EQ(lost->line,
              "clock: no longer synchronised, the stamps of transactions may be wrong; run chrony, ntpd or "
              "systemd-timesyncd");
    EXPECT_FALSE(watch.see(of(0, 17s)));
    const auto again = watch.see(of(0, 1ms));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->line, "clock: now synchronised, by at most 1 ms off");
}

TEST(ClockWatch, AnUnsynchronisedClockAtStartIsAWarning) {
    ClockWatch watch;
    const auto told = watch.see(of(0, 16s));
    ASSERT_TRUE(told);
    EXPECT_EQ(told->urgency, Urgency::warning);
    EXPECT_THAT(told->line, HasSubstr("clock: not synchronised"));
}

TEST(ClockWatch, ARefusalIsSaidOnce) {
    ClockWatch watch;
    const auto told = watch.see(of(EPERM, 0us));
    ASSERT_TRUE(told);
    EXPECT_EQ(told->urgency, Urgency::info);
    EXPECT_THAT(told->line, HasSubstr("adjtimex was refused: Operation not permitted"));
    for (int i = 0; i < 10; ++i) EXPECT_FALSE(watch.see(of(EPERM, 0us)));
}

}  // namespace
}  // namespace sie::daemon
