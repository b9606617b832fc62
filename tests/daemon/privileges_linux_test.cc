#include <cap-ng.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <cerrno>

#include "daemon/privileges.h"
#include "in_child.h"

namespace sie::daemon {
namespace {

using test::in_child;

#define SIE_SKIP_UNLESS_ROOT() \
    if (::geteuid() != 0) GTEST_SKIP() << "becoming another user needs root"

constexpr const char* user = "nobody";

bool packet_socket() {
    const int fd = ::socket(AF_PACKET, SOCK_RAW, 0);
    if (fd >= 0) ::close(fd);
    return fd >= 0;
}

bool holds_only(unsigned cap, bool held) {
    if (capng_get_caps_process() != 0) return false;
    for (unsigned c = 0; c <= CAP_LAST_CAP; ++c)
        for (const capng_type_t type : {CAPNG_EFFECTIVE, CAPNG_PERMITTED})
            if ((capng_have_capability(type, c) != 0) != (c == cap && held)) return false;
    return true;
}

bool is_nobody() {
    const passwd* who = ::getpwnam(user);
    gid_t groups[64];
    const int count = ::getgroups(64, groups);
    for (int i = 0; i < count; ++i)
        if (groups[i] == 0) return false;
    return who != nullptr && ::getuid() == who->pw_uid && ::geteuid() == who->pw_uid &&
           ::getgid() == who->pw_gid;
}

TEST(Privileges, RootBecomesTheUserAndKeepsWhatCapturesPackets) {
    SIE_SKIP_UNLESS_ROOT();
    EXPECT_EQ(in_child([] {
                  const gid_t root_group = 0;
                  ::setgroups(1, &root_group);
                  if (!lower_privileges(user, Keep::net_raw)) return false;
                  return is_nobody() && holds_only(CAP_NET_RAW, true) && holds_net_raw() && packet_socket() &&
                         ::setuid(0) != 0 && ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 &&
                         ::open("/etc/shadow", O_RDONLY | O_CLOEXEC) < 0;
              }),
              0);
}

TEST(Privileges, TheUploaderKeepsNothing) {
    SIE_SKIP_UNLESS_ROOT();
    EXPECT_EQ(in_child([] {
                  return lower_privileges(user, Keep::nothing) && is_nobody() &&
                         holds_only(CAP_NET_RAW, false) && !holds_net_raw() && !packet_socket() &&
                         errno == EPERM;
              }),
              0);
}

// What systemd does for User= with AmbientCapabilities=.
bool as_ordinary_user(std::initializer_list<unsigned> ambient) {
    const passwd* who = ::getpwnam(user);
    capng_clear(CAPNG_SELECT_BOTH);
    for (const unsigned cap : ambient)
        capng_update(CAPNG_ADD,
                     static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_INHERITABLE), cap);
    if (who == nullptr || capng_change_id(static_cast<int>(who->pw_uid), static_cast<int>(who->pw_gid),
                                          CAPNG_DROP_SUPP_GRP) != 0)
        return false;
    for (const unsigned cap : ambient)
        if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) != 0) return false;
    return true;
}

TEST(Privileges, AnOrdinaryUserWithAmbientCapabilitiesKeepsOnlyTheOne) {
    SIE_SKIP_UNLESS_ROOT();
    EXPECT_EQ(in_child([] {
                  return as_ordinary_user({CAP_NET_RAW, CAP_NET_ADMIN, CAP_SYS_NICE}) &&
                         lower_privileges("whoever", Keep::net_raw) && holds_only(CAP_NET_RAW, true) &&
                         packet_socket() &&
                         ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_NET_RAW, 0, 0) == 0;
              }),
              0);
    EXPECT_EQ(in_child([] {
                  return as_ordinary_user({CAP_NET_RAW, CAP_NET_ADMIN}) &&
                         lower_privileges("whoever", Keep::nothing) && holds_only(CAP_NET_RAW, false);
              }),
              0);
}

TEST(Privileges, AnOrdinaryUserWithoutAnyStaysWithout) {
    SIE_SKIP_UNLESS_ROOT();
    EXPECT_EQ(in_child([] {
                  return as_ordinary_user({}) && lower_privileges("whoever", Keep::net_raw) &&
                         !holds_net_raw() && ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
              }),
              0);
}

TEST(Privileges, ExecGivesNothingBack) {
    SIE_SKIP_UNLESS_ROOT();
    EXPECT_EQ(in_child([] {
                  if (!lower_privileges(user, Keep::net_raw)) return false;
                  // 0 if no capability is left in the program that is run.
                  ::execl("/bin/grep", "grep", "-q", "^CapEff:[[:space:]]*0*$", "/proc/self/status", nullptr);
                  return false;
              }),
              0);
}

TEST(Privileges, AUserThatIsNotThereOrIsRootIsRefused) {
    SIE_SKIP_UNLESS_ROOT();
    EXPECT_EQ(
        in_child([] {
            const auto missing = lower_privileges("no-such-user", Keep::net_raw);
            const auto root = lower_privileges("root", Keep::net_raw);
            return !missing && missing.error().kind == ErrorKind::denied &&
                   missing.error().text() ==
                       "\"no-such-user\": there is no such user; adduser --system --group --no-create-home "
                       "--home /nonexistent sie-dns-sensor" &&
                   !root && root.error().text().find("is root itself") != std::string::npos &&
                   ::geteuid() == 0;
        }),
        0);
}

TEST(Privileges, RootWithoutTheRightToChangeIsRefused) {
    SIE_SKIP_UNLESS_ROOT();
    EXPECT_EQ(in_child([] {
                  capng_clear(CAPNG_SELECT_BOTH);
                  if (capng_apply(CAPNG_SELECT_CAPS) != 0) return false;
                  const auto lowered = lower_privileges(user, Keep::net_raw);
                  return !lowered && lowered.error().kind == ErrorKind::denied;
              }),
              0);
}

TEST(Privileges, ACrashLeavesNoCore) {
    EXPECT_EQ(in_child([] {
                  leave_no_core();
                  rlimit limit{};
                  return ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 && ::getrlimit(RLIMIT_CORE, &limit) == 0 &&
                         limit.rlim_max == 0;
              }),
              0);
}

}  // namespace
}  // namespace sie::daemon
