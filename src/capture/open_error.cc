#include "capture/open_error.h"

#include <net/if.h>

#include "capture/interface_addresses.h"

namespace sie::capture {

Result<void> check_interface_name(const std::string& name) {
    if (name.empty()) return fail(ErrorKind::usage, "interface", "no name is given");
    if (name.size() >= IF_NAMESIZE || name.find('\0') != std::string::npos)
        return fail(
            ErrorKind::usage, name,
            "not the name of an interface: longer than " + std::to_string(IF_NAMESIZE - 1) + " octets",
            "ip link, or ifconfig, lists them");
    return {};
}

Error no_such_interface(const std::string& name) {
    std::string names;
    for (const std::string& there : interface_names()) names += (names.empty() ? "" : ", ") + there;
    return {ErrorKind::denied, name, std::nullopt, "no such interface",
            names.empty() ? "there is none at all" : "there are " + names};
}

Error missing_privilege(const std::string& name, const std::string& why) {
    return {ErrorKind::denied, name, std::nullopt, "may not capture: " + why,
            "run as root or give the program CAP_NET_RAW (setcap cap_net_raw+ep FILE, or in a unit "
            "AmbientCapabilities=CAP_NET_RAW)"};
}

}  // namespace sie::capture
