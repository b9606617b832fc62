// Keeps the spool while a sensor runs, in a thread of its own: files that were closed are handed on within a
// second, the bound is looked at after each of them and every ten seconds (spool/spool_keeper.h does it).
//
// The disk may make this thread wait, nobody else. status() and set_rules() from any thread. The destructor
// hands on what was closed before, unless the disk stalls: it waits at most for the file in hand.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "sensor/live_log.h"
#include "spool/spool_keeper.h"

namespace sie::service {

class SpoolWatch {
  public:
    struct Status {
        spool::SpoolCounts counts;
        spool::SpoolContent content;
        bool archiving_stopped = false;
    };
    // `handed_over`: files have come into waiting/; called in the thread. `log` outlives this.
    SpoolWatch(spool::SpoolKeeper keeper, sensor::LiveLog& log, std::function<void()> handed_over);
    ~SpoolWatch();
    SpoolWatch(const SpoolWatch&) = delete;
    SpoolWatch& operator=(const SpoolWatch&) = delete;

    [[nodiscard]] Status status() const;
    void set_rules(spool::SpoolRules rules);

  private:
    void run();

    spool::SpoolKeeper keeper_;  // of the thread
    sensor::LiveLog& log_;
    const std::function<void()> handed_over_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    Status status_;
    std::optional<spool::SpoolRules> next_rules_;
    bool ending_ = false;
    std::atomic<bool> stop_ = false;
    std::thread thread_;
};

}  // namespace sie::service
