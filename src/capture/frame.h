// One frame of a capture, as a view.
#pragma once

#include <cstdint>

#include "base/octets.h"
#include "base/time.h"
#include "net/link.h"

namespace sie::capture {

// What every reader takes for damage: no link has longer frames, no capture program a larger snap length.
inline constexpr std::uint32_t longest_record_octets = 262'144;

struct Frame {
    Octets octets;                  // as captured
    std::uint32_t wire_length = 0;  // on the link
    net::LinkType link = net::LinkType::ethernet;
    Time time;
    std::uint8_t tags_taken = 0;  // VLAN tags that the kernel took off before it delivered the frame
};

}  // namespace sie::capture
