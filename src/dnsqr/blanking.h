// What must not leave: the resolver's address (REFERENCE §3 "Zeroing", FACTS Q52–Q55, B1, B2, B4) and the
// networks of clients in EDNS client-subnet options (§1.5).
//
// Works on copies of recorded packets, either those in the query table or those in the open container; the
// packets themselves are never written. `copies[i]` is the copy of message.parts[i] and just as long. From a
// copy that went through blank_resolver() nobody can compute the address: the header fields, the checksums
// that would betray it, IPv4 options, IPv6 routing data and home addresses are zero.
#pragma once

#include <cstdint>
#include <span>

#include "dns/client_subnet.h"
#include "dnsqr/message.h"

namespace sie::dnsqr {

// The initiator's address in every copy; the responder's too if `responder_listed`.
void blank_resolver(const Message& message, bool responder_listed, std::uint8_t* const* copies);

// The address octets of client-subnet options, and the UDP checksum, which would give 16 bits of them away.
// `ranges`: offsets in the DNS message.
void blank_client_subnets(const Message& message, std::span<const dns::OctetRange> ranges,
                          std::uint8_t* const* copies);

}  // namespace sie::dnsqr
