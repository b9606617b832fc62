// The classic pcap format: a file header, then records.
//
//   file header, 24 octets                    record header, 16 octets ("modified": 24)
//   0  magic  a1b2c3d4 microseconds           0  seconds
//             a1b23c4d nanoseconds            4  micro- or nanoseconds
//             a1b2cd34 modified               8  octets captured
//   4  version, zone, accuracy: not used     12  octets on the wire
//   20 link type; its six upper bits tell    16  modified only: interface, protocol, packet type, padding
//      of a frame check sequence             then the octets captured
//
// The magic number tells the byte order of all integers.
#pragma once

#include <cstdint>
#include <optional>

#include "base/octet_source.h"
#include "base/result.h"
#include "capture/frame.h"

namespace sie::capture {

class Pcap {
  public:
    // Reads the file header. Errors: not a capture file, unknown link type.
    [[nodiscard]] static Result<Pcap> begin(OctetSource& source);

    // The next frame, valid until the next call; false at the end, or at damage, which `error` tells then.
    [[nodiscard]] bool next(OctetSource& source, Frame& out, std::optional<Error>& error);

  private:
    Pcap() = default;

    bool big_endian_ = false;
    std::uint32_t unit_ns_ = 1000;
    std::uint32_t record_header_octets_ = 16;
    net::LinkType link_ = net::LinkType::ethernet;
};

}  // namespace sie::capture
