#include "capture/pcap.h"

#include <fmt/format.h>

#include "capture/damage.h"

namespace sie::capture {
namespace {

constexpr std::size_t file_header_octets = 24;
constexpr std::uint32_t microseconds_magic = 0xa1b2c3d4, nanoseconds_magic = 0xa1b23c4d,
                        modified_magic = 0xa1b2cd34;
constexpr std::uint32_t link_type_mask = 0x03ffffff;

std::uint32_t load(bool big_endian, const std::uint8_t* p) {
    return big_endian ? load_be32(p) : load_le32(p);
}

}  // namespace

Result<Pcap> Pcap::begin(OctetSource& source) {
    const auto not_a_capture = [&] {
        return fail(refusal_at(source, 0, "not a capture file", "pcap and pcapng can be read"));
    };
    const Octets header = source.want(file_header_octets);
    if (header.size() < file_header_octets) return not_a_capture();

    Pcap file;
    file.big_endian_ = header[0] == 0xa1;
    switch (load(file.big_endian_, header.data())) {
        case microseconds_magic: break;
        case nanoseconds_magic: file.unit_ns_ = 1; break;
        case modified_magic: file.record_header_octets_ = 24; break;
        default: return not_a_capture();
    }
    const std::uint32_t number = load(file.big_endian_, header.data() + 20) & link_type_mask;
    const auto link = net::link_type_of(number);
    if (!link) return fail(unknown_link_type(source, 20, number));
    file.link_ = *link;
    source.advance(file_header_octets);
    return file;
}

bool Pcap::next(OctetSource& source, Frame& out, std::optional<Error>& error) {
    const std::size_t head = record_header_octets_;
    Octets record = source.want(head);
    if (record.size() < head) {
        error = short_at(source, record.empty(), "cut inside a record header");
        return false;
    }

    const std::uint8_t* p = record.data();
    const std::uint32_t captured = load(big_endian_, p + 8);
    if (captured > longest_record_octets) {
        error = damage_at(source, source.offset(), fmt::format("record of {} octets", captured));
        return false;
    }
    const std::size_t whole = head + captured;
    if (record.size() < whole) {
        record = source.want(whole);
        if (record.size() < whole) {
            error = damage_at(source, source.offset(), "cut inside a record");
            return false;
        }
        p = record.data();
    }
    out.octets = record.subspan(head, captured);
    out.wire_length = load(big_endian_, p + 12);
    out.link = link_;
    // Both factors have 32 bits, so the sum stays below the year 2242: nothing to clamp.
    out.time =
        Time{load(big_endian_, p) * Time::per_second + std::int64_t{load(big_endian_, p + 4)} * unit_ns_};
    source.advance(whole);
    return true;
}

}  // namespace sie::capture
