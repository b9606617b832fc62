// A close() that failed, tried again. fsync is this program's own: it fails when a test says so.
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "spool/output_file.h"
#include "spool/salvage.h"
#include "spool_folder.h"

namespace {
int fsync_fails_with = 0;  // once
int fsyncs = 0;
int fsync_to_fail = 1;  // the how manieth
}  // namespace

extern "C" int fsync(int fd) {
    if (++fsyncs == fsync_to_fail && fsync_fails_with != 0) {
        errno = std::exchange(fsync_fails_with, 0);
        return -1;
    }
    return static_cast<int>(::syscall(SYS_fsync, fd));
}

namespace sie::spool {
namespace {

namespace fs = std::filesystem;

constexpr Time stamp = Time::of(1'700'000'000, 5);
constexpr const char* name = "test.20231114.2213.1700000000.000000005.nmsg";
constexpr const char* part = ".test.20231114.2213.1700000000.000000005.part";

class Unfinished : public InFolder {
  protected:
    Unfinished() {
        for (std::uint64_t i = 0; i < 5; ++i) {
            const auto container = made_container(i, 1000 * (i + 1));
            whole += std::string(container.begin(), container.end());
        }
    }
    // Five containers, and a close() that fails.
    UnfinishedFile unfinished(int error_number, int which = 1) {
        EXPECT_TRUE(file.open(stamp));
        for (std::uint64_t i = 0; i < 5; ++i) EXPECT_TRUE(file.write(made_container(i, 1000 * (i + 1))));
        fail_next_fsync(error_number, which);
        const auto closed = file.close();
        EXPECT_FALSE(closed);
        auto taken = file.take_unfinished();
        EXPECT_TRUE(taken);
        EXPECT_FALSE(file.take_unfinished());
        return std::move(*taken);
    }
    static void fail_next_fsync(int error_number, int which = 1) {
        fsyncs = 0;
        fsync_to_fail = which;
        fsync_fails_with = error_number;
    }
    void change_one_octet(std::streamoff at) const {
        std::fstream out(folder / part, std::ios::binary | std::ios::in | std::ios::out);
        out.seekp(at);
        out.put('\x55');
    }
    OutputFile file{folder, "test"};
    std::string whole;
};

TEST_F(Unfinished, AnFsyncThatFailsIsTriedAgainWithTheOctetsWrittenAnew) {
    for (const int error_number : {EIO, ENOSPC, EDQUOT}) {
        UnfinishedFile again = unfinished(error_number);
        EXPECT_EQ(listing(), std::vector<std::string>{part});
        EXPECT_EQ(again.part_path(), folder / part);
        EXPECT_EQ(again.final_path(), folder / name);
        EXPECT_EQ(again.containers(), 5U);
        EXPECT_EQ(again.octets(), whole.size());
        const auto finished = again.finish();
        ASSERT_TRUE(finished) << finished.error().text();
        EXPECT_EQ(*finished, folder / name);
        EXPECT_EQ(content(name), whole);
        EXPECT_EQ(listing(), std::vector<std::string>{name});
        fs::remove(folder / name);
    }
    EXPECT_EQ(file.counts().files, 0U);  // whoever finishes them counts them
}

TEST_F(Unfinished, ItMayFailAgain) {
    UnfinishedFile again = unfinished(EIO);
    for (int i = 0; i < 3; ++i) {
        fail_next_fsync(EIO);
        EXPECT_FALSE(again.finish());
        EXPECT_FALSE(again.lost());
    }
    EXPECT_TRUE(again.finish());
    EXPECT_EQ(content(name), whole);
}

// The kernel may have dropped pages that it could not write: what is read back is something else, and no
// later fsync says so.
TEST_F(Unfinished, ContentThatChangedIsNeverGivenTheFinalName) {
    for (const std::streamoff at :
         {std::streamoff{0}, std::streamoff{7000}, static_cast<std::streamoff>(whole.size() - 1)}) {
        {
            UnfinishedFile again = unfinished(EIO);
            change_one_octet(at);
            const auto finished = again.finish();
            ASSERT_FALSE(finished);
            EXPECT_EQ(finished.error().kind, ErrorKind::damaged);
            EXPECT_TRUE(again.lost());
            EXPECT_FALSE(again.finish());
            EXPECT_EQ(listing(), std::vector<std::string>{part});
        }
        fs::remove(folder / part);
    }
}

TEST_F(Unfinished, IsHeldAgainstASalvageUntilItIsLetGo) {
    {
        const UnfinishedFile again = unfinished(EIO);
        const auto report = salvage(folder);
        ASSERT_TRUE(report);
        EXPECT_EQ(report->held, 1U);
    }
    const auto report = salvage(folder);
    ASSERT_TRUE(report);
    ASSERT_EQ(report->files.size(), 1U);
    EXPECT_EQ(content(name), whole);
}

TEST_F(Unfinished, TheNextFileIsWrittenMeanwhile) {
    UnfinishedFile again = unfinished(EIO);
    ASSERT_TRUE(file.open(Time::of(1'700'000'060, 0)));
    ASSERT_TRUE(file.write(made_container(9, 50)));
    ASSERT_TRUE(again.finish());
    ASSERT_TRUE(file.close());
    EXPECT_EQ(listing().size(), 2U);
    EXPECT_EQ(content(name), whole);
}

TEST_F(Unfinished, NotTakenItIsLeftToTheSalvage) {
    ASSERT_TRUE(file.open(stamp));
    ASSERT_TRUE(file.write(made_container(0, 1000)));
    fail_next_fsync(EIO);
    ASSERT_FALSE(file.close());
    ASSERT_TRUE(file.open(Time::of(1'700'000'060, 0)));
    EXPECT_FALSE(file.take_unfinished());
    const auto report = salvage(folder);
    ASSERT_TRUE(report);
    EXPECT_EQ(report->held, 1U);  // the new one
    EXPECT_EQ(report->files.size(), 1U);
}

TEST_F(Unfinished, ANameThatIsTakenIsWaitedFor) {
    ASSERT_TRUE(file.open(stamp));
    ASSERT_TRUE(file.write(made_container(0, 1000)));
    put(name, as_octets("mine"));
    const auto closed = file.close();
    ASSERT_FALSE(closed);
    EXPECT_EQ(closed.error().remedy, "move the file away; it is never overwritten");
    auto again = file.take_unfinished();
    ASSERT_TRUE(again);
    EXPECT_FALSE(again->finish());
    EXPECT_EQ(content(name), "mine");
    fs::remove(folder / name);
    EXPECT_TRUE(again->finish());
    EXPECT_GT(content(name).size(), 1000U);
}

TEST_F(Unfinished, AFolderThatCannotBeSynchronizedIsToldAndSynchronizedLater) {
    UnfinishedFile again = unfinished(EIO, 2);
    EXPECT_TRUE(again.renamed());
    EXPECT_EQ(listing(), std::vector<std::string>{name});
    EXPECT_EQ(file.counts().files, 1U);
    EXPECT_TRUE(again.finish());
    EXPECT_EQ(content(name), whole);
}

TEST_F(Unfinished, AFileSystemWithoutFsyncOfFoldersIsNoError) {
    ASSERT_TRUE(file.open(stamp));
    ASSERT_TRUE(file.write(made_container(0, 10)));
    fail_next_fsync(EINVAL, 2);
    EXPECT_TRUE(file.close());
}

TEST_F(Unfinished, APartFileThatWasRemovedIsLost) {
    UnfinishedFile again = unfinished(EIO);
    fs::remove(folder / part);
    const auto finished = again.finish();
    ASSERT_FALSE(finished);
    EXPECT_NE(finished.error().text().find("was removed"), std::string::npos);
    EXPECT_TRUE(again.lost());
    EXPECT_TRUE(listing().empty());
}

TEST_F(Unfinished, AnotherFileUnderThePartsNameIsNotRenamed) {
    UnfinishedFile again = unfinished(EIO);
    fs::remove(folder / part);
    put(part, as_octets("theirs"));
    EXPECT_FALSE(again.finish());
    EXPECT_TRUE(again.lost());
    EXPECT_EQ(content(part), "theirs");
}

TEST_F(Unfinished, AFolderThatWasRemovedAndMadeAnewTakesTheNextFile) {
    ASSERT_TRUE(file.open(stamp));
    ASSERT_TRUE(file.write(made_container(0, 10)));
    fs::remove_all(folder);
    EXPECT_TRUE(file.write(made_container(1, 10)));  // into a file without a name
    const auto closed = file.close();
    ASSERT_FALSE(closed);
    const auto again = file.take_unfinished();
    ASSERT_TRUE(again);
    EXPECT_TRUE(again->lost());
    EXPECT_FALSE(file.open(stamp));
    fs::create_directory(folder);
    ASSERT_TRUE(file.open(stamp));
    ASSERT_TRUE(file.write(made_container(2, 10)));
    EXPECT_TRUE(file.close());
    EXPECT_EQ(listing(), std::vector<std::string>{name});
}

TEST_F(Unfinished, AFolderThatIsAwayForAWhileIsNoLoss) {
    UnfinishedFile again = unfinished(EIO);
    const fs::path away = folder.string() + ".away";
    fs::rename(folder, away);
    EXPECT_FALSE(again.finish());
    EXPECT_FALSE(again.lost());
    fs::rename(away, folder);
    EXPECT_TRUE(again.finish());
    EXPECT_EQ(content(name), whole);
}

TEST_F(Unfinished, OpenFreeTakesTheNextFreeNanosecond) {
    put(name, as_octets("mine"));
    put(".test.20231114.2213.1700000000.000000006.part", as_octets("theirs"));
    const auto opened = file.open_free(stamp);
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->ns, stamp.ns + 2);
    ASSERT_TRUE(file.write(made_container(0, 10)));
    EXPECT_TRUE(file.close());
    EXPECT_EQ(content(name), "mine");
    OutputFile gone((folder / "gone").string(), "test");
    EXPECT_FALSE(gone.open_free(stamp));
}

}  // namespace
}  // namespace sie::spool
