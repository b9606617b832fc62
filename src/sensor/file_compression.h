// How containers stand in a file (REFERENCE §5 "compression").
//
//   none                 plain containers
//   fast, default, best  containers with zlib bodies, at the levels of nmsg/compression.h
//   zstd                 plain containers in zstd frames, a frame for each container: a file can be cut
//   behind
//                        any of them; .nmsg.zst
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "nmsg/compression.h"
#include "sensor/container.h"

namespace sie::sensor {

enum class FileCompression : std::uint8_t { none, fast, default_, best, zstd };
[[nodiscard]] std::optional<FileCompression> file_compression_of(std::string_view word);
[[nodiscard]] FileCompression file_compression_of(nmsg::Compression bodies);
[[nodiscard]] std::string_view word_of(FileCompression compression);
// Of a file's name: ".nmsg" or ".nmsg.zst".
[[nodiscard]] std::string_view suffix_of(FileCompression compression);

// Room in octets in which a container that is not oversized is encoded.
[[nodiscard]] std::size_t most_octets(FileCompression compression);

// Owns the encoders' memory; one for each thread. Throws std::bad_alloc when it is made, and later only for
// a container larger than all before.
class ContainerEncoder {
  public:
    explicit ContainerEncoder(FileCompression compression);
    ~ContainerEncoder();
    ContainerEncoder(const ContainerEncoder&) = delete;
    ContainerEncoder& operator=(const ContainerEncoder&) = delete;

    // What is written for a container: its own octets as they stand, or, compressed or cut into fragments, a
    // part of `encoded`, which is overwritten and only ever grows.
    [[nodiscard]] Octets encode(const Container& container, std::vector<std::uint8_t>& encoded);

  private:
    class ZstdFrames;
    [[nodiscard]] Octets framed(const Container& container, std::vector<std::uint8_t>& room);

    nmsg::Compressor bodies_;
    std::unique_ptr<ZstdFrames> zstd_;
    std::vector<std::uint8_t> fragments_;  // of an oversized container, before they go into a zstd frame
};

}  // namespace sie::sensor
