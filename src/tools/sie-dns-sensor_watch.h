// `sie-dns-sensor status --watch`: the status drawn anew every second, until q or Ctrl-C.
#pragma once

#include <string>

#include "base/result.h"
#include "status/status_screen.h"
#include "status/status_text.h"

namespace sie::tools {

// Draws on the alternate screen; the terminal is as before when it returns, also by SIGINT, SIGTERM and
// SIGHUP, and while it is stopped (Ctrl-Z). A sensor that goes away is said on the screen and asked again. An
// error: standard input and output are no terminal, or the sensor did not answer the first time.
[[nodiscard]] Result<void> watch_status(const std::string& socket);

// Of the terminal on standard output; 80 by 24 if it does not say.
[[nodiscard]] status::Screen terminal_size();
// How text is to be asked for, for it: its width, and blocks where the locale is UTF-8.
[[nodiscard]] status::TextForm terminal_form(const status::Screen& screen);
[[nodiscard]] bool colours_wanted();  // NO_COLOR is not set (no-color.org), and TERM is not dumb

}  // namespace sie::tools
