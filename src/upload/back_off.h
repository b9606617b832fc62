// How long to wait after a failure: a span that doubles from `first` up to `longest`, of which a random part
// between half and all is taken, so that sensors that lost their collector together do not come back
// together. No clock.
#pragma once

#include <chrono>

#include "upload/draw.h"

namespace sie::upload {

class BackOff {
  public:
    // 0 < first ≤ longest.
    BackOff(std::chrono::milliseconds first, std::chrono::milliseconds longest, Draw draw);

    [[nodiscard]] std::chrono::milliseconds after_failure();
    void after_success() { span_ = {}; }

  private:
    const std::chrono::milliseconds first_, longest_;
    std::chrono::milliseconds span_{};  // of the last failure; 0: there was none
    Draw draw_;
};

}  // namespace sie::upload
