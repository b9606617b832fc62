// A status on a terminal: colours, and a whole screen at a time.
//
// In: text that is safe for a terminal (safe_for_terminal). Out: octets to be written there. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sie::status {

// The same with escape sequences: the first line bold, warnings and LOST in colour.
[[nodiscard]] std::string coloured(std::string_view text);

struct Screen {
    std::size_t columns = 80, rows = 24;
    bool colour = false;
};
// Draws over what stands there, from the upper left corner, without scrolling: lines are cut at the right
// edge, and of more lines than rows the last row says how many are missing. `foot` is the last line.
[[nodiscard]] std::string frame(std::string_view text, std::string_view foot, const Screen& screen);

inline constexpr std::string_view enter_screen = "\x1b[?1049h\x1b[?25l";  // the alternate one, no cursor
inline constexpr std::string_view leave_screen = "\x1b[?25h\x1b[?1049l";

}  // namespace sie::status
