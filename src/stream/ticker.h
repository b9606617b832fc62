// The clock of an engine: ticks it ten times a second, and to the moment when an interval ends.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "stream/engine.h"

namespace sie::stream {

class Ticker {
  public:
    explicit Ticker(Engine& engine);
    ~Ticker();
    Ticker(const Ticker&) = delete;
    Ticker& operator=(const Ticker&) = delete;

  private:
    void run();

    Engine& engine_;
    std::mutex mutex_;
    std::condition_variable gone_changed_;
    bool gone_ = false;
    std::thread thread_;
};

}  // namespace sie::stream
