// What goes on the wire for one body: frame_container and frame_datagrams of container.h.
//
//   "NMSG" │ flags │ version 2 │ u32 length │ body                    flags 0: packed Nmsg
//                                             u32 length │ zlib       flags 1
//                                             NmsgFragment            flags 2, 3: a piece of either (N21)
#include <algorithm>
#include <stdexcept>

#include "base/crc32c.h"
#include "nmsg/container.h"
#include "nmsg/protobuf.h"

namespace sie::nmsg {
namespace pb = protobuf;

void put_container_header(std::uint8_t* out, std::uint8_t flags, std::size_t length) {
    constexpr std::uint8_t version = 2;
    if (length > UINT32_MAX) throw std::length_error("an NMSG container holds less than 4 GiB");
    std::copy_n("NMSG", 4, out);
    out[4] = flags;
    out[5] = version;
    store_be32(out + 6, static_cast<std::uint32_t>(length));
}

std::size_t most_compressed_octets(std::size_t body_octets) {
    return header_octets + Compressor::most_octets(body_octets);
}

std::size_t compress_container(Octets body, Compressor& compressor, MutableOctets room) {
    const std::size_t size = compressor.compress(body, room.subspan(header_octets));
    put_container_header(room.data(), flag_zlib, size);
    return header_octets + size;
}

namespace {

// NmsgFragment.
constexpr std::uint32_t field_id = 1, field_current = 2, field_last = 3, field_fragment = 4, field_crc = 5;

std::uint8_t* grow(std::vector<std::uint8_t>& out, std::size_t octets) {
    out.resize(out.size() + octets);
    return out.data() + (out.size() - octets);
}

void append_plain(Octets body, std::vector<std::uint8_t>& out) {
    std::uint8_t* place = grow(out, header_octets + body.size());
    put_container_header(place, 0, body.size());
    pb::write_octets(place + header_octets, body);
}

void append_compressed(Octets body, Compressor& compressor, std::vector<std::uint8_t>& out) {
    const std::size_t start = out.size(), most = most_compressed_octets(body.size());
    grow(out, most);
    out.resize(start + compress_container(body, compressor, MutableOctets(out).subspan(start)));
}

// `data` in pieces of `piece` octets, each in a container of its own. `sent` is called behind each.
template <class Sent>
void append_fragments(Octets data, std::uint8_t flags, std::size_t piece, std::uint32_t id,
                      std::vector<std::uint8_t>& out, const Sent& sent) {
    // N22 mended: the number of pieces is rounded up, so that `last` is right when the pieces come out even.
    const std::size_t last = data.empty() ? 0 : (data.size() - 1) / piece;
    if (last > UINT32_MAX) throw std::length_error("too many NMSG fragments");
    const std::uint32_t crc = detail::swap(crc32c(data));
    for (std::size_t current = 0; current <= last; ++current, sent()) {
        const Octets part = data.subspan(current * piece, std::min(piece, data.size() - current * piece));
        const std::size_t size =
            pb::varint_field_size(field_id, id) + pb::varint_field_size(field_current, current) +
            pb::varint_field_size(field_last, last) + pb::bytes_field_size(field_fragment, part.size()) +
            pb::varint_field_size(field_crc, crc);
        std::uint8_t* place = grow(out, header_octets + size);
        put_container_header(place, flags, size);
        place = pb::write_varint_field(place + header_octets, field_id, id);
        place = pb::write_varint_field(place, field_current, current);
        place = pb::write_varint_field(place, field_last, last);
        place = pb::write_bytes_field(place, field_fragment, part);
        pb::write_varint_field(place, field_crc, crc);
    }
}

template <class Sent>
void frame(Octets body, bool oversized, std::size_t capacity, Compressor& compressor,
           std::uint32_t fragment_id, std::vector<std::uint8_t>& out, const Sent& sent) {
    const bool plain = compressor.level() == Compression::none;
    if (!oversized) {
        plain ? append_plain(body, out) : append_compressed(body, compressor, out);
        sent();
        return;
    }
    const std::size_t piece = std::clamp(capacity, least_container, most_container) - 32;
    if (plain) {
        append_fragments(body, flag_fragment, piece, fragment_id, out, sent);
        return;
    }
    const std::size_t start = out.size();
    append_compressed(body, compressor, out);
    // N23 mended: what fits once it is compressed goes as an ordinary container.
    if (out.size() - start - header_octets <= piece) {
        sent();
        return;
    }
    const std::vector<std::uint8_t> data(out.begin() + static_cast<std::ptrdiff_t>(start + header_octets),
                                         out.end());
    out.resize(start);
    append_fragments(data, flag_fragment | flag_zlib, piece, fragment_id, out, sent);
}

}  // namespace

void frame_container(Octets body, bool oversized, std::size_t capacity, Compressor& compressor,
                     std::uint32_t fragment_id, std::vector<std::uint8_t>& out) {
    frame(body, oversized, capacity, compressor, fragment_id, out, [] {});
}

void frame_datagrams(Octets body, bool oversized, std::size_t capacity, Compressor& compressor,
                     std::uint32_t fragment_id, const std::function<void(Octets)>& emit) {
    std::vector<std::uint8_t> datagram;
    frame(body, oversized, capacity, compressor, fragment_id, datagram, [&] {
        emit(datagram);
        datagram.clear();
    });
}

}  // namespace sie::nmsg
