// SIGINT and SIGTERM as a flag that a running program looks at: it then ends as at the end of its input.
//
// The signals are blocked in the thread that makes one (and in the threads that it starts later) and waited
// for in a thread of its own, which sets the flag and wakes the maker: a read that waits for a pipe ends with
// EINTR. A second signal ends the process at once. With `on_hangup` SIGHUP calls it, in that thread. One
// object in a process, made before other threads are.
#pragma once

#include <pthread.h>

#include <atomic>
#include <functional>
#include <thread>

namespace sie::tools {

class StopSignal {
  public:
    explicit StopSignal(std::function<void()> on_hangup = {});
    ~StopSignal();
    StopSignal(const StopSignal&) = delete;
    StopSignal& operator=(const StopSignal&) = delete;

    [[nodiscard]] const std::atomic<bool>& asked() const { return asked_; }
    // The same as a signal, from within. From any thread.
    void ask() { asked_ = true; }

  private:
    void wait();

    const std::function<void()> on_hangup_;
    const pthread_t maker_;
    std::atomic<bool> asked_ = false, gone_ = false;
    std::thread thread_;
};

}  // namespace sie::tools
