#include "daemon/service_log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "in_child.h"
#include "receiving_socket.h"

namespace sie::daemon {
namespace {

using namespace std::chrono_literals;
using test::OwnFolder;
using test::ReceivingSocket;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
constexpr Moment now{1h};

TEST(LogLine, UrgencyIsHeldAgainstTheConfiguredLevel) {
    EXPECT_EQ(level_of(Urgency::info, 6), 6);
    EXPECT_EQ(level_of(Urgency::warning, 6), 4);
    EXPECT_EQ(level_of(Urgency::error, 6), 3);
    EXPECT_EQ(level_of(Urgency::warning, 2), 2);
    EXPECT_EQ(level_of(Urgency::error, 2), 2);
}

TEST(LogLine, IsOneLineAndBounded) {
    EXPECT_EQ(one_line("a\nb\x1b[31m\tc\x7f"), "a b [31m c ");
    EXPECT_EQ(one_line(std::string(most_line_octets + 1, 'x')).size(), most_line_octets);
    const std::string cut = one_line(std::string(most_line_octets - 1, 'x') + "\xc3\xa4");
    EXPECT_EQ(cut, std::string(most_line_octets - 1, 'x'));
}

TEST(LogLine, SyslogsForm) {
    std::tm local{};
    local.tm_mon = 10;
    local.tm_mday = 4;
    local.tm_hour = 1;
    local.tm_min = 56;
    local.tm_sec = 51;
    EXPECT_EQ(syslog_line(21, 6, "sie", local, "eth0: down"), "<174>Nov  4 01:56:51 sie: eth0: down");
}

TEST(LogLine, TheJournalsForm) {
    const LogField fields[] = {
        {"SIE_INTERFACE", "eth0\nPRIORITY=0"}, {"_PID", "1"}, {"lower", "x"}, {"", "y"}};
    EXPECT_EQ(journal_entry(21, 4, "sie", "eth0: down\nMESSAGE=forged", fields),
              "MESSAGE=eth0: down MESSAGE=forged\nPRIORITY=4\nSYSLOG_FACILITY=21\nSYSLOG_IDENTIFIER=sie\n"
              "SIE_INTERFACE=eth0 PRIORITY=0\n");
}

LogSettings to(LogTarget target, const OwnFolder& folder) {
    LogSettings settings;
    settings.target = target;
    settings.syslog_socket = settings.journal_socket = folder / "log";
    return settings;
}

TEST(ServiceLog, SpeaksToSyslogAcrossItsRestart) {
    const OwnFolder folder;
    ReceivingSocket syslog(folder / "log");
    ServiceLog log(to(LogTarget::syslog, folder));
    log.tell(Urgency::info, "", "one", now);
    EXPECT_THAT(syslog.next(), MatchesRegex("<174>[A-Z][a-z][a-z] [ 1-3][0-9] [0-9:]+ sie: one"));
    syslog.close();
    log.tell(Urgency::info, "", "two", now);
    EXPECT_EQ(log.lost(), 1U);
    syslog.open();
    log.tell(Urgency::error, "", "three", now);
    EXPECT_THAT(syslog.next(), HasSubstr("sie: three"));
    EXPECT_EQ(log.lost(), 1U);
    log.set_priority(3, 5);
    log.tell(Urgency::info, "", "four", now);
    EXPECT_THAT(syslog.next(), HasSubstr("<29>"));
}

TEST(ServiceLog, SpeaksToTheJournalWithFields) {
    const OwnFolder folder;
    const ReceivingSocket journal(folder / "log");
    ServiceLog log(to(LogTarget::journal, folder));
    log.tell(Urgency::warning, "link", "eth0: down", now, {{"SIE_INTERFACE", "eth0"}});
    EXPECT_EQ(
        journal.next(),
        "MESSAGE=eth0: down\nPRIORITY=4\nSYSLOG_FACILITY=21\nSYSLOG_IDENTIFIER=sie\nSIE_INTERFACE=eth0\n"
        "SIE_KEY=link\n");
}

TEST(ServiceLog, AReceiverThatDoesNotReadIsNotWaitedFor) {
    const OwnFolder folder;
    const ReceivingSocket syslog(folder / "log");
    ServiceLog log(to(LogTarget::syslog, folder));
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 5000; ++i) log.tell(Urgency::info, "", "line", now);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
    std::uint64_t read = 0;
    while (!syslog.next(0).empty()) ++read;
    EXPECT_GT(read, 0U);
    EXPECT_GT(log.lost(), 0U);
    EXPECT_EQ(read + log.lost(), 5000U);
}

TEST(ServiceLog, HoldsRepetitionsBackAndTellsThemLater) {
    const OwnFolder folder;
    const ReceivingSocket syslog(folder / "log");
    ServiceLog log(to(LogTarget::syslog, folder));
    for (int i = 0; i < 8; ++i) log.tell(Urgency::error, "disk", "full", now);
    for (int i = 0; i < 5; ++i) EXPECT_THAT(syslog.next(), HasSubstr("sie: full"));
    EXPECT_EQ(syslog.next(0), "");
    log.attend(now + 59s);
    EXPECT_EQ(syslog.next(0), "");
    log.attend(now + 60s);
    EXPECT_THAT(syslog.next(), HasSubstr("sie: full (and 2 more)"));
    log.tell(Urgency::error, "disk", "full", now + 61s);
    log.flush();
    EXPECT_THAT(syslog.next(), MatchesRegex("<171>.* sie: full"));
    EXPECT_EQ(log.lost(), 0U);
}

TEST(ServiceLog, TheTerminalIsNotWaitedFor) {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    LogSettings settings;
    settings.terminal_fd = ends[1];
    ServiceLog log(settings);
    log.tell(Urgency::warning, "", "eth0: down", now);
    log.tell(Urgency::info, "", "eth0: up", now);
    char text[128];
    const std::string expected = "sie-dns-sensor: warning: eth0: down\nsie-dns-sensor: eth0: up\n";
    ASSERT_EQ(::read(ends[0], text, sizeof text), static_cast<ssize_t>(expected.size()));
    EXPECT_EQ(std::string(text, expected.size()), expected);
    for (int i = 0; i < 1000; ++i) log.tell(Urgency::info, "", std::string(3000, 'x'), now);
    EXPECT_GT(log.lost(), 0U);
    ::close(ends[0]);
    ::close(ends[1]);
}

TEST(ServiceLog, TheTargetFollowsTheEnvironment) {
    struct stat error {};
    ASSERT_EQ(::fstat(STDERR_FILENO, &error), 0);
    const std::string own = std::to_string(error.st_dev) + ":" + std::to_string(error.st_ino);
    ::setenv("JOURNAL_STREAM", own.c_str(), 1);
    EXPECT_EQ(choose_log_target(false), LogTarget::journal);
    EXPECT_EQ(std::getenv("JOURNAL_STREAM"), nullptr);
    ::setenv("JOURNAL_STREAM", (own + "1").c_str(), 1);
    EXPECT_EQ(choose_log_target(false), LogTarget::terminal);
    EXPECT_EQ(choose_log_target(true), LogTarget::syslog);
}

}  // namespace
}  // namespace sie::daemon
