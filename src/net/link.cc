#include "net/link.h"

namespace sie::net {

std::optional<LinkType> link_type_of(std::uint32_t number) {
    switch (number) {
        case 0: return LinkType::bsd_null;
        case 1: return LinkType::ethernet;
        case 12:  // DLT_RAW of most systems, and 14 that of OpenBSD, in files written with those numbers
        case 14:
        case 101: return LinkType::raw;
        case 108: return LinkType::bsd_loop;
        case 113: return LinkType::linux_sll;
        case 228: return LinkType::ipv4;
        case 229: return LinkType::ipv6;
        case 276: return LinkType::linux_sll2;
        default: return std::nullopt;
    }
}

std::string_view name_of(LinkType type) {
    switch (type) {
        case LinkType::ethernet: return "Ethernet";
        case LinkType::raw: return "raw IP";
        case LinkType::ipv4: return "IPv4";
        case LinkType::ipv6: return "IPv6";
        case LinkType::linux_sll: return "Linux cooked v1";
        case LinkType::linux_sll2: return "Linux cooked v2";
        case LinkType::bsd_null: return "BSD null";
        case LinkType::bsd_loop: return "BSD loop";
    }
    return "unknown";
}

}  // namespace sie::net
