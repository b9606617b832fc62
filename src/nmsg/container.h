// Containers: one NMSG header (FACTS N1) with its payloads, their CRCs and perhaps a sequence number.
//
// ContainerBuilder gathers payloads until the next would not fit by the exact rule of N13; finish() gives the
// body (packed Nmsg: payloads, CRCs, sequence), which frame_container() turns into the octets of a file or a
// datagram: header, compression, or fragments when one payload is larger than a container (N21, N22 and N23
// mended). The builder's memory is taken at construction (capacity + 32 KiB and a CRC list) and grows only
// for a payload larger than a container. One thread; building and framing may be done by two.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/octets.h"
#include "base/result.h"
#include "nmsg/compression.h"
#include "nmsg/dnsqr_payload.h"
#include "nmsg/payload.h"

namespace sie::nmsg {

constexpr std::size_t least_container = 512, most_container = 1'048'576, default_datagram_container = 8192;
constexpr std::size_t header_octets = 10;
constexpr std::uint8_t flag_zlib = 1, flag_fragment = 2;

struct Sequence {
    std::uint32_t number = 0;
    std::uint64_t id = 0;
};

// Called between encoding and CRC with the places of the recorded packets, so that addresses can be blanked
// there.
struct Blank {
    void (*apply)(void* context, std::uint8_t* const* placed) = nullptr;
    void* context = nullptr;
};

// The ten octets of FACTS N1, version 2.
void put_container_header(std::uint8_t* out, std::uint8_t flags, std::size_t length);

class ContainerBuilder {
  public:
    // `capacity`: B of N13, 512 … 1,048,576. `sequenced`: Q of N13 is 18 (UDP), else 0.
    explicit ContainerBuilder(std::size_t capacity, bool sequenced = false);

    // May a payload of S = `size` octets join what is open? An empty container takes any payload.
    [[nodiscard]] bool fits(std::size_t size) const;
    // Adds a payload; fits(encoded_size) holds.
    void add(const Payload& payload);
    // The same for a base:dnsqr payload; its size is counted only near the end of the container.
    [[nodiscard]] bool fits(const DnsqrPayload& dnsqr, std::int64_t time_sec) const;
    // Adds a base:dnsqr payload without an intermediate copy; fits(dnsqr, time_sec) holds.
    // `placed`: as in encode(); handed to `blank`, if that is set.
    void add(const DnsqrPayload& dnsqr, std::int64_t time_sec, std::uint32_t time_nsec,
             std::uint8_t** placed = nullptr, Blank blank = {});

    [[nodiscard]] bool empty() const { return count_ == 0; }
    // N13.3: the container holds one payload that is too large for it; it must be written now, as fragments.
    [[nodiscard]] bool oversized() const;
    [[nodiscard]] std::size_t payload_count() const { return count_; }
    [[nodiscard]] std::size_t body_octets() const { return used_; }

    // Appends CRCs (and the sequence) and returns the packed Nmsg; valid until reset().
    [[nodiscard]] Octets finish(std::optional<Sequence> sequence = {});
    // The same body behind a header for a plain container, moved into `into` (whose old memory is taken over
    // and not cleared: what it held is written over), and an empty builder afterwards.
    void finish_into(std::vector<std::uint8_t>& into, std::optional<Sequence> sequence = {});
    void reset();

  private:
    void account(std::size_t size, std::uint32_t crc);
    std::uint8_t* room(std::size_t octets);

    std::size_t capacity_, estimate_, used_ = 0, count_ = 0;
    bool sequenced_;
    std::vector<std::uint8_t> octets_;  // room for a header, then the body; only ever grows
    std::vector<std::uint32_t> crcs_;
};

// Appends to `out` what goes on the wire for one body: one container, or its fragments if `oversized`.
// A plain container is best taken from finish_into(), which copies nothing, a compressed one that is not
// oversized from compress_container(). `fragment_id`: shared by the fragments of one body; random.
void frame_container(Octets body, bool oversized, std::size_t capacity, Compressor& compressor,
                     std::uint32_t fragment_id, std::vector<std::uint8_t>& out);
// A compressed container in `room`, which has most_compressed_octets(body.size()); gives its length.
[[nodiscard]] std::size_t compress_container(Octets body, Compressor& compressor, MutableOctets room);
[[nodiscard]] std::size_t most_compressed_octets(std::size_t body_octets);
// The same as frame_container(), each datagram handed to `emit` on its own (for sockets).
void frame_datagrams(Octets body, bool oversized, std::size_t capacity, Compressor& compressor,
                     std::uint32_t fragment_id, const std::function<void(Octets)>& emit);

}  // namespace sie::nmsg
