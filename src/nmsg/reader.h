// Reads NMSG: containers of versions 1 and 2, plain or zlib, whole or in fragments (FACTS N1–N4, N8, N11,
// N16–N24).
//
// In: an OctetSource (files, pipes). Out: payloads, in order, as views valid until the next call of next().
// Every length is checked against what is there and against the limits before memory is taken. Damage ends
// the reading with an error that names file, offset and reason; what stood whole before was delivered. A
// wrong CRC drops that payload and is counted. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/octet_source.h"
#include "base/result.h"
#include "nmsg/payload.h"

namespace sie::nmsg {

struct ReadLimits {
    std::size_t container_octets = std::size_t{16} << 20;  // on the wire and inflated
    std::size_t fragment_sets = 64;                        // incomplete sets held at a time, oldest dropped
    std::size_t fragment_octets = std::size_t{64} << 20;   // held in incomplete sets together
};

struct ReadCounts {
    std::uint64_t containers = 0, fragments = 0, payloads = 0;
    std::uint64_t crc_failures = 0;        // payloads dropped for it
    std::uint64_t malformed_payloads = 0;  // NmsgPayload that does not decode; dropped
    std::uint64_t fragments_incomplete = 0, fragments_rejected = 0;
};

class Reader {
  public:
    [[nodiscard]] static Result<Reader> open(const std::string& path, ReadLimits limits = {});
    [[nodiscard]] static Result<Reader> read(OctetSource source, ReadLimits limits = {});
    Reader(Reader&&) noexcept;
    Reader& operator=(Reader&&) noexcept;
    ~Reader();

    // False at the end or at damage; error() tells which.
    [[nodiscard]] bool next(Payload& out);
    [[nodiscard]] const std::optional<Error>& error() const;
    [[nodiscard]] const ReadCounts& counts() const;
    [[nodiscard]] const OctetSource& source() const;  // for progress
    // Where the container of the last payload begins (uncompressed), and how much of it has been handed out.
    [[nodiscard]] std::uint64_t container_offset() const;
    [[nodiscard]] double share_of_container() const;
    // The CRC failure met last, as FACTS N8 prints it: calculated and stored value, lowercase hex.
    [[nodiscard]] std::pair<std::uint32_t, std::uint32_t> last_crc_failure() const;

  private:
    struct State;
    explicit Reader(std::unique_ptr<State>);
    std::unique_ptr<State> state_;
};

}  // namespace sie::nmsg
