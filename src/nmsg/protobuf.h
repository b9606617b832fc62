// The part of protobuf's wire format that NMSG uses: sizes and writers for fields, and a walk over the fields
// of a message that checks every length before it moves on.
//
//   tag = varint(number << 3 | wire)   varint: 7 bits an octet, low bits first, 0x80 = more follow, at most
//   10 octets
//
// Writers check nothing: the caller has made room by the sizes. Groups (wires 3 and 4) are refused: no
// message of NMSG has any.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/octets.h"

namespace sie::nmsg::protobuf {

enum class Wire : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

constexpr std::size_t longest_varint = 10;

[[nodiscard]] constexpr std::size_t varint_size(std::uint64_t value) {
    return (70 - static_cast<std::size_t>(std::countl_zero(value | 1))) / 7;
}
[[nodiscard]] constexpr std::uint32_t tag(std::uint32_t number, Wire wire) {
    return (number << 3) | static_cast<std::uint32_t>(wire);
}
[[nodiscard]] constexpr std::size_t varint_field_size(std::uint32_t number, std::uint64_t value) {
    return varint_size(tag(number, Wire::varint)) + varint_size(value);
}
[[nodiscard]] constexpr std::size_t bytes_field_size(std::uint32_t number, std::size_t length) {
    return varint_size(tag(number, Wire::bytes)) + varint_size(length) + length;
}
// int32, int64 and enum fields: negative values take ten octets.
[[nodiscard]] constexpr std::uint64_t from_signed(std::int64_t value) {
    return static_cast<std::uint64_t>(value);
}

inline std::uint8_t* write_varint(std::uint8_t* out, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) *out++ = static_cast<std::uint8_t>(value | 0x80);
    *out++ = static_cast<std::uint8_t>(value);
    return out;
}
inline std::uint8_t* write_octets(std::uint8_t* out, Octets octets) {
    if (!octets.empty()) std::memcpy(out, octets.data(), octets.size());
    return out + octets.size();
}
inline std::uint8_t* write_varint_field(std::uint8_t* out, std::uint32_t number, std::uint64_t value) {
    return write_varint(write_varint(out, tag(number, Wire::varint)), value);
}
// Tag and length; the octets themselves follow.
inline std::uint8_t* write_bytes_start(std::uint8_t* out, std::uint32_t number, std::size_t length) {
    return write_varint(write_varint(out, tag(number, Wire::bytes)), length);
}
inline std::uint8_t* write_bytes_field(std::uint8_t* out, std::uint32_t number, Octets octets) {
    return write_octets(write_bytes_start(out, number, octets.size()), octets);
}
inline std::uint8_t* write_fixed32_field(std::uint8_t* out, std::uint32_t number, std::uint32_t value) {
    out = write_varint(out, tag(number, Wire::fixed32));
    store_le32(out, value);
    return out + 4;
}
inline std::uint8_t* write_fixed64_field(std::uint8_t* out, std::uint32_t number, std::uint64_t value) {
    out = write_varint(out, tag(number, Wire::fixed64));
    store_le64(out, value);
    return out + 8;
}

// Takes a varint from the front of `rest`; false if it does not end there or is longer than ten octets. Bits
// beyond 64 are dropped, as protobuf does.
[[nodiscard]] inline bool take_varint(Octets& rest, std::uint64_t& value) {
    if (!rest.empty() && rest[0] < 0x80) [[likely]] {  // what most are
        value = rest[0];
        rest = rest.subspan(1);
        return true;
    }
    if (rest.size() >= 2 && rest[1] < 0x80) {  // tags from 16 on, lengths of packets
        value = (rest[0] & 0x7fU) | std::uint64_t{rest[1]} << 7;
        rest = rest.subspan(2);
        return true;
    }
    std::uint64_t sum = 0;
    const std::size_t most = rest.size() < longest_varint ? rest.size() : longest_varint;
    for (std::size_t i = 0; i < most; ++i) {
        sum |= static_cast<std::uint64_t>(rest[i] & 0x7f) << (7 * i);
        if (rest[i] < 0x80) {
            value = sum;
            rest = rest.subspan(i + 1);
            return true;
        }
    }
    return false;
}

struct Field {
    std::uint32_t number = 0;
    Wire wire = Wire::varint;
    std::uint64_t value = 0;  // varint, fixed32, fixed64
    Octets octets;            // bytes
    Octets whole;             // tag and value as they stand
    [[nodiscard]] bool is_varint() const { return wire == Wire::varint; }
    [[nodiscard]] bool is_bytes() const { return wire == Wire::bytes; }
    // uint32 keeps the low half of a longer varint, as protobuf does.
    [[nodiscard]] std::uint32_t as_uint32() const { return static_cast<std::uint32_t>(value); }
    [[nodiscard]] std::int64_t as_int64() const { return static_cast<std::int64_t>(value); }
};

// Walks the fields of one message. next() is false at the end and at damage; damaged() tells which.
class FieldWalk {
  public:
    explicit FieldWalk(Octets message) : rest_(message) {}

    [[nodiscard]] bool next(Field& field) {
        if (rest_.empty() || damaged_) return false;
        damaged_ = !take(field);
        return !damaged_;
    }
    [[nodiscard]] bool damaged() const { return damaged_; }
    [[nodiscard]] Octets rest() const { return rest_; }

  private:
    [[nodiscard]] bool take(Field& field) {
        const Octets start = rest_;
        std::uint64_t tag = 0;
        if (!take_varint(rest_, tag) || tag > UINT32_MAX || (tag >> 3) == 0) return false;
        field.number = static_cast<std::uint32_t>(tag >> 3);
        field.value = 0;
        field.octets = {};
        switch (tag & 7) {
            case 0:
                field.wire = Wire::varint;
                if (!take_varint(rest_, field.value)) return false;
                break;
            case 1:
                field.wire = Wire::fixed64;
                if (rest_.size() < 8) return false;
                field.value = load_le64(rest_.data());
                rest_ = rest_.subspan(8);
                break;
            case 2: {
                field.wire = Wire::bytes;
                std::uint64_t length = 0;
                if (!take_varint(rest_, length) || length > rest_.size()) return false;
                field.octets = {rest_.data(), rest_.data() + length};
                rest_ = rest_.subspan(field.octets.size());
                break;
            }
            case 5:
                field.wire = Wire::fixed32;
                if (rest_.size() < 4) return false;
                field.value = load_le32(rest_.data());
                rest_ = rest_.subspan(4);
                break;
            default: return false;
        }
        field.whole = start.first(start.size() - rest_.size());
        return true;
    }

    Octets rest_;
    bool damaged_ = false;
};

}  // namespace sie::nmsg::protobuf
