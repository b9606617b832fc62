// The signals of a live run, taken one by one where it is convenient, instead of wherever they strike.
//
// Made before any thread is, in the thread that calls wait(): SIGINT, SIGTERM, SIGHUP and SIGUSR1 are blocked
// in all threads from then on, SIGPIPE is ignored. One object in a process.
#pragma once

#include <chrono>

namespace sie::tools {

class LiveSignals {
  public:
    LiveSignals();
    // The next signal, or 0 when `most` is over.
    [[nodiscard]] int wait(std::chrono::milliseconds most) const;
    // From now on SIGINT and SIGTERM end the process at once: for who asks twice.
    void release() const;
};

}  // namespace sie::tools
