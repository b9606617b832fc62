#include "tools/sie-dns-sensor_terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>

namespace sie::tools {

LiveTerminal::LiveTerminal(bool quiet) : terminal_(::isatty(STDERR_FILENO) == 1), quiet_(quiet) {}

void LiveTerminal::tell(sensor::Severity severity, const std::string& line) {
    if (quiet_ && severity == sensor::Severity::info) return;
    const std::lock_guard lock(mutex_);
    clear_locked();
    fmt::print(stderr, "sie-dns-sensor: {}{}\n",
               severity == sensor::Severity::error     ? "error: "
               : severity == sensor::Severity::warning ? "warning: "
                                                       : "",
               line);
}

void LiveTerminal::status(const std::string& line) {
    const std::lock_guard lock(mutex_);
    if (!terminal_) {
        fmt::print(stderr, "{}\n", line);
        return;
    }
    clear_locked();
    winsize size{};
    std::size_t columns = 80;
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1) columns = size.ws_col;
    fmt::print(stderr, "{}", line.substr(0, columns - 1));
    std::fflush(stderr);
    drawn_ = true;
}

void LiveTerminal::clear() {
    const std::lock_guard lock(mutex_);
    clear_locked();
}

void LiveTerminal::clear_locked() {
    if (!drawn_) return;
    fmt::print(stderr, "\r\x1b[K");
    drawn_ = false;
}

}  // namespace sie::tools
