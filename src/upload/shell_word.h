// A word as a person can paste it into a shell, for the commands that messages suggest.
#pragma once

#include <string>
#include <string_view>

namespace sie::upload {

// In single quotes where it needs them; what holds control characters is shown as base/quoted.h shows it.
[[nodiscard]] std::string shell_word(std::string_view text);

}  // namespace sie::upload
