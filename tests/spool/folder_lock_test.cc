#include "spool/folder_lock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "spool_folder.h"

namespace sie::spool {
namespace {

namespace fs = std::filesystem;
using FolderLockTest = InFolder;

TEST_F(FolderLockTest, TheSecondIsRefusedWithThePidOfTheFirst) {
    const auto first = FolderLock::take(folder);
    ASSERT_TRUE(first);
    const auto second = FolderLock::take(folder);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, ErrorKind::denied);
    EXPECT_EQ(second.error().exit_status(), 3);
    EXPECT_EQ(second.error().text(), folder.string() + ": in use by a sensor with pid " +
                                         std::to_string(::getpid()) + "; stop it, or use another folder");
}

TEST_F(FolderLockTest, GoingLetsGoAndTheFileStays) {
    { ASSERT_TRUE(FolderLock::take(folder)); }
    EXPECT_TRUE(fs::exists(folder / lock_name));
    EXPECT_TRUE(FolderLock::take(folder));
}

TEST_F(FolderLockTest, AFileOfACrashIsNoObstacle) {
    put(lock_name, as_octets("4194304\nand more that is longer than a pid"));
    const auto taken = FolderLock::take(folder);
    ASSERT_TRUE(taken) << taken.error().text();
    EXPECT_EQ(content(lock_name), std::to_string(::getpid()) + "\n");
}

TEST_F(FolderLockTest, TheKernelLetsGoWhenItsProcessIsKilled) {
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        const auto taken = FolderLock::take(folder);
        const char told = taken ? '1' : '0';
        static_cast<void>(!::write(ready[1], &told, 1));
        for (;;) ::pause();
    }
    char told = 0;
    ASSERT_EQ(::read(ready[0], &told, 1), 1);
    ASSERT_EQ(told, '1');
    const auto refused = FolderLock::take(folder);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().text().find("pid " + std::to_string(child) + ";"), std::string::npos);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    EXPECT_TRUE(FolderLock::take(folder));
}

TEST_F(FolderLockTest, AForkKeepsItAndExecDoesNot) {
    auto taken = FolderLock::take(folder);
    ASSERT_TRUE(taken);
    const pid_t child = ::fork();
    if (child == 0) {
        taken->write_pid();
        for (;;) ::pause();
    }
    {
        const FolderLock gone = std::move(*taken);  // the parent leaves
    }
    while (content(lock_name) != std::to_string(child) + "\n") ::usleep(1000);
    EXPECT_FALSE(FolderLock::take(folder));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    int started[2];
    ASSERT_EQ(::pipe(started), 0);
    pid_t sleeper = 0;
    {
        const auto again = FolderLock::take(folder);
        ASSERT_TRUE(again);
        sleeper = ::fork();
        if (sleeper == 0) {
            ::dup2(started[1], 1);
            ::execl("/bin/sh", "sh", "-c", "echo; exec sleep 60", nullptr);
            ::_exit(1);
        }
        char line = 0;
        ASSERT_EQ(::read(started[0], &line, 1), 1);
    }
    EXPECT_TRUE(FolderLock::take(folder));
    ::kill(sleeper, SIGKILL);
    ::waitpid(sleeper, nullptr, 0);
}

TEST_F(FolderLockTest, APidThatIsNoneIsNotShown) {
    const auto first = FolderLock::take(folder);
    ASSERT_TRUE(first);
    for (const char* text : {"", "\x1b[31m\n", "12 34\n", "99999999999999999999999999999999999999\n"}) {
        put(lock_name, as_octets(text));
        const auto second = FolderLock::take(folder);
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error().text(),
                  folder.string() + ": in use by a sensor; stop it, or use another folder");
    }
}

TEST_F(FolderLockTest, OnlyItsOwnerMayWriteIt) {
    const mode_t old = ::umask(0);
    put(lock_name, {});
    fs::permissions(folder / lock_name, fs::perms(0666));
    const auto taken = FolderLock::take(folder);
    ::umask(old);
    ASSERT_TRUE(taken);
    EXPECT_EQ(fs::status(folder / lock_name).permissions(), fs::perms(0644));
}

TEST_F(FolderLockTest, LinksFifosAndFoldersAreRefused) {
    put("victim", as_octets("mine"));
    fs::create_symlink(folder / "victim", folder / lock_name);
    EXPECT_FALSE(FolderLock::take(folder));
    fs::remove(folder / lock_name);
    fs::create_hard_link(folder / "victim", folder / lock_name);
    EXPECT_FALSE(FolderLock::take(folder));
    EXPECT_EQ(content("victim"), "mine");
    fs::remove(folder / lock_name);
    ASSERT_EQ(::mkfifo((folder / lock_name).c_str(), 0644), 0);
    EXPECT_FALSE(FolderLock::take(folder));
    fs::remove(folder / lock_name);
    fs::create_directory(folder / lock_name);
    EXPECT_FALSE(FolderLock::take(folder));
}

TEST_F(FolderLockTest, AMissingFolderIsNamedWithARemedy) {
    const auto taken = FolderLock::take((folder / "gone").string());
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().kind, ErrorKind::system);
    EXPECT_EQ(taken.error().remedy, "make the folder");
}

TEST_F(FolderLockTest, TellsThatItsFileWasRemoved) {
    const auto taken = FolderLock::take(folder);
    ASSERT_TRUE(taken);
    EXPECT_TRUE(taken->still_in_place());
    fs::remove(folder / lock_name);
    EXPECT_FALSE(taken->still_in_place());
    EXPECT_TRUE(FolderLock::take(folder));  // which is why it is asked
    EXPECT_FALSE(taken->still_in_place());
}

}  // namespace
}  // namespace sie::spool
