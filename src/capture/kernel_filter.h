// The filter that runs in the kernel, as a program of classic BPF made from the address lists.
//
// It lets pass a superset of what the packet path can record or must count for its messages: with at most two
// tags (802.1Q, 802.1ad, 0x9100) in front, UDP and, if wanted, TCP from a listed resolver to a DNS port or
// back, and to a listed server's DNS port or back; all ICMP if wanted, since what counts is the packet that
// it quotes; every fragment with a listed address at either end (both directions: queries can be fragmented
// too); IPv6 packets with extension headers and a listed address at either end, since the program cannot walk
// their chains. Without lists: the same, whatever the addresses.
//
// Lists that are too long for a program of 4,096 instructions are widened to fewer ranges that cover them,
// never narrowed. Plain logic: no system header, tested with libpcap's interpreter.
#pragma once

#include <cstdint>
#include <vector>

#include "net/address.h"
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

// Where a program begins to read: at the link header of Ethernet, Linux cooked v1 and v2, or BSD's loopback
// (both kinds), at the IP header, or at what follows the link header in a Linux packet socket of type
// SOCK_DGRAM, where an instruction asks the kernel for the type.
enum class FilterStart : std::uint8_t {
    ethernet,
    raw,
    linux_sll,
    linux_sll2,
    bsd_loopback,
    linux_cooked_socket
};

// SKF_AD_OFF + SKF_AD_PROTOCOL of linux/filter.h, the address of that type.
inline constexpr std::uint32_t linux_protocol = 0xfffff000;

inline constexpr std::size_t longest_filter = 4096;  // BPF_MAXINSNS

// Returns 0 or `snap_length` from the program. `most_instructions`: at least 256.
[[nodiscard]] std::vector<FilterInstruction> make_kernel_filter(
    const FilterRules& rules, FilterStart start, std::uint32_t snap_length,
    std::size_t most_instructions = longest_filter);
[[nodiscard]] std::vector<FilterInstruction> accept_everything(std::uint32_t snap_length);

}  // namespace sie::capture
