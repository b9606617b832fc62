// Frames in a row, from capture files or from interfaces, for the sources that make payloads of them. One
// thread.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/octet_source.h"
#include "base/result.h"
#include "capture/frame.h"

namespace sie::stream {

enum class NextFrame : std::uint8_t {
    frame,
    idle,  // live: none came for a while; `frame.time` is up to when none can come any more
    end,
};

class FrameRow {
  public:
    virtual ~FrameRow() = default;
    // The frame's octets are valid until the next call.
    [[nodiscard]] virtual NextFrame next(capture::Frame& frame) = 0;
    [[nodiscard]] virtual const std::optional<Error>& error() const = 0;
    [[nodiscard]] virtual const OctetSource* octets() const = 0;  // for progress; null if it has no end
    // After a stop: is there more, that came before it and is to be read all the same?
    [[nodiscard]] virtual bool drains() const { return false; }
    // What was lost on the way, in lines for people.
    virtual void report(const std::function<void(const std::string&)>&) const {}
};

}  // namespace sie::stream
