#include "upload/back_off.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace sie::upload {

using std::chrono::milliseconds;

BackOff::BackOff(milliseconds first, milliseconds longest, Draw draw)
    : first_(first), longest_(longest), draw_(std::move(draw)) {}

milliseconds BackOff::after_failure() {
    span_ = span_ == milliseconds::zero() ? first_ : std::min(longest_, span_ * 2);
    const milliseconds half = span_ / 2;
    return half + milliseconds(draw_(static_cast<std::uint64_t>((span_ - half).count())));
}

}  // namespace sie::upload
