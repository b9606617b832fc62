#include "capture/pcapng.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/wide.h"
#include "capture/damage.h"

namespace sie::capture {
namespace {

constexpr std::uint32_t section_header = 0x0a0d0d0a, interface_description = 1, obsolete_packet = 2,
                        simple_packet = 3, enhanced_packet = 6;
constexpr std::uint16_t option_end = 0, option_tsresol = 9, option_tsoffset = 14;
constexpr std::uint32_t byte_order_magic = 0x1a2b3c4d;

// type, length, byte order magic or the beginning of the body or the length behind an empty one
constexpr std::size_t block_head_octets = 12;
constexpr std::size_t skip_piece_octets = 65'536;

constexpr unsigned nanosecond_exponent = 9;
constexpr unsigned largest_exponent_in_64_bits = 19;

std::uint64_t power_of_ten(unsigned exponent) {
    std::uint64_t power = 1;
    while (exponent-- != 0) power *= 10;
    return power;
}

}  // namespace

void TimeScale::set_resolution(std::uint8_t octet) {
    const unsigned exponent = octet & 0x7fU;
    if ((octet & 0x80U) != 0) {
        way_ = Way::shift;
        shift_ = static_cast<std::uint8_t>(exponent);
    } else if (exponent <= nanosecond_exponent) {
        way_ = Way::multiply;
        factor_ = power_of_ten(nanosecond_exponent - exponent);
    } else {
        // floor(stamp * 10^9 / 10^e) is floor(stamp / 10^(e-9)), which is 0 for every stamp from 10^20 on
        way_ = Way::divide;
        const unsigned divisor_exponent = exponent - nanosecond_exponent;
        factor_ = divisor_exponent <= largest_exponent_in_64_bits ? power_of_ten(divisor_exponent) : 0;
    }
}

Time TimeScale::time_of(std::uint64_t stamp) const {
    Wide ns = 0U;  // below 2^94
    switch (way_) {
        case Way::multiply: ns = Wide{stamp} * factor_; break;
        case Way::divide: ns = Wide{factor_ == 0 ? 0 : stamp / factor_}; break;
        case Way::shift: ns = (Wide{stamp} * std::uint64_t{Time::per_second}) >> shift_; break;
    }
    // Clamped to what a Time holds.
    constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
    const auto at_most = [](Wide value, std::uint64_t limit) {
        return value > Wide{limit} ? limit : static_cast<std::uint64_t>(value);
    };
    if (offset_seconds_ >= 0) {
        const Wide sum =
            ns + Wide{static_cast<std::uint64_t>(offset_seconds_)} * std::uint64_t{Time::per_second};
        return Time{static_cast<std::int64_t>(at_most(sum, most))};
    }
    const std::uint64_t seconds_back = std::uint64_t{0} - static_cast<std::uint64_t>(offset_seconds_);
    const Wide back = Wide{seconds_back} * std::uint64_t{Time::per_second};
    if (ns >= back) return Time{static_cast<std::int64_t>(at_most(ns - back, most))};
    return Time{static_cast<std::int64_t>(-at_most(back - ns, most + 1))};
}

bool Pcapng::begins(Octets first) { return first.size() >= 4 && load_be32(first.data()) == section_header; }

bool Pcapng::next(OctetSource& source, Frame& out, std::optional<Error>& error) {
    if (done_) return false;
    const auto damage = [&](std::string why) {
        error = damage_at(source, source.offset(), std::move(why));
        done_ = true;
        return false;
    };
    for (;;) {
        Octets block = source.want(block_head_octets);
        if (block.size() < block_head_octets) {
            error = short_at(source, block.empty(), "cut inside a block header");
            done_ = true;
            return false;
        }
        const bool section = begins(block);
        if (section) {
            big_endian_ = load_be32(block.data() + 8) == byte_order_magic;
            if (!big_endian_ && load_le32(block.data() + 8) != byte_order_magic)
                return damage("bad section header");
            interfaces_.clear();
        }
        const std::uint32_t type = load32(block.data());
        const std::uint32_t length = load32(block.data() + 4);
        if (length < block_head_octets || length % 4 != 0)
            return damage(fmt::format("block length {}", length));

        const bool is_packet = type == enhanced_packet || type == simple_packet || type == obsolete_packet;
        if (section || (!is_packet && type != interface_description)) {
            if (skip_block(source, length, error)) continue;
            done_ = true;
            return false;
        }
        if (length > longest_read_block) return damage(fmt::format("block length {}", length));
        if (block.size() < length) {
            block = source.want(length);
            if (block.size() < length) return damage("cut inside a block");
        }
        if (load32(block.data() + length - 4) != length) return damage("the two block lengths differ");

        const Octets body = block.subspan(8, length - block_head_octets);
        if (is_packet) {
            if (!packet(source, type, body, out, error)) {
                done_ = true;
                return false;
            }
            source.advance(length);
            return true;
        }
        if (body.size() < 8) return damage("short interface description");
        if (!describe_interface(body)) return damage(fmt::format("more than {} interfaces", most_interfaces));
        source.advance(length);
    }
}

bool Pcapng::skip_block(OctetSource& source, std::uint32_t length, std::optional<Error>& error) {
    const std::uint64_t at = source.offset();
    std::uint32_t rest = length - 4;
    while (rest != 0) {
        const Octets piece = source.want(std::min<std::size_t>(rest, skip_piece_octets));
        const std::size_t n = std::min<std::size_t>(piece.size(), rest);
        if (n == 0) break;
        source.advance(n);
        rest -= static_cast<std::uint32_t>(n);
    }
    const Octets trailer = source.want(4);
    if (rest != 0 || trailer.size() < 4) {
        error = damage_at(source, at, "cut inside a block");
    } else if (load32(trailer.data()) != length) {
        error = damage_at(source, at, "the two block lengths differ");
    } else {
        source.advance(4);
        return true;
    }
    return false;
}

//   interface description: 0 link type (16) | 2 reserved | 4 snap length | 8 options
//   option: 0 code (16) | 2 length k (16) | 4 value, padded to four octets
bool Pcapng::describe_interface(Octets body) {
    if (interfaces_.size() == most_interfaces) return false;
    Interface described;
    described.link_number = load16(body.data());
    described.link = net::link_type_of(described.link_number);
    described.snap_length = load32(body.data() + 4);

    Octets options = body.subspan(8);
    while (options.size() >= 4) {
        const std::uint16_t code = load16(options.data());
        const std::size_t size = load16(options.data() + 2);
        options = options.subspan(4);
        if (code == option_end || size > options.size()) break;
        if (code == option_tsresol && size == 1) described.scale.set_resolution(options[0]);
        if (code == option_tsoffset && size == 8) {
            const std::uint64_t seconds = big_endian_ ? load_be64(options.data()) : load_le64(options.data());
            described.scale.set_offset(static_cast<std::int64_t>(seconds));
        }
        options = options.subspan(std::min(options.size(), (size + 3) / 4 * 4));
    }
    interfaces_.push_back(described);
    return true;
}

//   enhanced: 0 interface | 4 stamp, upper half | 8 lower half | 12 octets captured | 16 octets on the wire |
//   20 octets obsolete: 0 interface (16) | 2 drops (16) | the rest as enhanced simple:   0 octets on the wire
//   | 4 octets; interface 0, no stamp
bool Pcapng::packet(const OctetSource& source, std::uint32_t type, Octets body, Frame& out,
                    std::optional<Error>& error) {
    const auto damage = [&](std::string why) {
        error = damage_at(source, source.offset(), std::move(why));
        return false;
    };
    const std::uint8_t* p = body.data();
    const std::size_t head = type == simple_packet ? 4 : 20;
    if (body.size() < head) return damage("short packet block");

    std::uint32_t interface_number = 0;
    if (type == enhanced_packet) interface_number = load32(p);
    if (type == obsolete_packet) interface_number = load16(p);
    if (interface_number >= interfaces_.size()) {
        return damage(fmt::format("interface {} is not described", interface_number));
    }
    const Interface& from = interfaces_[interface_number];
    if (!from.link) {
        error = unknown_link_type(source, source.offset(), from.link_number);
        return false;
    }
    std::uint32_t captured = 0, wire = 0;
    std::uint64_t stamp = 0;
    if (type == simple_packet) {
        wire = load32(p);
        captured = from.snap_length == 0 ? wire : std::min(wire, from.snap_length);
    } else {
        stamp = std::uint64_t{load32(p + 4)} << 32 | load32(p + 8);
        captured = load32(p + 12);
        wire = load32(p + 16);
    }
    if (captured > longest_record_octets) return damage(fmt::format("record of {} octets", captured));
    if (captured > body.size() - head) return damage("packet longer than its block");

    out.octets = body.subspan(head, captured);
    out.wire_length = wire;
    out.link = *from.link;
    out.time = from.scale.time_of(stamp);
    return true;
}

}  // namespace sie::capture
