// /etc/nsswitch.conf may name modules (sss, ldap, systemd, resolve). A static program would load them, and
// with them the machine's own C library into this one, of another age: a crash at best. So users, groups,
// services come from /etc, and addresses from there and from DNS, which are part of the program. Before
// main(), since threads may follow.
#include <nss.h>

#include <cstdio>
#include <cstdlib>

namespace {

const bool configured = [] {
    constexpr const char* databases[][2] = {
        {"passwd", "files"},   {"group", "files"},     {"initgroups", "files"}, {"hosts", "files dns"},
        {"services", "files"}, {"protocols", "files"}, {"networks", "files"},   {"ethers", "files"},
    };
    for (const auto& [database, sources] : databases)
        if (__nss_configure_lookup(database, sources) != 0) {
            std::perror(database);
            std::abort();
        }
    return true;
}();

}  // namespace
