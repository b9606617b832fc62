// Compression of container bodies to zlib streams (RFC 1950), at the levels that users name, and back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/octets.h"

namespace sie::nmsg {

// none: plain containers. fast: ISA-L level 1, libdeflate 1 where ISA-L is missing. default_: libdeflate 5,
// whose size is that of zlib 6. best: libdeflate 12.
enum class Compression : std::uint8_t { none, fast, default_, best };
[[nodiscard]] std::optional<Compression> compression_of(
    std::string_view word);  // "none", "fast", "default", "best"
[[nodiscard]] std::string_view word_of(Compression compression);

// Owns the encoder's memory; one for each thread.
class Compressor {
  public:
    explicit Compressor(Compression level);
    ~Compressor();
    Compressor(Compressor&&) noexcept;
    Compressor& operator=(Compressor&&) noexcept;

    [[nodiscard]] Compression level() const;
    // Writes the u32 length of `body` in network order and its zlib stream (FACTS N10) into `room`, which has
    // most_octets(body.size()), and says how many octets that took. Not for level none.
    [[nodiscard]] std::size_t compress(Octets body, MutableOctets room);
    [[nodiscard]] static std::size_t most_octets(std::size_t body_octets);
    // The same at the end of `out`.
    void append(Octets body, std::vector<std::uint8_t>& out);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

// The other way. `framed` = length ‖ stream; nothing if the stream is damaged, its length differs from the
// one stated (N11) or the stated length is more than `most` (the bound is checked before any memory is
// taken).
class Decompressor {
  public:
    Decompressor();
    ~Decompressor();
    Decompressor(Decompressor&&) noexcept;
    Decompressor& operator=(Decompressor&&) noexcept;
    enum class Outcome : std::uint8_t { done, too_large, damaged };
    [[nodiscard]] Outcome inflate(Octets framed, std::size_t most, std::vector<std::uint8_t>& out);
    // Octets of the last `framed` behind its stream, which were ignored (N11).
    [[nodiscard]] std::size_t trailing_octets() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace sie::nmsg
