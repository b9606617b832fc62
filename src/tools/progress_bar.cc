#include "tools/progress_bar.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>

namespace sie::tools {

ProgressBar::ProgressBar() : terminal_(isatty(STDERR_FILENO) == 1), start_(Clock::now()), last_(start_) {}

void ProgressBar::update(const OctetSource& source, std::uint64_t count, const char* what) {
    const Clock::time_point now = Clock::now();
    if (source.name() != source_) {
        source_start_ = source_.empty() ? start_ : now;
        source_ = source.name();
    }
    if (!terminal_ || now - last_ < std::chrono::milliseconds(100)) return;
    last_ = now;
    drawn_ = true;
    const double elapsed = std::chrono::duration<double>(now - start_).count();
    const double rate = static_cast<double>(count) / elapsed;
    std::string line = fmt::format("\r{} {} {:.0f}/s", count, what, rate);
    if (const auto size = source.size(); size && *size > 0 && source.consumed() > 0) {
        const double share =
            std::min(1.0, static_cast<double>(source.consumed()) / static_cast<double>(*size));
        const double spent = std::chrono::duration<double>(now - source_start_).count();
        constexpr std::size_t width = 30;
        const auto full = static_cast<std::size_t>(share * width);
        line = fmt::format("\r[{}{}] {:3.0f} %  {:.0f} {}/s  {:.0f} s left ", std::string(full, '#'),
                           std::string(width > full ? width - full : 0, '.'), share * 100, rate, what,
                           spent / share - spent);
    }
    std::fputs((line + "\033[K").c_str(), stderr);
}

void ProgressBar::clear() {
    if (drawn_) std::fputs("\r\033[K", stderr);
    drawn_ = false;
}

}  // namespace sie::tools
