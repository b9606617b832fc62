// Ends a poll(2) from another thread: a pipe whose reading end is polled besides what the thread waits for.
#pragma once

#include "base/result.h"

namespace sie::sensor {

class WakePipe {
  public:
    [[nodiscard]] static Result<WakePipe> open();
    WakePipe(WakePipe&& other) noexcept;
    WakePipe& operator=(WakePipe&&) = delete;
    ~WakePipe();

    [[nodiscard]] int fd() const { return ends_[0]; }  // POLLIN: wake() was called
    void wake() const;                                 // from any thread
    void clear() const;                                // the thread that polls

  private:
    WakePipe() = default;
    int ends_[2] = {-1, -1};
};

}  // namespace sie::sensor
