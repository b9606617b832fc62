// Frames of several interfaces in the order of their stamps, as one row.
//
// Each interface delivers in order, but some time after the frame came in, and not all of them at once. A
// response may so be seen before its query, which came in on another interface. Therefore the earliest of the
// frames in hand goes next as soon as every source has one, or as it is older than all that a source may
// still hold back (`safe_until`). With one source nothing is held back. One thread.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "capture/live_source.h"

namespace sie::sensor {

class FrameMerge {
  public:
    using Sources = std::vector<std::unique_ptr<capture::LiveSource>>;
    explicit FrameMerge(Sources sources);

    // False: nothing may go now. The frame is valid until the next call.
    [[nodiscard]] bool next(capture::Frame& out, Time safe_until);
    // A frame is held back until the time has come: looking at the sources' fds tells nothing.
    [[nodiscard]] bool holds_back() const { return held_; }
    [[nodiscard]] const Sources& sources() const { return sources_; }
    // attend() of a source makes the frame in hand invalid: it is asked for when it has none, or is detached.
    [[nodiscard]] bool in_hand(std::size_t source) const { return heads_[source].has_value(); }
    // How long a frame may lie in the kernel, at most over all sources.
    [[nodiscard]] std::int64_t latency_ns() const;

  private:
    Sources sources_;
    std::vector<std::optional<capture::Frame>> heads_;
    bool held_ = false;
};

}  // namespace sie::sensor
