// Octets into a gzip, xz or zstd stream: the other way of stream_decoder.h.
//
// In: octets in pieces. Out: the stream, appended. Memory: the encoder's own (gzip 256 KiB, zstd level 3
// about 4 MiB, xz level 6 about 94 MiB). One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/octets.h"

namespace sie {

enum class StreamFormat : std::uint8_t { gzip, xz, zstd };
// By the end of a name: .gz, .xz, .zst.
[[nodiscard]] std::optional<StreamFormat> stream_format_of(std::string_view path);

class StreamEncoder {
  public:
    virtual ~StreamEncoder() = default;
    // flush: what was given so far can be read by others. finish: the stream ends; nothing may follow.
    enum class Then : std::uint8_t { more, flush, finish };
    virtual void append(Octets octets, Then then, std::vector<std::uint8_t>& out) = 0;
};
// Throws std::bad_alloc, as everything that takes memory at its start.
[[nodiscard]] std::unique_ptr<StreamEncoder> make_stream_encoder(StreamFormat format);

}  // namespace sie
