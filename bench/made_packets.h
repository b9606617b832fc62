// Octets of DNS messages and of the packets around them, appended to a vector: what the generators of this
// folder write with. Nothing of src but base is used, so that a fault there is not repeated here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/octets.h"
#include "random.h"

namespace sie::bench {

using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t ethernet_header = 14, udp_header = 8, dns_header = 12;
constexpr std::uint8_t resolver4[4] = {198, 19, 1, 1};
constexpr std::uint8_t resolver6[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

void put8(Bytes& out, unsigned value);
void put16(Bytes& out, unsigned value);
void put32(Bytes& out, std::uint32_t value);
void put_octets(Bytes& out, Octets octets);
void put_noise(Bytes& out, std::size_t octets, Random& random);

// ---- DNS (RFC 1035)

void put_label(Bytes& out, std::string_view label);
void put_pointer(Bytes& out, std::size_t to);
// Letters as names have them; begins and ends with a letter.
[[nodiscard]] std::string made_word(Random& random, std::size_t least, std::size_t most);
// One question, no records yet but the OPT that is to follow.
void put_message_header(Bytes& out, unsigned id, unsigned flags, bool edns);
void set_counts(Bytes& message, unsigned answers, unsigned authority, unsigned additional);
// Up to the length of the data, with the owner's name as a pointer.
void put_record(Bytes& out, std::size_t owner, unsigned type, std::uint32_t ttl);
void put_opt(Bytes& out, unsigned payload_octets, bool dnssec_ok);
// The first 18 octets of an RRSIG's data (RFC 4034 §3.1), times and key tag drawn.
void put_signature_head(Bytes& out, unsigned covered, Random& random);
// Of an SOA: serial and timers.
void put_soa_numbers(Bytes& out, Random& random);

// The length in front of a record's data, filled in when this goes.
class RecordData {
  public:
    explicit RecordData(Bytes& out) : out_(out), at_(out.size()) { put16(out, 0); }
    ~RecordData() { store_be16(out_.data() + at_, static_cast<std::uint16_t>(out_.size() - at_ - 2)); }
    RecordData(const RecordData&) = delete;
    RecordData& operator=(const RecordData&) = delete;

  private:
    Bytes& out_;
    std::size_t at_;
};

// ---- Packets

// The one's complement sum in the order of memory (RFC 1071 §2(B)), not folded to the end: parts may be
// added.
[[nodiscard]] std::uint32_t sum_of(Octets octets);
[[nodiscard]] std::uint16_t checksum(std::uint32_t sum);
// Of a datagram from the UDP header on, its checksum field 0, and the pseudo header (RFC 768, RFC 8200 §8.1).
[[nodiscard]] std::uint32_t udp_sum(Octets udp, Octets source, Octets destination);
// As it goes into the field: zero would say that there is none.
[[nodiscard]] std::uint16_t udp_checksum(std::uint32_t sum);

// A packet's place in its datagram: all of it, unless `in_parts`.
struct IpPacket {
    bool ipv6 = false;
    Octets source, destination;
    std::size_t octets = 0;  // of the datagram that it carries
    std::uint32_t id = 0;
    std::uint32_t flow = 0;  // IPv6: the flow label
    std::uint8_t hops = 58;
    bool dont_fragment = false;
    bool in_parts = false, more = false;
    std::size_t offset = 0;
};
// Where in `out` the id and the header's checksum stand (0: nowhere), and the header's sum without that id.
struct IpPlaces {
    std::uint16_t id_at = 0, checksum_at = 0;
    std::uint32_t sum = 0;
};
// How much of a datagram one packet of a datagram in parts carries: Ethernet's 1500, for IPv6 1280 in all.
[[nodiscard]] std::size_t octets_in_part(bool ipv6);
void put_ethernet(Bytes& out, bool ipv6, bool to_resolver);
IpPlaces put_ip(Bytes& out, const IpPacket& packet);

}  // namespace sie::bench
