// Where the owner of a sensor hangs out its latest report, and other threads read it.
//
// publish() from one thread, about once a second; latest() from any. A report in hand stays whole and
// unchanged while newer ones come: nobody waits for a reader. The lock is held for the copy of a pointer.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include "status/status_report.h"

namespace sie::status {

class StatusBoard {
  public:
    void publish(StatusReport report) {
        auto hung = std::make_shared<const StatusReport>(std::move(report));
        const std::lock_guard lock(mutex_);
        latest_.swap(hung);  // the old one goes after the lock
    }
    // Null before the first report.
    [[nodiscard]] std::shared_ptr<const StatusReport> latest() const {
        const std::lock_guard lock(mutex_);
        return latest_;
    }

  private:
    mutable std::mutex mutex_;
    std::shared_ptr<const StatusReport> latest_;
};

}  // namespace sie::status
