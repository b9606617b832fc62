#include <cap-ng.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "base/quoted.h"
#include "daemon/privileges.h"

namespace sie::daemon {

namespace {

constexpr capng_select_t all_sets = static_cast<capng_select_t>(CAPNG_SELECT_CAPS | CAPNG_SELECT_AMBIENT);

tl::unexpected<Error> refused(std::string what, std::string why) {
    auto error = fail_errno(std::move(what), std::move(why), errno);
    error.value().kind = ErrorKind::denied;
    return error;
}

tl::unexpected<Error> not_as_wanted(std::string why) {
    return fail(ErrorKind::denied, "privileges", std::move(why) + " after they were lowered",
                "nothing is done with more than it takes: start it as root, or as an ordinary user");
}

// The capabilities that shall be left, in libcap-ng's state, not yet in the kernel.
void choose(Keep keep, bool net_raw) {
    capng_clear(CAPNG_SELECT_ALL);
    if (keep == Keep::net_raw && net_raw)
        capng_update(CAPNG_ADD, static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED), CAP_NET_RAW);
}

// Everything is read back from the kernel.
Result<void> verify(const passwd* user, bool net_raw) {
    uid_t uid[3];
    gid_t gid[3];
    if (::getresuid(&uid[0], &uid[1], &uid[2]) != 0 || ::getresgid(&gid[0], &gid[1], &gid[2]) != 0)
        return refused("privileges", "cannot be read");
    for (const uid_t id : uid)
        if (id == 0 || id != uid[0] || (user != nullptr && id != user->pw_uid))
            return not_as_wanted(fmt::format("the user is {}", id));
    for (const gid_t id : gid)
        if (id != gid[0] || (user != nullptr && id != user->pw_gid))
            return not_as_wanted(fmt::format("the group is {}", id));
    if (::setuid(0) == 0 || ::setresuid(0, 0, 0) == 0) return not_as_wanted("root can be had again");
    if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) return not_as_wanted("exec may give new privileges");
    if (capng_get_caps_process() != 0) return refused("privileges", "cannot be read");
    for (unsigned cap = 0; cap <= CAP_LAST_CAP; ++cap) {
        const bool wanted = cap == CAP_NET_RAW && net_raw;
        if ((capng_have_capability(CAPNG_EFFECTIVE, cap) != 0) != wanted ||
            (capng_have_capability(CAPNG_PERMITTED, cap) != 0) != wanted ||
            capng_have_capability(CAPNG_INHERITABLE, cap) != 0 ||
            ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) == 1) {
            const char* name = capng_capability_to_name(cap);
            return not_as_wanted(fmt::format("the capability {} is {}", name != nullptr ? name : "?",
                                             wanted ? "missing" : "held"));
        }
    }
    return {};
}

Result<bool> become(const passwd& user, Keep keep) {
    choose(keep, true);
    const std::string name = quoted(user.pw_name);
    if (::initgroups(user.pw_name, user.pw_gid) != 0) return refused(name, "its groups cannot be had");
    const int done = capng_change_id(static_cast<int>(user.pw_uid), static_cast<int>(user.pw_gid),
                                     static_cast<capng_flags_t>(CAPNG_CLEAR_BOUNDING | CAPNG_CLEAR_AMBIENT));
    if (done != 0)
        return fail(ErrorKind::denied, name, fmt::format("cannot become this user (step {})", -done),
                    "give CAP_SETUID, CAP_SETGID, CAP_SETPCAP and CAP_NET_RAW, or start it as that user");
    return keep == Keep::net_raw;
}

Result<bool> stay(Keep keep) {
    const bool net_raw = keep == Keep::net_raw && holds_net_raw();
    choose(keep, net_raw);
    if (capng_apply(all_sets) != 0) return refused("privileges", "cannot be lowered");
    return net_raw;
}

}  // namespace

bool holds_net_raw() {
    return capng_get_caps_process() == 0 && capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_RAW) != 0;
}

Result<void> lower_privileges(const std::string& name, Keep keep) {
    const bool root = ::geteuid() == 0 || ::getuid() == 0;
    const passwd* user = root ? ::getpwnam(name.c_str()) : nullptr;
    if (root && user == nullptr)
        return fail(
            ErrorKind::denied, quoted(name), "there is no such user",
            "adduser --system --group --no-create-home --home /nonexistent " + std::string(service_user));
    if (root && user->pw_uid == 0)
        return fail(ErrorKind::denied, quoted(name), "is root itself", "name an ordinary user");
    const Result<bool> net_raw = root ? become(*user, keep) : stay(keep);
    if (!net_raw) return fail(net_raw.error());
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return refused("no_new_privs", "cannot be set");
    return verify(user, *net_raw);
}

void leave_no_core() {
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
}

}  // namespace sie::daemon
