#include "daemon/given_folder.h"

#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace sie::daemon {
namespace {

class GivenFolder : public ::testing::Test {
  protected:
    void SetUp() override {
        nobody = ::getpwnam("nobody");
        if (::geteuid() != 0 || nobody == nullptr) {
            if (const char* all = std::getenv("REQUIRE_ALL"); all != nullptr && std::string(all) == "1")
                FAIL() << "needs root";
            GTEST_SKIP() << "only root gives folders away";
        }
        std::string form = (std::filesystem::temp_directory_path() / "sie-given.XXXXXX").string();
        here = ::mkdtemp(form.data());
    }
    void TearDown() override {
        if (!here.empty()) std::filesystem::remove_all(here);
    }
    static uid_t owner_of(const std::filesystem::path& path) {
        struct stat status {};
        EXPECT_EQ(::lstat(path.c_str(), &status), 0);
        return status.st_uid;
    }
    const passwd* nobody = nullptr;
    std::filesystem::path here;
};

TEST_F(GivenFolder, IsMadeWithItsModeAndGiven) {
    const auto done = give_folder(here / "a", 0750, "nobody");
    ASSERT_TRUE(done) << done.error().text();
    EXPECT_EQ(owner_of(here / "a"), nobody->pw_uid);
    EXPECT_EQ(std::filesystem::status(here / "a").permissions(), std::filesystem::perms(0750));
}

TEST_F(GivenFolder, OfRootIsGivenOfSomebodyElseStays) {
    std::filesystem::create_directory(here / "roots");
    std::filesystem::create_directory(here / "theirs");
    ASSERT_EQ(::chown((here / "theirs").c_str(), 4242, 4242), 0);
    ASSERT_TRUE(give_folder(here / "roots", 0755, "nobody"));
    ASSERT_TRUE(give_folder(here / "theirs", 0755, "nobody"));
    EXPECT_EQ(owner_of(here / "roots"), nobody->pw_uid);
    EXPECT_EQ(owner_of(here / "theirs"), 4242U);
}

TEST_F(GivenFolder, IsNeverReachedThroughALink) {
    std::filesystem::create_directory(here / "secret");
    std::filesystem::create_directory_symlink(here / "secret", here / "link");
    EXPECT_FALSE(give_folder(here / "link", 0755, "nobody"));
    EXPECT_EQ(owner_of(here / "secret"), 0U);
}

TEST_F(GivenFolder, NamesTheUserThatIsMissing) {
    const auto done = give_folder(here / "a", 0755, "no-such-user-here");
    ASSERT_FALSE(done);
    EXPECT_NE(done.error().text().find("adduser"), std::string::npos) << done.error().text();
    EXPECT_FALSE(std::filesystem::exists(here / "a"));
}

}  // namespace
}  // namespace sie::daemon
