#include "spool/rotation.h"

#include <algorithm>

namespace sie::spool {

std::optional<std::int64_t> boundary_after(Time now, Rotation rotation) {
    if (rotation.interval_s <= 0) return {};
    std::int64_t into = (now.seconds() - rotation.offset_s) % rotation.interval_s;
    if (into < 0) into += rotation.interval_s;
    return now.seconds() - into + rotation.interval_s;
}

void WallRotation::begin(Time now) { next_s_ = boundary_after(now, rotation_); }

bool WallRotation::due(Time now) {
    if (!next_s_) return false;
    if (now.seconds() >= *next_s_) return true;
    next_s_ = std::min(*next_s_, *boundary_after(now, rotation_));  // the clock was set back
    return false;
}

}  // namespace sie::spool
