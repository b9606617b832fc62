// Where EDNS client-subnet options (RFC 7871 §6) carry address octets: what DNSQR_ZERO_CLIENT_SUBNET blanks.
//
//   option   00 08 | length | family | source prefix | scope prefix | address octets …
//                   2        2        1               1               ^ from         ^ to
//
// RFC 7871 §7.1 knows one in a message. Behind most_exact_in_record of them in one record somebody wants to
// keep us busy: the last range then goes to the end of the record.
//
// OPT records (type 41) are looked at in every section. A damaged message is followed as far as it goes: what
// was found before the damage stays found. Time grows with the octets of the message, whatever its counts
// say.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/octets.h"

namespace sie::dns {

// Offsets in the message; from < to.
struct OctetRange {
    std::uint32_t from = 0, to = 0;
    friend auto operator<=>(const OctetRange&, const OctetRange&) = default;
};

constexpr std::size_t most_exact_in_record = 64;
// No message holds more ranges: an option with one address octet takes nine, and a message at most 65,535.
constexpr std::size_t most_client_subnets = 16'384;

// The ranges, written into `room`, which holds most_client_subnets of them; in rising order, none overlaps
// another.
[[nodiscard]] std::span<const OctetRange> find_client_subnets(Octets message, std::span<OctetRange> room);

// A quick look that spares most messages the walk: false only if there is no client-subnet option, because
// the octets 00 08 stand nowhere behind the header.
[[nodiscard]] bool may_hold_client_subnet(Octets message);
[[nodiscard]] bool may_hold_client_subnet_plain(Octets message);  // its twin in portable code

}  // namespace sie::dns
