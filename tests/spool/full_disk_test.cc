// Disks of our own, each in a mount namespace that goes with the test: full, read-only, failing.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "nmsg/reader.h"
#include "spool/output_file.h"
#include "spool/salvage.h"
#include "spool_folder.h"

namespace sie::spool {
namespace {

namespace fs = std::filesystem;

class OwnDisk : public InFolder {
  protected:
    void SetUp() override {
        if (::geteuid() != 0) SIE_SKIP("mounting needs root");
        if (::unshare(CLONE_NEWNS) != 0) SIE_SKIP("no mount namespace may be made here");
        if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
            ::mount("spool", folder.c_str(), "tmpfs", 0, "size=1m") != 0)
            SIE_SKIP(std::string("no tmpfs may be mounted: ") + std::strerror(errno));
        mounted = true;
    }
    void TearDown() override {
        if (mounted) ::umount2(folder.c_str(), MNT_DETACH);
    }
    [[nodiscard]] bool resize(const char* options) const {
        return ::mount("spool", folder.c_str(), "tmpfs", MS_REMOUNT, options) == 0;
    }
    [[nodiscard]] static std::uint64_t containers_in(const std::string& path) {
        auto reader = nmsg::Reader::open(path);
        EXPECT_TRUE(reader);
        nmsg::Payload payload;
        while (reader->next(payload)) {}
        EXPECT_FALSE(reader->error());
        EXPECT_EQ(reader->counts().crc_failures, 0U);
        return reader->counts().containers;
    }
    bool mounted = false;
};

TEST_F(OwnDisk, FullKeepsWholeContainersAndGoesOnWhenThereIsRoom) {
    OutputFile file(folder, "test");
    ASSERT_TRUE(file.open(Time::of(1'700'000'000, 0)));
    std::uint64_t written = 0, refused = 0;
    for (std::uint64_t i = 0; refused < 5; ++i) {
        const auto done = file.write(made_container(i, 10'000));
        if (done) {
            ++written;
            continue;
        }
        ++refused;
        EXPECT_EQ(done.error().remedy, "make room on the disk");
        EXPECT_EQ(fs::file_size(file.part_path()), file.counts().octets);
    }
    EXPECT_GT(written, 20U);
    ASSERT_TRUE(resize("size=4m"));
    for (std::uint64_t i = 0; i < 10; ++i) EXPECT_TRUE(file.write(made_container(1000 + i, 10'000)));
    const auto closed = file.close();
    ASSERT_TRUE(closed) << closed.error().text();
    EXPECT_EQ(containers_in(*closed), written + 10);
}

TEST_F(OwnDisk, FullAtOpenIsToldAndOpensLater) {
    put("filler", std::vector<std::uint8_t>(1 << 20));
    OutputFile file(folder, "test");
    const auto opened = file.open(Time::of(1'700'000'000, 0));
    if (opened) {  // a name may still fit; no octet does
        const auto written = file.write(made_container(0, 10'000));
        ASSERT_FALSE(written);
        EXPECT_EQ(written.error().remedy, "make room on the disk");
        const auto closed = file.close();
        ASSERT_TRUE(closed);
        EXPECT_EQ(*closed, "");
    }
    fs::remove(folder / "filler");
    ASSERT_TRUE(file.open(Time::of(1'700'000'001, 0)));
    ASSERT_TRUE(file.write(made_container(0, 10'000)));
    EXPECT_TRUE(file.close());
}

TEST_F(OwnDisk, ReadOnlyIsToldAndOpensLater) {
    OutputFile file(folder, "test");
    put(".test.20231114.2213.1700000000.000000005.part", made_container(1, 100));
    ASSERT_EQ(::mount("spool", folder.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, "size=1m"), 0);
    const auto opened = file.open(Time::of(1'700'000'000, 0));
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().remedy, "let the sensor write there");
    const auto report = salvage(folder);
    ASSERT_TRUE(report);
    ASSERT_EQ(report->left.size(), 1U);
    EXPECT_EQ(report->left[0].remedy, "let the sensor write there");
    ASSERT_TRUE(resize("size=1m"));
    ASSERT_TRUE(file.open(Time::of(1'700'000'000, 0)));
    ASSERT_TRUE(file.write(made_container(0, 100)));
    EXPECT_TRUE(file.close());
    EXPECT_EQ(salvage(folder)->files.size(), 1U);
}

// A part file may be cut and named on a disk without room.
TEST_F(OwnDisk, FullIsNoObstacleToASalvage) {
    auto octets = made_container(1, 1000);
    const std::size_t whole = octets.size();
    octets.resize(octets.size() + 5000);
    put(".test.20231114.2213.1700000000.000000005.part", octets);
    put("filler", std::vector<std::uint8_t>(1 << 20));
    const auto report = salvage(folder);
    ASSERT_TRUE(report);
    ASSERT_EQ(report->files.size(), 1U) << report->left.at(0).text();
    EXPECT_EQ(report->files[0].octets, whole);
}

using WithoutPermission = InFolder;

TEST_F(WithoutPermission, AFolderOfOthersIsToldWithARemedy) {
    if (::geteuid() != 0) SIE_SKIP("becoming another user needs root");
    put(".test.20231114.2213.1700000000.000000005.part", made_container(1, 100));
    fs::permissions(folder, fs::perms(0755));
    ASSERT_EQ(::seteuid(12345), 0);
    OutputFile file(folder, "test");
    const auto opened = file.open(Time::of(1'700'000'000, 0));
    const auto report = salvage(folder);
    ASSERT_EQ(::seteuid(0), 0);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().remedy, "let the sensor write there");
    ASSERT_TRUE(report);
    ASSERT_EQ(report->left.size(), 1U);
    EXPECT_EQ(report->left[0].remedy, "let the sensor write there");
    fs::permissions(folder, fs::perms(0));
    ASSERT_EQ(::seteuid(12345), 0);
    const auto closed_folder = salvage(folder);
    ASSERT_EQ(::seteuid(0), 0);
    fs::permissions(folder, fs::perms(0755));
    EXPECT_FALSE(closed_folder);
}

}  // namespace
}  // namespace sie::spool
