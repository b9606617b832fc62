// A progress bar on standard error, on a terminal only: share, rate and time left.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/octet_source.h"

namespace sie::tools {

class ProgressBar {
  public:
    ProgressBar();
    ~ProgressBar() { clear(); }
    [[nodiscard]] bool shown() const { return terminal_; }
    // Draws at most ten times a second.
    void update(const OctetSource& source, std::uint64_t count, const char* what);
    void clear();

  private:
    using Clock = std::chrono::steady_clock;
    bool terminal_, drawn_ = false;
    Clock::time_point start_, last_;
    std::string source_;  // the one in hand, and when it began: share and time left are of it alone
    Clock::time_point source_start_;
};

}  // namespace sie::tools
