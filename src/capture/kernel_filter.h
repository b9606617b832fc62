// The filter that runs in the kernel, as a program of classic BPF made from the address lists.
//
// It lets pass a superset of what the packet path can record or must count for its messages: with at most two
// tags (802.1Q, 802.1ad, 0x9100) in front, UDP with a DNS port at either end, TCP with one and ICMP when they
// are wanted, between a listed address and anybody; every fragment with a listed address at either end (both
// directions: queries can be fragmented too); IPv6 packets with extension headers and a listed address at
// either end, since the program cannot walk their chains. Without lists: the same, whatever the addresses.
//
// Lists that are too long for a program of 4,096 instructions are widened to a few covering networks, never
// narrowed. Plain logic: no system header, tested with libpcap's interpreter.
#pragma once

#include <cstdint>
#include <vector>

#include "net/address.h"
#include "net/link.h"
#include "net/packet.h"

namespace sie::capture {

struct FilterRules {
    std::vector<net::Prefix> resolvers, servers;  // both empty: any address
    std::vector<std::uint16_t> ports{53};
    bool multicast_port_too = false;  // 5353 as well (REFERENCE §1.3, without lists)
    net::Transports wanted;           // besides UDP
};

// As the kernel and libpcap take it (struct sock_filter, struct bpf_insn).
struct FilterInstruction {
    std::uint16_t code = 0;
    std::uint8_t jump_true = 0, jump_false = 0;
    std::uint32_t k = 0;
    friend bool operator==(const FilterInstruction&, const FilterInstruction&) = default;
};

// For frames of this link type from the link header on: Ethernet, raw IP (from the IP header on), Linux
// cooked v1 and v2. Returns 0 or `snap_length` from the program.
[[nodiscard]] std::vector<FilterInstruction> make_kernel_filter(const FilterRules& rules, net::LinkType link,
                                                                std::uint32_t snap_length);

}  // namespace sie::capture
