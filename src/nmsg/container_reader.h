// One container after the other, wherever it came from: inflated, put together from fragments, walked payload
// by payload (FACTS N2, N8, N11, N24).
//
// In: the flags and the body of a container. Out: its payloads, as views valid until the next call of open()
// or next(); the octets given to open() stay in place until then. Counts into ReadCounts. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/time.h"
#include "nmsg/body.h"
#include "nmsg/compression.h"
#include "nmsg/fragments.h"
#include "nmsg/payload.h"
#include "nmsg/reader.h"

namespace sie::nmsg {

// Where a datagram came from, and when: fragments of two senders never meet, and old ones leave.
struct Origin {
    std::uint64_t sender = 0;  // a keyed hash of its address and port; 0 for files
    Time now;
};

class ContainerReader {
  public:
    explicit ContainerReader(const ReadLimits& limits);

    enum class Outcome : std::uint8_t {
        opened,
        incomplete,  // a fragment, kept until the others are here
        malformed_fragment,
        too_large,       // states more octets than the limits allow
        damaged_stream,  // zlib, or another length than stated
        malformed_body,
    };
    [[nodiscard]] Outcome open(std::uint8_t flags, Octets body, Origin origin = {});
    [[nodiscard]] bool next(Payload& out);
    // At the end of input: fragments that wait are counted and let go.
    void give_up() { fragments_.give_up(); }

    [[nodiscard]] const BodyWalk& body() const { return body_; }  // of the container that is open
    [[nodiscard]] std::size_t payloads_taken() const { return taken_; }
    // No writer leaves these; a reader lets them pass. Of the container that is open, up to here:
    [[nodiscard]] std::size_t trailing_octets() const { return trailing_octets_; }  // behind the zlib stream
    [[nodiscard]] std::size_t payloads_without_crc() const { return without_crc_; }
    [[nodiscard]] const ReadCounts& counts() const { return counts_; }
    [[nodiscard]] std::pair<std::uint32_t, std::uint32_t> last_crc_failure() const { return crc_failure_; }

  private:
    [[nodiscard]] Outcome open_body(Octets octets, bool compressed);

    ReadLimits limits_;
    ReadCounts counts_;
    FragmentSets fragments_;
    Decompressor decompressor_;
    std::vector<std::uint8_t> inflated_, scattered_;
    BodyWalk body_;
    std::size_t taken_ = 0, trailing_octets_ = 0, without_crc_ = 0;
    std::pair<std::uint32_t, std::uint32_t> crc_failure_{};
};

}  // namespace sie::nmsg
