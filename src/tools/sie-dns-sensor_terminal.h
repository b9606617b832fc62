// Lines of a live run on standard error: what it tells, and its counts every few seconds, which on a terminal
// stand in one place.
#pragma once

#include <mutex>
#include <string>

#include "sensor/live_log.h"

namespace sie::tools {

class LiveTerminal final : public sensor::LiveLog {
  public:
    // `quiet`: warnings and errors alone.
    explicit LiveTerminal(bool quiet);
    ~LiveTerminal() override { clear(); }
    [[nodiscard]] bool terminal() const { return terminal_; }
    void tell(sensor::Severity severity, const std::string& line) override;
    void status(const std::string& line);
    void clear();

  private:
    void clear_locked();
    std::mutex mutex_;
    const bool terminal_, quiet_;
    bool drawn_ = false;
};

}  // namespace sie::tools
