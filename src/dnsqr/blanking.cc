#include "dnsqr/blanking.h"

#include <algorithm>
#include <cstring>

namespace sie::dnsqr {

namespace {

constexpr std::uint8_t hop_by_hop = 0, routing = 43, fragment = 44, authentication = 51,
                       destination_options = 60;
constexpr std::uint8_t home_address = 0xc9;  // RFC 6275 §6.3

// memset of at least one octet, without the call, which costs more than the few octets that an address has.
inline void zero(std::uint8_t* at, std::size_t octets) {
    const auto from_both_ends = [&](auto word) {
        std::memcpy(at, &word, sizeof word);
        std::memcpy(at + octets - sizeof word, &word, sizeof word);
    };
    if (octets < 4)
        at[0] = at[octets / 2] = at[octets - 1] = 0;
    else if (octets <= 8)
        from_both_ends(std::uint32_t{0});
    else if (octets <= 16)
        from_both_ends(std::uint64_t{0});
    else
        std::memset(at, 0, octets);
}

// Zeroes octets from … to of the datagram, counted from the UDP header, in whichever copies hold them.
void blank_range(const Message& m, std::uint64_t from, std::uint64_t to, std::uint8_t* const* copies) {
    from += m.base;
    to += m.base;
    for (std::size_t i = 0; i < m.parts.size(); ++i) {
        const reassembly::Part& part = m.parts[i];
        const std::uint64_t held = part.ip.size() - part.data_at;
        const std::uint64_t first = std::max<std::uint64_t>(from, part.offset);
        const std::uint64_t last = std::min<std::uint64_t>(to, part.offset + held);
        if (first < last) zero(copies[i] + part.data_at + (first - part.offset), last - first);
    }
}

void blank_checksum(const Message& m, std::uint8_t* const* copies) { blank_range(m, 6, 8, copies); }

// Of an IPv6 packet: routing data behind "segments left", home addresses in options. What the header chain
// says was checked when the packet was decoded; the copy is walked with its bounds all the same.
void blank_extensions(MutableOctets ip, bool later_fragment) {
    std::uint8_t next = ip[6];
    std::size_t at = 40;
    while (next == hop_by_hop || next == routing || next == fragment || next == authentication ||
           next == destination_options) {
        if (ip.size() - at < 8) return;
        const std::size_t size = next == fragment         ? 8
                                 : next == authentication ? (ip[at + 1] + 2U) * 4
                                                          : (ip[at + 1] + 1U) * 8;
        if (size > ip.size() - at) return;
        if (next == routing) std::memset(&ip[at + 4], 0, size - 4);
        if (next == hop_by_hop || next == destination_options) {
            const std::size_t end = at + size;
            for (std::size_t option = at + 2; option + 1 < end;) {
                if (ip[option] == 0) {  // Pad1 has no length octet (RFC 8200 §4.2)
                    ++option;
                    continue;
                }
                const std::size_t option_end = std::min<std::size_t>(end, option + 2 + ip[option + 1]);
                if (ip[option] == home_address) std::memset(&ip[option] + 2, 0, option_end - option - 2);
                option = option_end;
            }
        }
        if (next == fragment && later_fragment) return;  // what follows is data
        next = ip[at];
        at += size;
    }
}

}  // namespace

void blank_resolver(const Message& m, bool responder_listed, std::uint8_t* const* copies) {
    const std::size_t source = m.family == net::Family::v4 ? 12 : 8, n = m.address_octets();
    for (std::size_t i = 0; i < m.parts.size(); ++i) {
        const reassembly::Part& part = m.parts[i];
        std::uint8_t* ip = copies[i];
        if (!m.response || responder_listed) std::memset(ip + source, 0, n);
        if (m.response || responder_listed) std::memset(ip + source + n, 0, n);
        if (m.family == net::Family::v4) {
            std::memset(ip + 10, 0, 2);
            std::memset(ip + 20, 0, (ip[0] & 15U) * 4U - 20);
        } else {
            blank_extensions({ip, part.ip.size()}, part.offset != 0);
        }
    }
    blank_checksum(m, copies);
}

void blank_client_subnets(const Message& m, std::span<const dns::OctetRange> ranges,
                          std::uint8_t* const* copies) {
    if (ranges.empty()) return;
    // Mostly the message is in one packet, whole; it can hold hundreds of options, in rising order.
    const reassembly::Part& first = m.parts.front();
    const std::size_t message_at = first.data_at + std::size_t{m.base} + 8;
    if (m.parts.size() == 1 && first.offset == 0 && message_at + ranges.back().to <= first.ip.size()) {
        std::uint8_t* const message = copies[0] + message_at;
        for (const dns::OctetRange& range : ranges) zero(message + range.from, range.to - range.from);
    } else {
        for (const dns::OctetRange& range : ranges) blank_range(m, 8 + range.from, 8 + range.to, copies);
    }
    blank_checksum(m, copies);
}

}  // namespace sie::dnsqr
