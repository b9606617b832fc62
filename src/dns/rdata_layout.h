// Of which items the rdata of each type consists (FACTS N63).
//
// One row a type. What has no row is opaque: printed in the generic form of RFC 3597 §5.
#pragma once

#include <cstdint>
#include <span>

namespace sie::dns {

enum class Item : std::uint8_t {
    name,
    u8,
    u16,
    u32,
    ipv4,
    ipv6,
    a6,            // prefix length, and as many address octets as it leaves
    string,        // <character-string>
    strings,       // any number of them
    hex,           // the rest
    base64,        // the rest
    quoted,        // the rest, as one string
    type,          // a type's number
    bitmap,        // types (RFC 4034 §4.1.2)
    salt,          // length and octets, in hex
    hash,          // length and octets, in base32hex
    octet_pairs,   // the rest, pairs of hex digits joined by '-'
    svc_params,    // RFC 9460 §2.2
    edns_options,  // RFC 6891 §6.1.2
};

struct RdataLayout {
    std::uint16_t type = 0;
    bool internet_only = false;  // with another class the octets have no meaning that we know
    std::span<const Item> items;
    // The items in front that have a size of their own, and how many octets they have together.
    std::uint8_t fixed_items = 0, fixed_octets = 0;
};

// Null for a type without a layout.
[[nodiscard]] const RdataLayout* layout_of(std::uint16_t type);

}  // namespace sie::dns
