#include "nmsg/body.h"

namespace sie::nmsg {
namespace pb = protobuf;
namespace {

constexpr std::uint32_t field_payloads = 1, field_crcs = 2, field_sequence = 3, field_sequence_id = 4;

bool sound_crcs(const pb::Field& field) {
    if (field.is_varint()) return true;
    if (!field.is_bytes()) return false;
    std::uint64_t value = 0;
    for (Octets packed = field.octets; !packed.empty();)
        if (!pb::take_varint(packed, value)) return false;
    return true;
}

}  // namespace

bool BodyWalk::open(Octets message) {
    payloads_ = crcs_ = pb::FieldWalk({});
    packed_ = {};
    count_ = 0;
    sequence_.reset();
    sequence_id_.reset();
    std::optional<Octets> from_first_crc;
    pb::FieldWalk walk(message);
    Octets at = message;
    for (pb::Field field; walk.next(field); at = walk.rest()) {
        switch (field.number) {
            case field_payloads:
                if (!field.is_bytes()) return false;
                ++count_;
                break;
            case field_crcs:
                if (!sound_crcs(field)) return false;
                if (!from_first_crc) from_first_crc = at;
                break;
            case field_sequence:
                if (!field.is_varint()) return false;
                sequence_ = field.as_uint32();
                break;
            case field_sequence_id:
                if (!field.is_varint()) return false;
                sequence_id_ = field.value;
                break;
            default: break;
        }
    }
    if (walk.damaged()) return false;
    payloads_ = pb::FieldWalk(message);
    crcs_ = pb::FieldWalk(from_first_crc.value_or(Octets{}));
    return true;
}

bool BodyWalk::next(Octets& payload, std::optional<std::uint32_t>& crc) {
    for (pb::Field field; payloads_.next(field);) {
        if (field.number != field_payloads) continue;
        payload = field.octets;
        crc = next_crc();
        return true;
    }
    return false;
}

std::optional<std::uint32_t> BodyWalk::next_crc() {
    for (;;) {
        std::uint64_t value = 0;
        if (pb::take_varint(packed_, value)) return static_cast<std::uint32_t>(value);
        pb::Field field;
        do {
            if (!crcs_.next(field)) return {};
        } while (field.number != field_crcs);
        if (field.is_varint()) return field.as_uint32();
        packed_ = field.octets;
    }
}

}  // namespace sie::nmsg
