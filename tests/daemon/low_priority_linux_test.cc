#include <linux/ioprio.h>
#include <sched.h>
#include <sys/syscall.h>

#include <gmock/gmock.h>

#include "daemon/low_priority.h"
#include "in_child.h"

namespace sie::daemon {
namespace {

using test::in_child;

TEST(LowPriority, StandsBackForProcessorAndDisk) {
    EXPECT_EQ(in_child([] {
                  if (!lower_priority({}).empty()) return false;
                  const long io = ::syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0);
                  return ::getpriority(PRIO_PROCESS, 0) >= 10 && io == IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 7);
              }),
              0);
}

TEST(LowPriority, ThreadsThatComeLaterHaveItToo) {
    EXPECT_EQ(in_child([] {
                  static_cast<void>(lower_priority({.nice = 12, .io_level = 7, .cpus = {}}));
                  int seen = 0;
                  std::thread([&] { seen = ::getpriority(PRIO_PROCESS, 0); }).join();
                  return seen >= 12;
              }),
              0);
}

TEST(LowPriority, IsNeverRaised) {
    EXPECT_EQ(in_child([] {
                  ::setpriority(PRIO_PROCESS, 0, 19);
                  return lower_priority({}).empty() && ::getpriority(PRIO_PROCESS, 0) == 19;
              }),
              0);
}

TEST(LowPriority, StaysOnTheProcessorsGiven) {
    EXPECT_EQ(in_child([] {
                  cpu_set_t had;
                  ::sched_getaffinity(0, sizeof had, &had);
                  unsigned cpu = 0;
                  while (!CPU_ISSET(cpu, &had)) ++cpu;
                  if (!lower_priority({.nice = 10, .io_level = 7, .cpus = {cpu}}).empty()) return false;
                  cpu_set_t has;
                  ::sched_getaffinity(0, sizeof has, &has);
                  return CPU_COUNT(&has) == 1 && CPU_ISSET(cpu, &has);
              }),
              0);
}

TEST(LowPriority, WhatIsRefusedComesBackAsText) {
    EXPECT_EQ(in_child([] {
                  const auto refusals = lower_priority({.nice = 10, .io_level = 9, .cpus = {1023, 70'000}});
                  return refusals.size() == 2 &&
                         refusals[0] == "I/O priority: cannot be lowered: Invalid argument" &&
                         refusals[1] ==
                             "cpu_affinity: none of these processors can be had: Invalid argument" &&
                         ::getpriority(PRIO_PROCESS, 0) >= 10;
              }),
              0);
}

}  // namespace
}  // namespace sie::daemon
