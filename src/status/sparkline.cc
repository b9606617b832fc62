#include "status/sparkline.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace sie::status {

std::string sparkline(std::span<const double> series, Letters letters) {
    constexpr std::array<std::string_view, 8> blocks{"\u2581", "\u2582", "\u2583", "\u2584",
                                                     "\u2585", "\u2586", "\u2587", "\u2588"};
    constexpr std::array<std::string_view, 8> ascii{"_", ".", ":", "-", "=", "+", "*", "#"};
    const auto& heights = letters == Letters::blocks ? blocks : ascii;
    double most = 0;
    for (const double value : series) most = std::max(most, value);
    std::string line;
    for (const double value : series) {
        const double height = most > 0 ? value / most * static_cast<double>(heights.size() - 1) + 0.5 : 0;
        line += heights[std::min(static_cast<std::size_t>(height), heights.size() - 1)];
    }
    return line;
}

}  // namespace sie::status
