#include "nmsg/dnsqr_payload.h"

#include <array>
#include <bit>
#include <utility>

#include "nmsg/protobuf.h"

namespace sie::nmsg {
namespace pb = protobuf;
namespace {

// The fields of dnsqr (FACTS N28).
enum : std::uint32_t {
    field_type = 1,
    field_query_ip,
    field_response_ip,
    field_proto,
    field_query_port,
    field_response_port,
    field_id,
    field_qname,
    field_qtype,
    field_qclass,
    field_rcode,
    field_query_packet,
    field_query_time_sec,
    field_query_time_nsec,
    field_response_packet,
    field_response_time_sec,
    field_response_time_nsec,
    field_tcp,
    field_icmp,
    field_timeout,
    field_udp_checksum,
    field_resolver_address_zeroed,
};

// A datagram has at most 8,192 fragments. Without a bound, an octet of input could cost an element of memory.
constexpr std::size_t most_packets = 65'536;

std::size_t packets_size(std::span<const DnsqrPacket> packets, std::uint32_t first_field) {
    std::size_t size = 0;
    for (const DnsqrPacket& packet : packets)
        size += pb::bytes_field_size(first_field, packet.octets.size()) +
                pb::varint_field_size(first_field + 1, pb::from_signed(packet.time_sec)) +
                pb::varint_size(pb::tag(first_field + 2, pb::Wire::fixed32)) + 4;
    return size;
}

// Three lists one after the other (packets, seconds, nanoseconds), a tag for each element.
std::uint8_t* write_packets(std::uint8_t* out, std::span<const DnsqrPacket> packets,
                            std::uint32_t first_field, std::uint8_t**& placed) {
    for (const DnsqrPacket& packet : packets) {
        out = pb::write_bytes_start(out, first_field, packet.octets.size());
        if (placed != nullptr) *placed++ = out;
        out = pb::write_octets(out, packet.octets);
    }
    for (const DnsqrPacket& packet : packets)
        out = pb::write_varint_field(out, first_field + 1, pb::from_signed(packet.time_sec));
    for (const DnsqrPacket& packet : packets)
        out = pb::write_fixed32_field(out, first_field + 2, static_cast<std::uint32_t>(packet.time_nsec));
    return out;
}

// One of the two triples of lists on its way in; each list fills its own member of the packets.
class PacketLists {
  public:
    explicit PacketLists(std::vector<DnsqrPacket>& packets) : packets_(packets) {}

    [[nodiscard]] bool packet(const pb::Field& field) {
        return field.is_bytes() && put(0, [&](DnsqrPacket& packet) { packet.octets = field.octets; });
    }
    [[nodiscard]] bool seconds(const pb::Field& field) {
        const auto one = [this](std::uint64_t value) {
            return put(1, [&](DnsqrPacket& packet) { packet.time_sec = static_cast<std::int64_t>(value); });
        };
        if (field.is_varint()) return one(field.value);
        if (!field.is_bytes()) return false;
        for (Octets packed = field.octets; !packed.empty();) {
            std::uint64_t value = 0;
            if (!pb::take_varint(packed, value) || !one(value)) return false;
        }
        return true;
    }
    [[nodiscard]] bool nanoseconds(const pb::Field& field) {
        const auto one = [this](std::uint32_t value) {
            return put(2, [&](DnsqrPacket& packet) { packet.time_nsec = static_cast<std::int32_t>(value); });
        };
        if (field.wire == pb::Wire::fixed32) return one(field.as_uint32());
        if (!field.is_bytes() || field.octets.size() % 4 != 0) return false;
        for (Octets packed = field.octets; !packed.empty(); packed = packed.subspan(4))
            if (!one(load_le32(packed.data()))) return false;
        return true;
    }

  private:
    template <class Set>
    [[nodiscard]] bool put(std::size_t list, Set set) {
        const std::size_t place = filled_[list]++;
        if (place >= most_packets) return false;
        if (place >= packets_.size()) packets_.emplace_back();
        set(packets_[place]);
        return true;
    }

    std::vector<DnsqrPacket>& packets_;
    std::array<std::size_t, 3> filled_{};
};

// Values without a name are kept for whoever prints them, as far as the enumeration holds them.
template <class Enumeration>
bool to_enumeration(const pb::Field& field, Enumeration& out) {
    if (!field.is_varint() || field.value > UINT8_MAX) return false;
    out = static_cast<Enumeration>(field.value);
    return true;
}

bool to_uint32(const pb::Field& field, std::uint32_t& out) {
    out = field.as_uint32();
    return field.is_varint();
}
bool to_uint32(const pb::Field& field, std::optional<std::uint32_t>& out) {
    out = field.as_uint32();
    return field.is_varint();
}
bool to_octets(const pb::Field& field, Octets& out) {
    out = field.octets;
    return field.is_bytes();
}
bool to_octets(const pb::Field& field, std::optional<Octets>& out) {
    out = field.octets;
    return field.is_bytes();
}

bool take_optional(const pb::Field& field, DnsqrPayload& payload) {
    switch (field.number) {
        case field_qname: return to_octets(field, payload.qname);
        case field_qtype: return to_uint32(field, payload.qtype);
        case field_qclass: return to_uint32(field, payload.qclass);
        case field_rcode: return to_uint32(field, payload.rcode);
        case field_tcp: return to_octets(field, payload.tcp);
        case field_icmp: return to_octets(field, payload.icmp);
        case field_timeout:
            payload.timeout = std::bit_cast<double>(field.value);
            return field.wire == pb::Wire::fixed64;
        case field_udp_checksum: return to_enumeration(field, payload.udp_checksum.emplace());
        default:  // field_resolver_address_zeroed
            payload.resolver_address_zeroed = field.value != 0;
            return field.is_varint();
    }
}

}  // namespace

std::string_view name_of(DnsqrType type) {
    switch (type) {
        case DnsqrType::udp_invalid: return "UDP_INVALID";
        case DnsqrType::udp_query_response: return "UDP_QUERY_RESPONSE";
        case DnsqrType::udp_unanswered_query: return "UDP_UNANSWERED_QUERY";
        case DnsqrType::udp_unsolicited_response: return "UDP_UNSOLICITED_RESPONSE";
        case DnsqrType::tcp: return "TCP";
        case DnsqrType::icmp: return "ICMP";
        case DnsqrType::udp_query_only: return "UDP_QUERY_ONLY";
        case DnsqrType::udp_response_only: return "UDP_RESPONSE_ONLY";
    }
    return {};
}

std::string_view name_of(ChecksumVerdict verdict) {
    switch (verdict) {
        case ChecksumVerdict::error: return "ERROR";
        case ChecksumVerdict::absent: return "ABSENT";
        case ChecksumVerdict::incorrect: return "INCORRECT";
        case ChecksumVerdict::correct: return "CORRECT";
    }
    return {};
}

std::size_t encoded_size(const DnsqrPayload& payload) {
    std::size_t size = pb::varint_field_size(field_type, static_cast<std::uint8_t>(payload.type)) +
                       pb::bytes_field_size(field_query_ip, payload.query_ip.size()) +
                       pb::bytes_field_size(field_response_ip, payload.response_ip.size()) +
                       pb::varint_field_size(field_proto, payload.proto) +
                       pb::varint_field_size(field_query_port, payload.query_port) +
                       pb::varint_field_size(field_response_port, payload.response_port) +
                       pb::varint_field_size(field_id, payload.id);
    if (payload.qname) size += pb::bytes_field_size(field_qname, payload.qname->size());
    if (payload.qtype) size += pb::varint_field_size(field_qtype, *payload.qtype);
    if (payload.qclass) size += pb::varint_field_size(field_qclass, *payload.qclass);
    if (payload.rcode) size += pb::varint_field_size(field_rcode, *payload.rcode);
    size += packets_size(payload.query_packets, field_query_packet);
    size += packets_size(payload.response_packets, field_response_packet);
    if (payload.tcp) size += pb::bytes_field_size(field_tcp, payload.tcp->size());
    if (payload.icmp) size += pb::bytes_field_size(field_icmp, payload.icmp->size());
    if (payload.timeout) size += 2 + 8;
    if (payload.udp_checksum)
        size += pb::varint_field_size(field_udp_checksum, static_cast<std::uint8_t>(*payload.udp_checksum));
    if (payload.resolver_address_zeroed) size += 2 + 1;
    return size;
}

std::size_t most_encoded_size(const DnsqrPayload& payload) {
    // A field is at most a tag of two octets with a varint of ten, or a length of five before its octets.
    constexpr std::size_t most_field = 2 + pb::longest_varint, times_of_packet = 2 * most_field;
    std::size_t size =
        field_resolver_address_zeroed * most_field + payload.query_ip.size() + payload.response_ip.size();
    if (payload.qname) size += payload.qname->size();
    if (payload.tcp) size += payload.tcp->size();
    if (payload.icmp) size += payload.icmp->size();
    for (const DnsqrPacket& packet : payload.query_packets)
        size += most_field + packet.octets.size() + times_of_packet;
    for (const DnsqrPacket& packet : payload.response_packets)
        size += most_field + packet.octets.size() + times_of_packet;
    return size;
}

std::uint8_t* encode(const DnsqrPayload& payload, std::uint8_t* out, std::uint8_t** placed) {
    out = pb::write_varint_field(out, field_type, static_cast<std::uint8_t>(payload.type));
    out = pb::write_bytes_field(out, field_query_ip, payload.query_ip);
    out = pb::write_bytes_field(out, field_response_ip, payload.response_ip);
    out = pb::write_varint_field(out, field_proto, payload.proto);
    out = pb::write_varint_field(out, field_query_port, payload.query_port);
    out = pb::write_varint_field(out, field_response_port, payload.response_port);
    out = pb::write_varint_field(out, field_id, payload.id);
    if (payload.qname) out = pb::write_bytes_field(out, field_qname, *payload.qname);
    if (payload.qtype) out = pb::write_varint_field(out, field_qtype, *payload.qtype);
    if (payload.qclass) out = pb::write_varint_field(out, field_qclass, *payload.qclass);
    if (payload.rcode) out = pb::write_varint_field(out, field_rcode, *payload.rcode);
    out = write_packets(out, payload.query_packets, field_query_packet, placed);
    out = write_packets(out, payload.response_packets, field_response_packet, placed);
    if (payload.tcp) out = pb::write_bytes_field(out, field_tcp, *payload.tcp);
    if (payload.icmp) out = pb::write_bytes_field(out, field_icmp, *payload.icmp);
    if (payload.timeout)
        out = pb::write_fixed64_field(out, field_timeout, std::bit_cast<std::uint64_t>(*payload.timeout));
    if (payload.udp_checksum)
        out =
            pb::write_varint_field(out, field_udp_checksum, static_cast<std::uint8_t>(*payload.udp_checksum));
    if (payload.resolver_address_zeroed)
        out = pb::write_varint_field(out, field_resolver_address_zeroed,
                                     *payload.resolver_address_zeroed ? 1 : 0);
    return out;
}

std::optional<DecodedDnsqr> decode_dnsqr(Octets octets) {
    std::optional<DecodedDnsqr> decoded(std::in_place);
    DnsqrPayload& payload = decoded->payload;
    PacketLists queries(decoded->query_packets), responses(decoded->response_packets);
    std::uint32_t seen = 0;
    pb::FieldWalk walk(octets);
    for (pb::Field field; walk.next(field);) {
        bool taken = true;
        switch (field.number) {
            case field_type: taken = to_enumeration(field, payload.type); break;
            case field_query_ip: taken = to_octets(field, payload.query_ip); break;
            case field_response_ip: taken = to_octets(field, payload.response_ip); break;
            case field_proto: taken = to_uint32(field, payload.proto); break;
            case field_query_port: taken = to_uint32(field, payload.query_port); break;
            case field_response_port: taken = to_uint32(field, payload.response_port); break;
            case field_id: taken = to_uint32(field, payload.id); break;
            case field_query_packet: taken = queries.packet(field); break;
            case field_query_time_sec: taken = queries.seconds(field); break;
            case field_query_time_nsec: taken = queries.nanoseconds(field); break;
            case field_response_packet: taken = responses.packet(field); break;
            case field_response_time_sec: taken = responses.seconds(field); break;
            case field_response_time_nsec: taken = responses.nanoseconds(field); break;
            default:
                if (field.number <= field_resolver_address_zeroed)
                    taken = take_optional(field, payload);
                else
                    decoded->unknown.insert(decoded->unknown.end(), field.whole.begin(), field.whole.end());
        }
        if (!taken) return {};
        if (field.number <= field_id) seen |= std::uint32_t{1} << field.number;
    }
    constexpr std::uint32_t required = 0b1111'1110;  // fields 1 to 7
    if (walk.damaged() || (seen & required) != required) return {};
    payload.query_packets = decoded->query_packets;
    payload.response_packets = decoded->response_packets;
    return decoded;
}

}  // namespace sie::nmsg
