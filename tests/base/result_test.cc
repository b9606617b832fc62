#include "base/result.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace sie {
namespace {

TEST(ErrorText, NamesThingPlaceReasonAndRemedy) {
    const Error error{ErrorKind::damaged, "a.pcap", 24, "cut inside a record", "copy the file again"};
    EXPECT_EQ(error.text(), "a.pcap: offset 24: cut inside a record; copy the file again");
}

TEST(ErrorText, LeavesOutWhatIsNotKnown) {
    EXPECT_EQ((Error{ErrorKind::usage, "--workers", {}, "is empty", {}}.text()), "--workers: is empty");
    EXPECT_EQ((Error{ErrorKind::usage, {}, {}, "is empty", {}}.text()), "is empty");
    EXPECT_EQ((Error{ErrorKind::usage, {}, {}, "is empty", "write 1"}.text()), "is empty; write 1");
}

TEST(ErrorText, ShowsThePlaceAtTheStart) {
    EXPECT_EQ((Error{ErrorKind::damaged, "-", 0, "not a capture file", {}}.text()),
              "-: offset 0: not a capture file");
}

// DESIGN §5 "Exit codes".
TEST(ExitStatus, FollowsFromTheKind) {
    const auto status = [](ErrorKind kind) { return Error{kind, {}, {}, {}, {}}.exit_status(); };
    EXPECT_EQ(status(ErrorKind::damaged), 1);
    EXPECT_EQ(status(ErrorKind::system), 1);
    EXPECT_EQ(status(ErrorKind::usage), 2);
    EXPECT_EQ(status(ErrorKind::denied), 3);
}

TEST(Fail, MakesAResultThatHoldsTheError) {
    const Result<int> result = fail(ErrorKind::denied, "eth0", "may not be opened", "run as root");
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().kind, ErrorKind::denied);
    EXPECT_EQ(result.error().offset, std::nullopt);
    EXPECT_EQ(result.error().text(), "eth0: may not be opened; run as root");
}

TEST(Fail, KeepsAnErrorAsItIs) {
    const Result<void> result = fail(Error{ErrorKind::damaged, "x", 7, "y", "z"});
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().text(), "x: offset 7: y; z");
}

TEST(FailErrno, SaysWhatTheSystemSaid) {
    const Result<void> result = fail_errno("out.nmsg", "cannot be made", ENOENT);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().kind, ErrorKind::system);
    EXPECT_EQ(result.error().text(), "out.nmsg: cannot be made: No such file or directory");
}

}  // namespace
}  // namespace sie
