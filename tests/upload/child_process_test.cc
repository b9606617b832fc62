#include "upload/child_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

namespace sie::upload {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

struct Ran {
    ChildEnd end;
    std::string out, err;
    milliseconds took;
};

Ran run(const std::string& script, const std::string& input = {}, int stop_fd = -1,
        milliseconds limit = milliseconds(20'000)) {
    static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
    Ran ran;
    ChildWatch watch;
    watch.on_output = [&](std::string_view octets) { ran.out += octets; };
    watch.on_error = [&](std::string_view octets) { ran.err += octets; };
    watch.stop_fd = stop_fd;
    watch.limit = limit;
    const auto start = Clock::now();
    ran.end = run_child({becoming({"/bin/sh", "-c", script}, {"A=b c"}, -1), input}, watch).value();
    ran.took = std::chrono::duration_cast<milliseconds>(Clock::now() - start);
    return ran;
}

TEST(ChildProcess, InputOutputsAndStatus) {
    const Ran ran = run("read line; echo \"$line $A\"; pwd; echo e >&2; exit 7", "hello\n");
    EXPECT_EQ(ran.out, "hello b c\n/\n");
    EXPECT_EQ(ran.err, "e\n");
    EXPECT_EQ(ran.end.exit_status, 7);
}

TEST(ChildProcess, MuchInBothDirectionsAtOnce) {
    const std::string much(3'000'000, 'x');
    EXPECT_EQ(run("cat", much).out, much);
}

TEST(ChildProcess, AChildThatDoesNotReadIsNoObstacle) {
    EXPECT_EQ(run("exit 3", std::string(3'000'000, 'x')).end.exit_status, 3);
}

TEST(ChildProcess, NoDescriptorAndNoVariableOfTheParent) {
    const int open = ::open("/etc/passwd", O_RDONLY);
    EXPECT_EQ(run("ls /proc/self/fd | sort -n | tail -n +4 | grep -v 3 | tr '\\n' ' '; env | grep -v -E "
                  "'^(A|PWD|_|OLDPWD|SHLVL)='")
                  .out,
              "");
    ::close(open);
}

TEST(ChildProcess, ASignalIsSaid) {
    const Ran ran = run("kill -9 $$");
    EXPECT_EQ(ran.end.exit_status, -1);
    EXPECT_EQ(ran.end.signal, SIGKILL);
}

TEST(ChildProcess, WhatCannotBeRunIs127WithAReason) {
    std::string err;
    ChildWatch watch;
    watch.on_error = [&](std::string_view octets) { err += octets; };
    const auto end = run_child({becoming({"/nowhere/rsync"}, {}, -1), {}}, watch);
    EXPECT_EQ(end.value().exit_status, 127);
    EXPECT_EQ(err, "cannot run /nowhere/rsync: No such file or directory\n");
}

TEST(ChildProcess, TheLimitEndsItEvenIfItIgnoresSigterm) {
    const Ran ran = run("trap '' TERM; while :; do sleep 1; done", {}, -1, milliseconds(200));
    EXPECT_TRUE(ran.end.out_of_time);
    EXPECT_LT(ran.took, milliseconds(5'000));
}

TEST(ChildProcess, StopEndsTheWholeGroup) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    ::close(ends[1]);  // hung up: asked to stop
    const std::string mark = "/tmp/sie-child." + std::to_string(::getpid());
    const Ran ran = run("(trap '' TERM; sleep 2; touch " + mark + ") & sleep 60", {}, ends[0]);
    EXPECT_TRUE(ran.end.stopped);
    EXPECT_LT(ran.took, milliseconds(2'000));
    ::usleep(2'200'000);
    EXPECT_FALSE(std::filesystem::exists(mark)) << "the grandchild lives on";
    ::close(ends[0]);
}

TEST(ChildProcess, AGrandchildThatHoldsThePipesIsNotWaitedFor) {
    const Ran ran = run("sleep 60 & exit 4");
    EXPECT_EQ(ran.end.exit_status, 4);
    EXPECT_LT(ran.took, milliseconds(5'000));
}

TEST(LineCutter, PiecesBecomeLinesAndLongOnesAreCut) {
    std::vector<std::string> lines;
    LineCutter cutter([&](const std::string& line) { lines.push_back(line); }, 8);
    for (const char* piece : {"a", "b\r\nc", "\n\n", "0123456789", "abc\nde", ""}) cutter.take(piece);
    cutter.finish();
    EXPECT_EQ(lines, (std::vector<std::string>{"ab", "c", "01234567", "de"}));
}

}  // namespace
}  // namespace sie::upload
