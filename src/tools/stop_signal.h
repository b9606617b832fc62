// SIGINT and SIGTERM as a flag that a running replay looks at: it then ends as at the end of its input.
//
// Both signals are blocked in the thread that makes one (and in the threads that it starts later) and waited
// for in a thread of its own, which sets the flag and wakes the maker: a read that waits for a pipe ends with
// EINTR. A second signal ends the process at once. One object in a process.
#pragma once

#include <pthread.h>

#include <atomic>
#include <thread>

namespace sie::tools {

class StopSignal {
  public:
    StopSignal();
    ~StopSignal();
    StopSignal(const StopSignal&) = delete;
    StopSignal& operator=(const StopSignal&) = delete;

    [[nodiscard]] const std::atomic<bool>& asked() const { return asked_; }

  private:
    void wait();

    const pthread_t maker_;
    std::atomic<bool> asked_ = false, gone_ = false;
    std::thread thread_;
};

}  // namespace sie::tools
