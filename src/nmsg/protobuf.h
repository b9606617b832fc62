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
    // One more than the number of the highest bit / 7, without the division.
    return (static_cast<unsigned>(std::bit_width(value | 1)) * 9 + 64) / 64;
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

// Takes the varint at `at` and gives the octet behind it; null if it does not end before `end` or is longer
// than ten octets. Bits beyond 64 are dropped, as protobuf does.
[[nodiscard, gnu::noinline]] inline const std::uint8_t* take_long_varint(const std::uint8_t* at,
                                                                         const std::uint8_t* end,
                                                                         std::uint64_t& value) {
    const std::size_t there = static_cast<std::size_t>(end - at),
                      most = there < longest_varint ? there : longest_varint;
    if (there >= 8) {
        // Up to eight octets at once: those up to the first without its high bit, their groups of seven bits
        // moved together by halves.
        const std::uint64_t octets = load_le64(at), last = ~octets & 0x8080'8080'8080'8080;
        if (last != 0) {
            std::uint64_t bits = octets & (last ^ (last - 1)) & 0x7f7f'7f7f'7f7f'7f7f;
            bits = (bits & 0x007f'007f'007f'007f) | (bits & 0x7f00'7f00'7f00'7f00) >> 1;
            bits = (bits & 0x0000'3fff'0000'3fff) | (bits & 0x3fff'0000'3fff'0000) >> 2;
            value = (bits & 0x0000'0000'0fff'ffff) | (bits & 0x0fff'ffff'0000'0000) >> 4;
            return at + static_cast<unsigned>(std::countr_zero(last)) / 8 + 1;
        }
    }
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < most; ++i) {
        sum |= static_cast<std::uint64_t>(at[i] & 0x7f) << (7 * i);
        if (at[i] < 0x80) {
            value = sum;
            return at + i + 1;
        }
    }
    return nullptr;
}
[[nodiscard, gnu::always_inline]] inline const std::uint8_t* take_varint(const std::uint8_t* at,
                                                                         const std::uint8_t* end,
                                                                         std::uint64_t& value) {
    if (at != end && at[0] < 0x80) [[likely]] {  // what most are
        value = at[0];
        return at + 1;
    }
    if (end - at >= 2 && at[1] < 0x80) {  // tags from 16 on, lengths of packets
        value = (at[0] & 0x7fU) | std::uint64_t{at[1]} << 7;
        return at + 2;
    }
    std::uint64_t other = 0;
    at = take_long_varint(at, end, other);
    if (at != nullptr) value = other;
    return at;
}
// The same from the front of `rest`; false, and everything in place, where the other gives null.
[[nodiscard]] inline bool take_varint(Octets& rest, std::uint64_t& value) {
    const std::uint8_t* const end = rest.data() + rest.size();
    const std::uint8_t* const behind = take_varint(rest.data(), end, value);
    if (behind == nullptr) return false;
    rest = {behind, end};
    return true;
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
    explicit FieldWalk(Octets message) : at_(message.data()), end_(message.data() + message.size()) {}

    [[nodiscard, gnu::always_inline]] bool next(Field& field) {
        if (at_ == end_ || damaged_) return false;
        const std::uint8_t* const behind = take(field);
        if (behind == nullptr) {
            damaged_ = true;
            return false;
        }
        field.whole = {at_, behind};
        at_ = behind;
        return true;
    }
    [[nodiscard]] bool damaged() const { return damaged_; }
    [[nodiscard]] Octets rest() const { return {at_, end_}; }

  private:
    // The octet behind the field; null if it is damaged.
    [[nodiscard, gnu::always_inline]] const std::uint8_t* take(Field& field) const {
        std::uint64_t tag = 0;
        const std::uint8_t* at = take_varint(at_, end_, tag);
        if (at == nullptr || tag > UINT32_MAX || (tag >> 3) == 0) return nullptr;
        field.number = static_cast<std::uint32_t>(tag >> 3);
        field.value = 0;
        field.octets = {};
        switch (tag & 7) {
            case 0: field.wire = Wire::varint; return take_varint(at, end_, field.value);
            case 1:
                field.wire = Wire::fixed64;
                if (end_ - at < 8) return nullptr;
                field.value = load_le64(at);
                return at + 8;
            case 2: {
                field.wire = Wire::bytes;
                std::uint64_t length = 0;
                at = take_varint(at, end_, length);
                if (at == nullptr || length > static_cast<std::size_t>(end_ - at)) return nullptr;
                field.octets = {at, at + length};
                return at + length;
            }
            case 5:
                field.wire = Wire::fixed32;
                if (end_ - at < 4) return nullptr;
                field.value = load_le32(at);
                return at + 4;
            default: return nullptr;
        }
    }

    const std::uint8_t *at_, *end_;
    bool damaged_ = false;
};

}  // namespace sie::nmsg::protobuf
