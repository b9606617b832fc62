#include "daemon/background.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace sie::daemon {
namespace {

class PidFileTest : public ::testing::Test {
  protected:
    PidFileTest() {
        std::string form = (std::filesystem::temp_directory_path() / "sie-pid.XXXXXX").string();
        folder = ::mkdtemp(form.data());
        path = (folder / "pid").string();
    }
    ~PidFileTest() override { std::filesystem::remove_all(folder); }
    [[nodiscard]] static std::string content_of(const std::filesystem::path& file) {
        std::ifstream in(file);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    std::filesystem::path folder;
    std::string path;
};

TEST_F(PidFileTest, HoldsTheNumberWhileItLastsAndIsGoneThen) {
    {
        PidFile file("--pid-file");
        ASSERT_TRUE(file.open(path, ""));
        ASSERT_TRUE(file.write());
        EXPECT_EQ(content_of(path), std::to_string(::getpid()) + "\n");
    }
    EXPECT_FALSE(std::filesystem::exists(path));
}

// A second sensor that is refused must not take the first one's file away.
TEST_F(PidFileTest, OfAnotherProcessStaysIfThisOneNeverWrote) {
    std::ofstream(path) << "4242\n";
    {
        PidFile file("--pid-file");
        ASSERT_TRUE(file.open(path, ""));
    }
    EXPECT_EQ(content_of(path), "4242\n");
}

TEST_F(PidFileTest, ThatThisProcessMadeAndNeverWroteIsGone) {
    {
        PidFile file("--pid-file");
        ASSERT_TRUE(file.open(path, ""));
    }
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(PidFileTest, IsNotReachedThroughALink) {
    std::ofstream(folder / "other") << "x";
    std::filesystem::create_symlink(folder / "other", path);
    PidFile file("--pid-file");
    EXPECT_FALSE(file.open(path, ""));
    EXPECT_EQ(content_of(folder / "other"), "x");
}

}  // namespace
}  // namespace sie::daemon
