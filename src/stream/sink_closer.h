// Closes sinks that have ended, in a thread of its own, in the order in which they come.
//
// A file that rotates is fsynced and renamed when it is closed (it is drained before): that takes as long as
// the disk takes, and whoever receives datagrams meanwhile must not wait for it, or the kernel runs out of
// room for them. Bounded: who brings more than `most` waits until the disk has caught up.
//
// The thread begins with the first sink. take(), finish(): one thread at a time.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "base/result.h"
#include "stream/sink.h"

namespace sie::stream {

class SinkCloser {
  public:
    // `failed` is called in the thread of the closer after the first error; it must not wait for take().
    SinkCloser(std::size_t most, std::function<void()> failed);
    ~SinkCloser();  // closes what is left
    SinkCloser(const SinkCloser&) = delete;
    SinkCloser& operator=(const SinkCloser&) = delete;

    void take(std::unique_ptr<Sink> sink);
    // Waits until all are closed. The first error, once.
    [[nodiscard]] std::optional<Error> finish();

  private:
    void run();

    const std::size_t most_;
    const std::function<void()> failed_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::unique_ptr<Sink>> waiting_;  // the first of them is being closed
    std::optional<Error> error_;
    bool gone_ = false;
    std::thread thread_;
};

}  // namespace sie::stream
