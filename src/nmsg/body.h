// The payloads of one packed Nmsg, each with its CRC.
//
//   [1 payloads]… [2 payload_crcs]… [3 sequence] [4 sequence_id]      as written (N5); read in any order
//
// open() walks the whole message and says whether every length in it is sound; next() then walks again with
// two pointers, one from payload to payload, one from CRC to CRC, and takes no memory, whatever the message
// holds. A view: the octets given to open() stay in place until the last next().
#pragma once

#include <cstdint>
#include <optional>

#include "base/octets.h"
#include "nmsg/protobuf.h"

namespace sie::nmsg {

class BodyWalk {
  public:
    // False if the message is malformed; then there is nothing to walk.
    [[nodiscard]] bool open(Octets message);
    [[nodiscard]] std::size_t payload_count() const { return count_; }
    // Fields 3 and 4 (N15), as sockets' outputs write them.
    [[nodiscard]] std::optional<std::uint32_t> sequence() const { return sequence_; }
    [[nodiscard]] std::optional<std::uint64_t> sequence_id() const { return sequence_id_; }
    // The next NmsgPayload, and the CRC stored for it if there is one (N8: one tag a CRC, or packed).
    [[nodiscard]] bool next(Octets& payload, std::optional<std::uint32_t>& crc);

  private:
    [[nodiscard]] std::optional<std::uint32_t> next_crc();

    protobuf::FieldWalk payloads_{{}}, crcs_{{}};
    std::size_t count_ = 0;
    std::optional<std::uint32_t> sequence_;
    std::optional<std::uint64_t> sequence_id_;
    Octets packed_;  // what is left of a packed list of CRCs
};

}  // namespace sie::nmsg
