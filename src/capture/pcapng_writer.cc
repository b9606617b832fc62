#include "capture/pcapng_writer.h"

#include <algorithm>

#include "capture/frame.h"

namespace sie::capture {

namespace {

constexpr std::uint32_t section_header = 0x0a0d0d0a, byte_order_magic = 0x1a2b3c4d, interface_block = 1,
                        packet_block = 6;
constexpr std::uint16_t link_raw = 101, link_ethernet = 1;
constexpr std::uint16_t option_tsresol = 9;
constexpr std::uint8_t nanoseconds = 9;  // 10^-9

void put16(std::vector<std::uint8_t>& out, std::uint16_t value) {
    out.resize(out.size() + 2);
    store_le16(out.data() + out.size() - 2, value);
}
void put32(std::vector<std::uint8_t>& out, std::uint32_t value) {
    out.resize(out.size() + 4);
    store_le32(out.data() + out.size() - 4, value);
}

//  type │ length │ body … │ length
template <class Body>
void block(std::vector<std::uint8_t>& out, std::uint32_t type, const Body& body) {
    const std::size_t start = out.size();
    put32(out, type);
    put32(out, 0);
    body();
    out.resize((out.size() - start + 3) / 4 * 4 + start);
    const auto length = static_cast<std::uint32_t>(out.size() - start + 4);
    put32(out, length);
    store_le32(out.data() + start + 4, length);
}

}  // namespace

void append_pcapng_head(std::vector<std::uint8_t>& out) {
    block(out, section_header, [&] {
        put32(out, byte_order_magic);
        put16(out, 1);  // version 1.0
        put16(out, 0);
        put32(out, UINT32_MAX);  // the length of the section is not stated
        put32(out, UINT32_MAX);
    });
    for (const std::uint16_t link : {link_raw, link_ethernet})
        block(out, interface_block, [&] {
            put16(out, link);
            put16(out, 0);
            put32(out, longest_record_octets);
            put16(out, option_tsresol);
            put16(out, 1);
            put32(out, nanoseconds);  // one octet and its padding
            put32(out, 0);            // no more options
        });
}

void append_pcapng_packet(std::vector<std::uint8_t>& out, WrittenLink link, Octets octets,
                          std::uint32_t wire_length, Time time) {
    const auto stamp = static_cast<std::uint64_t>(std::max<std::int64_t>(time.ns, 0));
    octets = octets.first(std::min<std::size_t>(octets.size(), longest_record_octets));
    block(out, packet_block, [&] {
        put32(out, static_cast<std::uint32_t>(link));
        put32(out, static_cast<std::uint32_t>(stamp >> 32));
        put32(out, static_cast<std::uint32_t>(stamp));
        put32(out, static_cast<std::uint32_t>(octets.size()));
        put32(out, wire_length);
        out.insert(out.end(), octets.begin(), octets.end());
    });
}

}  // namespace sie::capture
