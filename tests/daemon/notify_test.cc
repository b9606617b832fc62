#include "daemon/notify.h"

#include <ctime>

#include "receiving_socket.h"

namespace sie::daemon {
namespace {

using test::OwnFolder;
using test::ReceivingSocket;

Notify told_of(const std::string& socket, const char* interval = nullptr, const std::string& pid = "") {
    ::setenv("NOTIFY_SOCKET", socket.c_str(), 1);
    if (interval != nullptr) ::setenv("WATCHDOG_USEC", interval, 1);
    if (!pid.empty()) ::setenv("WATCHDOG_PID", pid.c_str(), 1);
    return Notify::from_environment();
}

TEST(Notify, SaysWhatAManagerKnows) {
    const OwnFolder folder;
    const ReceivingSocket manager(folder / "notify");
    Notify notify = told_of(folder / "notify");
    ASSERT_TRUE(notify.listening());
    EXPECT_TRUE(notify.ready());
    EXPECT_EQ(manager.next(), "READY=1");
    EXPECT_TRUE(notify.status("capturing on eth0\nREADY=0"));
    EXPECT_EQ(manager.next(), "STATUS=capturing on eth0 READY=0");
    EXPECT_TRUE(notify.watchdog());
    EXPECT_EQ(manager.next(), "WATCHDOG=1");
    EXPECT_TRUE(notify.stopping());
    EXPECT_EQ(manager.next(), "STOPPING=1");
}

TEST(Notify, ReloadingComesWithTheMonotonicTime) {
    const OwnFolder folder;
    const ReceivingSocket manager(folder / "notify");
    Notify notify = told_of(folder / "notify");
    timespec before{}, after{};
    ::clock_gettime(CLOCK_MONOTONIC, &before);
    EXPECT_TRUE(notify.reloading());
    ::clock_gettime(CLOCK_MONOTONIC, &after);
    const std::string said = manager.next(), head = "RELOADING=1\nMONOTONIC_USEC=";
    ASSERT_EQ(said.substr(0, head.size()), head);
    const long long time = std::stoll(said.substr(head.size()));
    EXPECT_GE(time, before.tv_sec * 1'000'000LL + before.tv_nsec / 1000);
    EXPECT_LE(time, after.tv_sec * 1'000'000LL + after.tv_nsec / 1000);
}

#ifdef __linux__
TEST(Notify, AnAbstractSocketIsFound) {
    const std::string name = "@sie-notify-test-" + std::to_string(::getpid());
    const ReceivingSocket manager(name);
    Notify notify = told_of(name);
    EXPECT_TRUE(notify.ready());
    EXPECT_EQ(manager.next(), "READY=1");
}
#endif

TEST(Notify, ChildrenDoNotSeeTheVariables) {
    const OwnFolder folder;
    static_cast<void>(told_of(folder / "notify", "1000000", std::to_string(::getpid())));
    EXPECT_EQ(std::getenv("NOTIFY_SOCKET"), nullptr);
    EXPECT_EQ(std::getenv("WATCHDOG_USEC"), nullptr);
    EXPECT_EQ(std::getenv("WATCHDOG_PID"), nullptr);
}

TEST(Notify, WithoutAManagerNothingIsSaid) {
    Notify notify = Notify::from_environment();
    EXPECT_FALSE(notify.listening());
    EXPECT_FALSE(notify.ready());
    EXPECT_FALSE(notify.watchdog_interval());
    for (const std::string odd : {"relative", "@", "/", "", "vsock:2:1234"})
        EXPECT_FALSE(told_of(odd).listening()) << odd;
    EXPECT_FALSE(told_of("/" + std::string(107, 'x')).listening());
    EXPECT_TRUE(told_of("/" + std::string(106, 'x')).listening());
}

TEST(Notify, AManagerThatIsGoneIsNoFailureAndIsFoundAgain) {
    const OwnFolder folder;
    ReceivingSocket manager(folder / "notify");
    Notify notify = told_of(folder / "notify");
    manager.close();
    EXPECT_FALSE(notify.ready());
    manager.open();
    EXPECT_TRUE(notify.ready());
    EXPECT_EQ(manager.next(), "READY=1");
}

TEST(Notify, AManagerThatDoesNotReadIsWaitedForASecondAtMost) {
    const OwnFolder folder;
    const ReceivingSocket manager(folder / "notify");
    Notify notify = told_of(folder / "notify");
    const auto start = std::chrono::steady_clock::now();
    int sent = 0;
    while (sent < 100'000 && notify.watchdog()) ++sent;
    const auto waited = std::chrono::steady_clock::now() - start;
    EXPECT_GT(sent, 0);
    EXPECT_LT(sent, 100'000);
    EXPECT_LT(waited, std::chrono::seconds(5));
}

TEST(Notify, TheWatchdogIsForTheProcessThatIsMeant) {
    const OwnFolder folder;
    const std::string path = folder / "notify", own = std::to_string(::getpid());
    EXPECT_EQ(told_of(path, "10000000", own).watchdog_interval(), std::chrono::seconds(10));
    EXPECT_EQ(told_of(path, "10000000").watchdog_interval(), std::chrono::seconds(10));
    EXPECT_FALSE(told_of(path, "10000000", "1").watchdog_interval());
    for (const char* odd : {"0", "-1", "10s", "", "99999999999999999999", "18446744073709551615"})
        EXPECT_FALSE(told_of(path, odd, own).watchdog_interval()) << odd;
}

}  // namespace
}  // namespace sie::daemon
