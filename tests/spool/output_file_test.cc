#include "spool/output_file.h"

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>

#include "spool_folder.h"

namespace sie::spool {
namespace {

namespace fs = std::filesystem;

const std::vector<std::uint8_t> container{'N', 'M', 'S', 'G', 0, 2, 0, 0, 0, 0};
constexpr Time stamp = Time::of(1'700'000'000, 5);
constexpr const char* name = "test.20231114.2213.1700000000.000000005.nmsg";
constexpr const char* part = ".test.20231114.2213.1700000000.000000005.part";

using OutputFileTest = InFolder;

TEST_F(OutputFileTest, IsHiddenUntilItIsWhole) {
    OutputFile file(folder, "test");
    ASSERT_TRUE(file.open(stamp));
    ASSERT_TRUE(file.write(container));
    EXPECT_EQ(listing(), std::vector<std::string>{part});
    const auto path = file.close();
    ASSERT_TRUE(path);
    EXPECT_EQ(*path, (folder / name).string());
    EXPECT_EQ(listing(), std::vector<std::string>{name});
    EXPECT_EQ(content(name), std::string(container.begin(), container.end()));
    EXPECT_EQ(file.counts().files, 1U);
    EXPECT_EQ(file.counts().containers, 1U);
    EXPECT_EQ(file.counts().octets, container.size());
}

TEST_F(OutputFileTest, OneFileAfterTheOther) {
    OutputFile file(folder, "test");
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(file.open(Time::of(1'700'000'000 + i, 0)));
        EXPECT_TRUE(file.is_open());
        ASSERT_TRUE(file.write(container));
        ASSERT_TRUE(file.close());
        EXPECT_FALSE(file.is_open());
    }
    EXPECT_EQ(listing().size(), 3U);
    EXPECT_EQ(file.counts().files, 3U);
}

TEST_F(OutputFileTest, AFileWithoutAContainerIsNotKept) {
    OutputFile file(folder, "test");
    ASSERT_TRUE(file.open(stamp));
    const auto path = file.close();
    ASSERT_TRUE(path);
    EXPECT_EQ(*path, "");
    EXPECT_TRUE(listing().empty());
    EXPECT_EQ(file.counts().files, 0U);
}

TEST_F(OutputFileTest, AFileThatExistsIsAnErrorAndStays) {
    std::ofstream(folder / name) << "mine";
    OutputFile file(folder, "test");
    const auto opened = file.open(stamp);
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().text().find(name), std::string::npos);
    EXPECT_EQ(opened.error().exit_status(), 1);
    EXPECT_EQ(content(name), "mine");
    EXPECT_EQ(listing().size(), 1U);
}

TEST_F(OutputFileTest, AFileThatCameInBetweenIsNotOverwritten) {
    OutputFile file(folder, "test");
    ASSERT_TRUE(file.open(stamp));
    ASSERT_TRUE(file.write(container));
    std::ofstream(folder / name) << "mine";
    EXPECT_FALSE(file.close());
    EXPECT_EQ(content(name), "mine");
    EXPECT_EQ(content(part), std::string(container.begin(), container.end()));  // for the salvage
}

TEST_F(OutputFileTest, APartFileOfAnotherIsNotTaken) {
    std::ofstream(folder / part) << "theirs";
    OutputFile file(folder, "test");
    EXPECT_FALSE(file.open(stamp));
    EXPECT_EQ(content(part), "theirs");
}

TEST_F(OutputFileTest, ALinkIsNotFollowed) {
    fs::create_symlink(folder / "elsewhere", folder / part);
    OutputFile file(folder, "test");
    EXPECT_FALSE(file.open(stamp));
    EXPECT_FALSE(fs::exists(folder / "elsewhere"));
}

TEST_F(OutputFileTest, AMissingFolderIsNamedWithARemedy) {
    OutputFile file((folder / "gone").string(), "test");
    const auto opened = file.open(stamp);
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().text().find("gone"), std::string::npos);
    EXPECT_FALSE(opened.error().remedy.empty());
}

TEST_F(OutputFileTest, GoingWithoutCloseLeavesNothing) {
    {
        OutputFile file(folder, "test");
        ASSERT_TRUE(file.open(stamp));
        ASSERT_TRUE(file.write(container));
    }
    EXPECT_TRUE(listing().empty());
}

TEST_F(OutputFileTest, WritingWithoutAFileIsAnError) {
    OutputFile file(folder, "test");
    EXPECT_FALSE(file.write(container));
    EXPECT_FALSE(file.close());
}

// A limit on the size of files stands for a full disk: a write is cut short in the middle of a container.
TEST_F(OutputFileTest, AContainerThatDoesNotFitLeavesWholeOnes) {
    rlimit old{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{25, old.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    OutputFile file(folder, "test");
    ASSERT_TRUE(file.open(stamp));
    EXPECT_TRUE(file.write(container));
    EXPECT_TRUE(file.write(container));
    const auto third = file.write(container);
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old), 0);
    std::signal(SIGXFSZ, handler);
    ASSERT_FALSE(third);
    EXPECT_NE(third.error().text().find(part), std::string::npos);
    EXPECT_EQ(content(part).size(), 20U);
    EXPECT_TRUE(file.write(container));  // there is room again
    ASSERT_TRUE(file.close());
    EXPECT_EQ(content(name).size(), 30U);
    EXPECT_EQ(file.counts().containers, 3U);
}

// Past the places where the disk is told to begin.
TEST_F(OutputFileTest, ALargeFileIsWhole) {
    OutputFile file(folder, "test");
    ASSERT_TRUE(file.open(stamp));
    std::string whole;
    for (std::uint64_t i = 0; i < 30; ++i) {
        const auto large = made_container(i, 300'000);
        whole.append(large.begin(), large.end());
        ASSERT_TRUE(file.write(large));
    }
    ASSERT_GT(whole.size(), 3U * (8U << 20));
    ASSERT_TRUE(file.close());
    EXPECT_TRUE(content(name) == whole);
}

}  // namespace
}  // namespace sie::spool
