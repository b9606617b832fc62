// Decompression of streams that are recognized by their first octets: gzip (RFC 1952), xz, zstd (RFC 8878).
//
// One decoder takes a whole stream of members (gzip), streams (xz) or frames (zstd, skippable ones too) in a
// row. Zeros between gzip or xz members are skipped; what follows there and is no member is padding, and the
// end. Behind a zstd frame only another frame may follow. Memory: the decoder's window, bounded by 128 MiB.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/octets.h"

namespace sie {

class StreamDecoder {
  public:
    enum class State : std::uint8_t { more, end, damage };
    struct Step {
        std::size_t consumed = 0;
        std::size_t produced = 0;
        State state = State::more;
        std::string why;  // of damage
    };

    // Octets that must be there to recognize a format.
    static constexpr std::size_t longest_magic = 6;
    static constexpr std::size_t memory_bound = std::size_t{128} << 20;
    static constexpr int zstd_window_log_bound = 27;

    // The decoder for a stream that begins with `first`, or nullptr: not compressed.
    [[nodiscard]] static std::unique_ptr<StreamDecoder> for_stream(Octets first);

    virtual ~StreamDecoder() = default;

    // Decodes into `out` (not empty). `last`: no input will follow. What was produced counts whatever the
    // state is. Input is taken whole unless `out` is full: call again with no input then.
    [[nodiscard]] virtual Step decode(Octets in, bool last, MutableOctets out) = 0;

    StreamDecoder(const StreamDecoder&) = delete;
    StreamDecoder& operator=(const StreamDecoder&) = delete;

  protected:
    StreamDecoder() = default;
};

}  // namespace sie
