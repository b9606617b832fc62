// The state of an interface as status shows it.
#pragma once

#include <string_view>

#include "capture/live_source.h"

namespace sie::status {

[[nodiscard]] constexpr std::string_view word_of(capture::LinkState state) {
    switch (state) {
        case capture::LinkState::attached: return "attached";
        case capture::LinkState::down: return "down";
        case capture::LinkState::absent: return "absent";
    }
    return "unknown";
}

}  // namespace sie::status
