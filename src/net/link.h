// The link types that captures come with, by their numbers in capture files (LINKTYPE_ values).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sie::net {

enum class LinkType : std::uint8_t { ethernet, raw, ipv4, ipv6, linux_sll, linux_sll2, bsd_null, bsd_loop };

// 0 null; 1 Ethernet; 12, 14, 101 raw IP; 108 loop; 113, 276 Linux cooked v1, v2; 228 IPv4; 229 IPv6. Else
// nothing.
[[nodiscard]] std::optional<LinkType> link_type_of(std::uint32_t number);
[[nodiscard]] std::string_view name_of(LinkType type);

}  // namespace sie::net
