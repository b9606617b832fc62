// Where EDNS client-subnet options (RFC 7871 §6) carry address octets: what DNSQR_ZERO_CLIENT_SUBNET blanks.
//
//   option   00 08 | length | family | source prefix | scope prefix | address octets …
//                   2        2        1               1               ^ from         ^ to
//
// OPT records (type 41) are looked at in every section. A damaged message is followed as far as it goes: what
// was found before the damage stays found. Time grows with the octets of the message, whatever its counts
// say.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/octets.h"

namespace sie::dns {

// Offsets in the message; from < to.
struct OctetRange {
    std::uint32_t from = 0, to = 0;
    friend auto operator<=>(const OctetRange&, const OctetRange&) = default;
};

// No message holds more ranges: an option with one address octet takes nine, and a message at most 65,535.
constexpr std::size_t most_client_subnets = 16'384;

// Replaces what is in `found`, whose memory the caller has reserved (most_client_subnets suffices).
void find_client_subnets(Octets message, std::vector<OctetRange>& found);

// A quick look that spares most messages the walk: false only if there is no client-subnet option, because
// the octets 00 08 stand nowhere behind the header.
[[nodiscard]] bool may_hold_client_subnet(Octets message);
[[nodiscard]] bool may_hold_client_subnet_plain(Octets message);  // its twin in portable code

}  // namespace sie::dns
