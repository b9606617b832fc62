#include "daemon/given_folders.h"

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

TEST_F(GivenFolder, IsMadeWithItsModeAndGivenWithAllBelow) {
    const auto done = give_folders(here / "a", 0750, {"new", "new/ch202"}, "nobody");
    ASSERT_TRUE(done) << done.error().text();
    for (const char* const path : {"a", "a/new", "a/new/ch202"})
        EXPECT_EQ(owner_of(here / path), nobody->pw_uid) << path;
    EXPECT_EQ(std::filesystem::status(here / "a").permissions(), std::filesystem::perms(0750));
}

TEST_F(GivenFolder, ABaseThatIsThereStaysWhoseItIs) {
    std::filesystem::create_directories(here / "roots" / "new");
    ASSERT_TRUE(give_folders(here / "roots", 0755, {"new"}, "nobody"));
    EXPECT_EQ(owner_of(here / "roots"), 0U);
    EXPECT_EQ(owner_of(here / "roots/new"), nobody->pw_uid);
}

TEST_F(GivenFolder, BelowItSomebodyElsesStays) {
    std::filesystem::create_directories(here / "a" / "theirs");
    ASSERT_EQ(::chown((here / "a/theirs").c_str(), 4242, 4242), 0);
    ASSERT_TRUE(give_folders(here / "a", 0755, {"theirs"}, "nobody"));
    EXPECT_EQ(owner_of(here / "a/theirs"), 4242U);
}

// The user may write below the base: a link there must not lead root elsewhere.
TEST_F(GivenFolder, NothingIsReachedThroughALink) {
    std::filesystem::create_directory(here / "secret");
    std::filesystem::create_directory(here / "a");
    std::filesystem::create_directory_symlink(here / "secret", here / "a" / "new");
    EXPECT_FALSE(give_folders(here / "a", 0755, {"new", "new/ch202"}, "nobody"));
    EXPECT_FALSE(give_folders(here / "a", 0755, {"new/ch202"}, "nobody"));
    EXPECT_EQ(owner_of(here / "secret"), 0U);
    EXPECT_TRUE(std::filesystem::is_empty(here / "secret"));
}

TEST_F(GivenFolder, NamesTheUserThatIsMissing) {
    const auto done = give_folders(here / "a", 0755, {}, "no-such-user-here");
    ASSERT_FALSE(done);
    EXPECT_NE(done.error().text().find("adduser"), std::string::npos) << done.error().text();
    EXPECT_FALSE(std::filesystem::exists(here / "a"));
}

}  // namespace
}  // namespace sie::daemon
