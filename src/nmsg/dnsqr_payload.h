// base:dnsqr (vendor 1, type 9): the fields of one DNS transaction (FACTS N28, Q44–Q45).
//
// A DnsqrPayload is a set of views; encode() writes protobuf fields in ascending number, repeated ones
// unpacked, octet for octet as the original does. decode() takes any order, packed or not, and keeps views
// into its input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/octets.h"

namespace sie::nmsg {

enum class DnsqrType : std::uint8_t {
    udp_invalid = 0,
    udp_query_response = 1,
    udp_unanswered_query = 2,
    udp_unsolicited_response = 3,
    tcp = 4,
    icmp = 5,
    udp_query_only = 6,
    udp_response_only = 7,
};
constexpr std::size_t dnsqr_type_count = 8;
[[nodiscard]] std::string_view name_of(DnsqrType type);  // "UDP_QUERY_RESPONSE" …

enum class ChecksumVerdict : std::uint8_t { error = 0, absent = 1, incorrect = 2, correct = 3 };
[[nodiscard]] std::string_view name_of(ChecksumVerdict verdict);  // "CORRECT" …

struct DnsqrPacket {
    Octets octets;
    std::int64_t time_sec = 0;
    std::int32_t time_nsec = 0;
};

struct DnsqrPayload {
    DnsqrType type = DnsqrType::udp_invalid;        // 1
    Octets query_ip, response_ip;                   // 2, 3: 0, 4 or 16 octets
    std::uint32_t proto = 0;                        // 4
    std::uint32_t query_port = 0;                   // 5
    std::uint32_t response_port = 0;                // 6
    std::uint32_t id = 0;                           // 7
    std::optional<Octets> qname;                    // 8, wire form
    std::optional<std::uint32_t> qtype, qclass;     // 9, 10
    std::optional<std::uint32_t> rcode;             // 11
    std::span<const DnsqrPacket> query_packets;     // 12, 13, 14
    std::span<const DnsqrPacket> response_packets;  // 15, 16, 17
    std::optional<Octets> tcp, icmp;                // 18, 19
    std::optional<double> timeout;                  // 20, seconds
    std::optional<ChecksumVerdict> udp_checksum;    // 21
    std::optional<bool> resolver_address_zeroed;    // 22
};

[[nodiscard]] std::size_t encoded_size(const DnsqrPayload& payload);
// Not less than encoded_size(), at a fraction of its cost.
[[nodiscard]] std::size_t most_encoded_size(const DnsqrPayload& payload);
// Writes exactly encoded_size octets and returns the end. If `placed` is not null, it is told where the
// octets of each recorded packet stand: query packets first, then response packets (for blanking addresses in
// the copy).
std::uint8_t* encode(const DnsqrPayload& payload, std::uint8_t* out, std::uint8_t** placed = nullptr);

// A decoded payload together with the memory its packet lists stand in. Moved, not copied: the spans point
// inside.
struct DecodedDnsqr {
    DnsqrPayload payload;
    std::vector<DnsqrPacket> query_packets, response_packets;
    std::vector<std::uint8_t> unknown;  // fields beyond 22, encoded
    DecodedDnsqr() = default;
    DecodedDnsqr(DecodedDnsqr&&) = default;
    DecodedDnsqr& operator=(DecodedDnsqr&&) = default;
};
// Nothing if malformed or one of the required fields 1–7 is missing; lists of uneven length are kept as long
// as the longest.
[[nodiscard]] std::optional<DecodedDnsqr> decode_dnsqr(Octets octets);

}  // namespace sie::nmsg
