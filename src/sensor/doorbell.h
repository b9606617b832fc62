// How a thread that sleeps is told that there is work: rung from any thread, heard by one.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace sie::sensor {

class Doorbell {
  public:
    void ring() {
        {
            const std::lock_guard lock(mutex_);
            rung_ = true;
        }
        heard_.notify_one();
    }
    // Returns when it was rung since the last call, or when `most` is over.
    void wait(std::chrono::milliseconds most) {
        std::unique_lock lock(mutex_);
        heard_.wait_for(lock, most, [&] { return rung_; });
        rung_ = false;
    }

  private:
    std::mutex mutex_;
    std::condition_variable heard_;
    bool rung_ = false;
};

}  // namespace sie::sensor
