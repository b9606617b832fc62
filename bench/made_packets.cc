#include "made_packets.h"

#include <algorithm>
#include <cstring>

namespace sie::bench {

namespace {
constexpr std::size_t ipv4_header = 20, ipv6_header = 40, fragment_header = 8;
constexpr std::size_t ipv4_mtu = 1500, ipv6_mtu = 1280;
constexpr unsigned protocol_udp = 17, protocol_fragment = 44;
}  // namespace

void put8(Bytes& out, unsigned value) { out.push_back(static_cast<std::uint8_t>(value)); }
void put16(Bytes& out, unsigned value) {
    put8(out, value >> 8 & 0xff);
    put8(out, value & 0xff);
}
void put32(Bytes& out, std::uint32_t value) {
    put16(out, value >> 16);
    put16(out, value & 0xffff);
}
void put_octets(Bytes& out, Octets octets) { out.insert(out.end(), octets.begin(), octets.end()); }
void put_noise(Bytes& out, std::size_t octets, Random& random) {
    for (std::size_t i = 0; i < octets; ++i) put8(out, static_cast<unsigned>(random.below(256)));
}

void put_label(Bytes& out, std::string_view label) {
    put8(out, static_cast<unsigned>(label.size()));
    put_octets(out, as_octets(label));
}
void put_pointer(Bytes& out, std::size_t to) { put16(out, static_cast<unsigned>(0xc000 | to)); }

std::string made_word(Random& random, std::size_t least, std::size_t most) {
    static constexpr std::string_view letters = "etaoinsrhldcumfpgwybvk-jxqz0123456789";
    std::string out;
    for (std::size_t n = least + random.below(most - least + 1); out.size() < n;) {
        const std::uint64_t one = random.below(letters.size()), other = random.below(letters.size());
        out.push_back(letters[std::min(one, other)]);
    }
    out.front() = static_cast<char>('a' + random.below(26));
    out.back() = static_cast<char>('a' + random.below(26));
    return out;
}

void put_message_header(Bytes& out, unsigned id, unsigned flags, bool edns) {
    put16(out, id);
    put16(out, flags);
    put16(out, 1);
    put16(out, 0);
    put16(out, 0);
    put16(out, edns ? 1 : 0);
}
void set_counts(Bytes& message, unsigned answers, unsigned authority, unsigned additional) {
    store_be16(message.data() + 6, static_cast<std::uint16_t>(answers));
    store_be16(message.data() + 8, static_cast<std::uint16_t>(authority));
    store_be16(message.data() + 10, static_cast<std::uint16_t>(additional));
}
void put_record(Bytes& out, std::size_t owner, unsigned type, std::uint32_t ttl) {
    put_pointer(out, owner);
    put16(out, type);
    put16(out, 1);
    put32(out, ttl);
}
void put_opt(Bytes& out, unsigned payload_octets, bool dnssec_ok) {
    put8(out, 0);
    put16(out, 41);
    put16(out, payload_octets);
    put32(out, dnssec_ok ? 0x8000 : 0);
    put16(out, 0);
}
void put_signature_head(Bytes& out, unsigned covered, Random& random) {
    put16(out, covered);
    put8(out, 13);
    put8(out, 3);
    put32(out, 3600);
    put32(out, 1'700'900'000 + static_cast<std::uint32_t>(random.below(64)) * 3600);
    put32(out, 1'699'700'000 + static_cast<std::uint32_t>(random.below(64)) * 3600);
    put16(out, static_cast<unsigned>(random.below(65'536)));
}
void put_soa_numbers(Bytes& out, Random& random) {
    put32(out, 2'023'000'000 + static_cast<std::uint32_t>(random.below(123'199)));
    for (const std::uint32_t timer : {7200U, 3600U, 1'209'600U, 900U}) put32(out, timer);
}

std::uint32_t sum_of(Octets octets) {
    // In steps of four: both halves of a step count alike once the sum is folded.
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < octets.size(); i += 4) {
        std::uint32_t words = 0;
        if (octets.size() - i >= 4)
            std::memcpy(&words, octets.data() + i, 4);
        else
            std::memcpy(&words, octets.data() + i, octets.size() - i);
        sum += words;
    }
    while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint32_t>(sum);
}
std::uint16_t checksum(std::uint32_t sum) {
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(~sum);
}
std::uint32_t udp_sum(Octets udp, Octets source, Octets destination) {
    std::uint8_t rest[4] = {0, protocol_udp, 0, 0};
    store_be16(rest + 2, static_cast<std::uint16_t>(udp.size()));
    return sum_of(udp) + sum_of(source) + sum_of(destination) + sum_of(rest);
}
std::uint16_t udp_checksum(std::uint32_t sum) {
    const std::uint16_t result = checksum(sum);
    return result == 0 ? 0xffff : result;
}

std::size_t octets_in_part(bool ipv6) {
    return (ipv6 ? ipv6_mtu - ipv6_header - fragment_header : ipv4_mtu - ipv4_header) / 8 * 8;
}

void put_ethernet(Bytes& out, bool ipv6, bool to_resolver) {
    const unsigned resolver = 0x0053, gateway = 0x0052;
    for (const unsigned word :
         {0x0200U, 0U, to_resolver ? resolver : gateway, 0x0200U, 0U, to_resolver ? gateway : resolver})
        put16(out, word);
    put16(out, ipv6 ? 0x86dd : 0x0800);
}

IpPlaces put_ip(Bytes& out, const IpPacket& p) {
    IpPlaces places;
    const std::size_t begin = out.size();
    if (p.ipv6) {
        put32(out, 0x60000000U | p.flow);
        put16(out, static_cast<unsigned>((p.in_parts ? fragment_header : 0) + p.octets));
        put8(out, p.in_parts ? protocol_fragment : protocol_udp);
        put8(out, p.hops);
    } else {
        put8(out, 0x45);
        put8(out, 0);
        put16(out, static_cast<unsigned>(ipv4_header + p.octets));
        places.id_at = static_cast<std::uint16_t>(out.size());
        put16(out, 0);
        put16(out, static_cast<unsigned>((p.dont_fragment ? 0x4000U : 0U) | (p.more ? 0x2000U : 0U) |
                                         p.offset / 8));
        put8(out, p.hops);
        put8(out, protocol_udp);
        places.checksum_at = static_cast<std::uint16_t>(out.size());
        put16(out, 0);
    }
    put_octets(out, p.source);
    put_octets(out, p.destination);
    if (!p.ipv6) {
        places.sum = sum_of(Octets(out).subspan(begin));
        store_be16(out.data() + places.id_at, static_cast<std::uint16_t>(p.id));
        const std::uint16_t sum = checksum(sum_of(Octets(out).subspan(begin)));
        std::memcpy(out.data() + places.checksum_at, &sum, 2);
    } else if (p.in_parts) {
        put8(out, protocol_udp);
        put8(out, 0);
        put16(out, static_cast<unsigned>(p.offset | (p.more ? 1U : 0U)));
        places.id_at = static_cast<std::uint16_t>(out.size());
        put32(out, p.id);
    }
    return places;
}

}  // namespace sie::bench
