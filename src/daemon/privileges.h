// What a process of the sensor may still do once its start is over.
//
// In: who it is to be, and whether it keeps CAP_NET_RAW (to attach to an interface that comes back). As root
// it becomes the user, with that user's groups; as an ordinary user (systemd's User= with
// AmbientCapabilities=) it stays who it is. Either way every other capability goes from all of its sets, exec
// can never give one back (no_new_privs), and all of this is looked at afterwards: an error means that the
// process must end. To be called before there are threads, after files and sockets that need more are open,
// before the sandbox.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <string>

#include "base/result.h"
#include "daemon/background.h"

namespace sie::daemon {

enum class Keep : std::uint8_t {
    nothing,  // the uploader
    net_raw,  // the sensor; an ordinary user that never had it stays without
};

inline constexpr const char* service_user = "sie-dns-sensor";

// Errors: denied, with the command that mends it: no such user; refused by the system; not as wanted
// afterwards.
#ifdef SIE_PORTABLE
[[nodiscard]] inline Result<void> lower_privileges(const std::string& user, Keep) {
    return ::geteuid() == 0 ? become_user(user, "user") : Result<void>{};
}
[[nodiscard]] inline bool holds_net_raw() { return false; }
inline void leave_no_core() {}
#else
[[nodiscard]] Result<void> lower_privileges(const std::string& user, Keep keep);
[[nodiscard]] bool holds_net_raw();  // in the effective set

// A crash leaves no core file, and processes of the same user cannot look into this one: packets of resolvers
// are in its memory. After lower_privileges(), which would undo it.
void leave_no_core();
#endif

}  // namespace sie::daemon
