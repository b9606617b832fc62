// One NMSG payload: the envelope (NmsgPayload, FACTS N5) around octets that belong to a vendor's message
// type.
//
// A view: octets and unknown point into whatever the payload was read from, or into the writer's own memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/octets.h"

namespace sie::nmsg {

constexpr std::uint32_t vendor_base = 1;
constexpr std::uint32_t type_dnsqr = 9;

struct Payload {
    std::uint32_t vendor = 0;
    std::uint32_t type = 0;
    std::int64_t time_sec = 0;
    std::uint32_t time_nsec = 0;
    bool has_octets = true;                                      // field 5 is present
    Octets octets;                                               // field 5, as it is
    std::optional<std::uint32_t> source, group_operator, group;  // fields 7, 8, 9
    // CRC-32C of the octets where a reader has worked it out already; who puts other octets here takes it
    // away.
    std::optional<std::uint32_t> crc;
    Octets unknown;  // other fields of NmsgPayload, encoded, kept when written again
};

// Octets of the NmsgPayload: S of FACTS N13.
[[nodiscard]] std::size_t encoded_size(const Payload& payload);
// Writes exactly encoded_size octets in ascending field order (unknown fields behind the known) and returns
// the end.
std::uint8_t* encode(const Payload& payload, std::uint8_t* out);
// Decodes one NmsgPayload; nothing if it is malformed or a required field is missing. Unknown fields that
// stand in several places are gathered in `scattered`, which Payload::unknown then points into; without it
// they are malformed.
[[nodiscard]] std::optional<Payload> decode_payload(Octets octets,
                                                    std::vector<std::uint8_t>* scattered = nullptr);

}  // namespace sie::nmsg
