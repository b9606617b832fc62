// Frames of interfaces, live (FACTS §4 -i): those of several in the order of their stamps.
//
// It ends when `stop` is set, with what the kernel held until then, unless `over` says that nobody wants more
// (the last of -c was made). Interfaces that go away and come back are
// told to `tell`, and what the kernel had no room for is counted. One thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sensor/frame_merge.h"
#include "stream/frame_row.h"

namespace sie::stream {

class InterfaceRow final : public FrameRow {
  public:
    using Tell = std::function<void(const std::string&)>;
    InterfaceRow(sensor::FrameMerge::Sources sources, const std::atomic<bool>& stop,
                 std::function<bool()> over, Tell tell);

    NextFrame next(capture::Frame& frame) override;
    const std::optional<Error>& error() const override { return error_; }
    const OctetSource* octets() const override { return nullptr; }
    bool drains() const override { return !over_(); }
    void report(const std::function<void(const std::string&)>& line) const override;

  private:
    [[nodiscard]] Time safe_until() const;
    void attend();
    void wait() const;
    [[nodiscard]] bool drained(capture::Frame& frame);

    sensor::FrameMerge merge_;
    const std::atomic<bool>& stop_;
    const std::function<bool()> over_;
    const Tell tell_;
    std::int64_t attended_ns_ = 0, end_ns_ = 0;
    std::uint64_t frames_ = 0, kernel_drops_ = 0;
    const std::optional<Error> error_;
};

// NAME[+][,SNAP]; SNAP from 64 to 262,144 octets. Errors: usage.
[[nodiscard]] Result<capture::LiveOptions> parse_interface(const std::string& option,
                                                           const std::string& text);

}  // namespace sie::stream
