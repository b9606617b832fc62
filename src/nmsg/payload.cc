#include "nmsg/payload.h"

#include "nmsg/protobuf.h"

namespace sie::nmsg {
namespace pb = protobuf;
namespace {

// The fields of NmsgPayload (FACTS N5; 6 is not used).
enum : std::uint32_t {
    field_vendor = 1,
    field_type,
    field_time_sec,
    field_time_nsec,
    field_octets,
    field_source = 7,
    field_operator,
    field_group,
};

// Puts `field` behind `unknown`: as a view where it follows directly, else through `scattered`.
bool keep_unknown(Octets field, Octets& unknown, std::vector<std::uint8_t>* scattered) {
    if (unknown.empty()) {
        unknown = field;
        return true;
    }
    if (unknown.data() + unknown.size() == field.data()) {
        unknown = {unknown.data(), unknown.size() + field.size()};
        return true;
    }
    if (scattered == nullptr) return false;
    if (unknown.data() != scattered->data()) scattered->assign(unknown.begin(), unknown.end());
    scattered->insert(scattered->end(), field.begin(), field.end());
    unknown = *scattered;
    return true;
}

}  // namespace

std::size_t encoded_size(const Payload& payload) {
    std::size_t size = pb::varint_field_size(field_vendor, payload.vendor) +
                       pb::varint_field_size(field_type, payload.type) +
                       pb::varint_field_size(field_time_sec, pb::from_signed(payload.time_sec)) + 5 +
                       payload.unknown.size();
    if (payload.has_octets) size += pb::bytes_field_size(field_octets, payload.octets.size());
    if (payload.source) size += pb::varint_field_size(field_source, *payload.source);
    if (payload.group_operator) size += pb::varint_field_size(field_operator, *payload.group_operator);
    if (payload.group) size += pb::varint_field_size(field_group, *payload.group);
    return size;
}

std::uint8_t* encode(const Payload& payload, std::uint8_t* out) {
    out = pb::write_varint_field(out, field_vendor, payload.vendor);
    out = pb::write_varint_field(out, field_type, payload.type);
    out = pb::write_varint_field(out, field_time_sec, pb::from_signed(payload.time_sec));
    out = pb::write_fixed32_field(out, field_time_nsec, payload.time_nsec);
    if (payload.has_octets) out = pb::write_bytes_field(out, field_octets, payload.octets);
    if (payload.source) out = pb::write_varint_field(out, field_source, *payload.source);
    if (payload.group_operator) out = pb::write_varint_field(out, field_operator, *payload.group_operator);
    if (payload.group) out = pb::write_varint_field(out, field_group, *payload.group);
    return pb::write_octets(out, payload.unknown);
}

std::optional<Payload> decode_payload(Octets octets, std::vector<std::uint8_t>* scattered) {
    Payload payload;
    payload.has_octets = false;
    std::uint32_t seen = 0;
    pb::FieldWalk walk(octets);
    for (pb::Field field; walk.next(field);) {
        pb::Wire wanted = pb::Wire::varint;
        switch (field.number) {
            case field_vendor: payload.vendor = field.as_uint32(); break;
            case field_type: payload.type = field.as_uint32(); break;
            case field_time_sec: payload.time_sec = field.as_int64(); break;
            case field_time_nsec:
                wanted = pb::Wire::fixed32;
                payload.time_nsec = field.as_uint32();
                break;
            case field_octets:
                wanted = pb::Wire::bytes;
                payload.octets = field.octets;
                payload.has_octets = true;
                break;
            case field_source: payload.source = field.as_uint32(); break;
            case field_operator: payload.group_operator = field.as_uint32(); break;
            case field_group: payload.group = field.as_uint32(); break;
            default:
                if (!keep_unknown(field.whole, payload.unknown, scattered)) return {};
                continue;
        }
        if (field.wire != wanted) return {};
        seen |= std::uint32_t{1} << field.number;
    }
    constexpr std::uint32_t required = 0b1'1110;  // fields 1 to 4
    if (walk.damaged() || (seen & required) != required) return {};
    return payload;
}

}  // namespace sie::nmsg
