// Capture files: classic pcap (both byte orders, microseconds and nanoseconds, modified) and pcapng, plain or
// compressed, from a path or standard input (REFERENCE §2, §7 "Capture files").
//
// In: an OctetSource. Out: frames in the order of the file, as views into the reader's buffer: a frame is
// valid until the next call of next(). At the end of the file, or at damage, next() returns false; error()
// tells which. What stood whole before the damage was delivered. Times are nanoseconds, clamped to the range
// of Time. One thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/octet_source.h"
#include "base/result.h"
#include "capture/frame.h"

namespace sie::capture {

class CaptureFile {
  public:
    static constexpr std::uint32_t longest_record = longest_record_octets;

    // Opens a path ("-": standard input) and reads the file header. An unknown link type of a classic pcap is
    // an error here. `stop` as in OctetSource.
    [[nodiscard]] static Result<CaptureFile> open(const std::string& path,
                                                  const std::atomic<bool>* stop = nullptr);
    [[nodiscard]] static Result<CaptureFile> read(OctetSource source);

    CaptureFile(CaptureFile&&) noexcept;
    CaptureFile& operator=(CaptureFile&&) noexcept;
    ~CaptureFile();

    [[nodiscard]] bool next(Frame& out);
    // File, offset (uncompressed) and reason of the damage.
    [[nodiscard]] const std::optional<Error>& error() const;
    [[nodiscard]] const OctetSource& source() const;  // for progress

  private:
    struct State;
    explicit CaptureFile(std::unique_ptr<State>);
    std::unique_ptr<State> state_;
};

}  // namespace sie::capture
