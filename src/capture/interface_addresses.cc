#include "capture/interface_addresses.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>

#include "capture/open_error.h"

namespace sie::capture {
namespace {

[[nodiscard]] std::optional<net::Address> address_of(const sockaddr* from) {
    if (from == nullptr) return {};
    std::array<std::uint8_t, 16> octets{};
    if (from->sa_family == AF_INET) {
        sockaddr_in in{};
        std::memcpy(&in, from, sizeof in);
        std::memcpy(octets.data(), &in.sin_addr, 4);
        return net::Address::of(net::Family::v4, octets.data());
    }
    if (from->sa_family == AF_INET6) {
        sockaddr_in6 in{};
        std::memcpy(&in, from, sizeof in);
        std::memcpy(octets.data(), &in.sin6_addr, 16);
        return net::Address::of(net::Family::v6, octets.data());
    }
    return {};
}

// 127/8, 169.254/16 and 0/8; ::1, :: and fe80::/10.
[[nodiscard]] bool is_local(const net::Address& address) {
    const auto& o = address.octets;
    if (address.family == net::Family::v4) return o[0] == 127 || o[0] == 0 || (o[0] == 169 && o[1] == 254);
    const bool zeros = std::all_of(o.begin(), o.end() - 1, [](std::uint8_t octet) { return octet == 0; });
    return (zeros && o[15] <= 1) || (o[0] == 0xfe && (o[1] & 0xc0) == 0x80);
}

}  // namespace

std::vector<std::string> interface_names() {
    std::vector<std::string> names;
    const std::unique_ptr<struct if_nameindex, void (*)(struct if_nameindex*)> all(::if_nameindex(),
                                                                                   ::if_freenameindex);
    for (const struct if_nameindex* one = all.get(); one != nullptr && one->if_index != 0; ++one)
        names.emplace_back(one->if_name);
    std::sort(names.begin(), names.end());
    return names;
}

Result<std::vector<net::Address>> interface_addresses(const std::string& interface) {
    const bool any = interface == "any";
    if (!any) {
        if (auto good = check_interface_name(interface); !good) return fail(std::move(good.error()));
        if (::if_nametoindex(interface.c_str()) == 0) return fail(no_such_interface(interface));
    }
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) != 0) return fail_errno(interface, "its addresses cannot be had", errno);
    const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(list, ::freeifaddrs);
    std::vector<net::Address> found;
    for (const ifaddrs* one = list; one != nullptr; one = one->ifa_next) {
        if (!any && interface != one->ifa_name) continue;
        const auto address = address_of(one->ifa_addr);
        if (address && !is_local(*address)) found.push_back(*address);
    }
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
}

}  // namespace sie::capture
