// A stream of octets from a file or standard input, decompressed on the way.
//
// In: a path, or "-" for standard input. gzip, xz and zstd are recognized by their content (several members
// or frames in a row are one stream; padding behind the last gzip or xz member is ignored); anything else is
// taken as it is. Out: windows of consecutive octets. Reads with read(2) into one buffer, no mapping: a file
// that shrinks while it is read ends early instead of killing the process, and a pipe takes the same way as a
// file. A window that was handed out stays valid until the next call of want(). One thread at a time. Memory:
// one buffer of `buffer_octets` plus, for compressed input, one of 256 KiB and the decoder's own (xz and zstd
// windows are bounded by 128 MiB; a stream that asks for more is an error). `stop`, if given, outlives the
// source: a wait for octets that a signal interrupts ends the stream when it is set.
#pragma once

#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/octets.h"
#include "base/result.h"

namespace sie {

class OctetSource {
  public:
    static constexpr std::size_t default_buffer_octets = std::size_t{1} << 20;
    static constexpr std::size_t largest_window = std::size_t{16} << 20;

    // Opens and looks at the first octets. Errors: system (no such file, a folder …), with the path.
    [[nodiscard]] static Result<OctetSource> open(const std::string& path,
                                                  std::size_t buffer_octets = default_buffer_octets,
                                                  const std::atomic<bool>* stop = nullptr);
    // Takes over an open file descriptor; `name` is for messages.
    [[nodiscard]] static Result<OctetSource> adopt(int fd, std::string name,
                                                   std::size_t buffer_octets = default_buffer_octets,
                                                   const std::atomic<bool>* stop = nullptr);

    OctetSource(OctetSource&&) noexcept;
    OctetSource& operator=(OctetSource&&) noexcept;
    ~OctetSource();

    // The octets from the read position on: at least `n` of them, more if they are at hand; fewer only at the
    // end of the stream or before damage. n may not exceed largest_window (the buffer grows to it once when n
    // is larger than it).
    [[nodiscard]] Octets want(std::size_t n) {
        if (n <= at_hand()) return {begin_, end_};
        return refill(n);
    }
    // Moves the read position past n octets of the last window.
    void advance(std::size_t n) {
        assert(n <= at_hand());
        begin_ += n;
    }

    // The offset of the read position in the uncompressed stream.
    [[nodiscard]] std::uint64_t offset() const;
    // Set as soon as a read or the decompression failed: why want() came back short. No error at a plain end.
    [[nodiscard]] const std::optional<Error>& error() const;

    [[nodiscard]] const std::string& name() const;
    [[nodiscard]] bool compressed() const;
    // For progress: octets taken from the file (compressed if it is), and the file's size if it has one.
    [[nodiscard]] std::uint64_t consumed() const;
    [[nodiscard]] std::optional<std::uint64_t> size() const;

  private:
    struct State;
    explicit OctetSource(std::unique_ptr<State>);
    [[nodiscard]] std::size_t at_hand() const { return static_cast<std::size_t>(end_ - begin_); }
    [[nodiscard]] Octets refill(std::size_t n);
    std::unique_ptr<State> state_;
    // The window: here and not in State, so that want() and advance() are a few instructions.
    const std::uint8_t* begin_ = nullptr;
    const std::uint8_t* end_ = nullptr;
};

}  // namespace sie
