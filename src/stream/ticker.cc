#include "stream/ticker.h"

#include <algorithm>
#include <chrono>

#include "stream/clock.h"

namespace sie::stream {

Ticker::Ticker(Engine& engine) : engine_(engine), thread_([this] { run(); }) {}

Ticker::~Ticker() {
    {
        const std::lock_guard lock(mutex_);
        gone_ = true;
    }
    gone_changed_.notify_all();
    thread_.join();
}

void Ticker::run() {
    constexpr std::chrono::nanoseconds tick = std::chrono::milliseconds(100);
    std::unique_lock lock(mutex_);
    while (!gone_) {
        std::chrono::nanoseconds pause = tick;
        if (const auto end = engine_.next_end())
            pause = std::clamp(std::chrono::nanoseconds(end->ns - clock_now().ns),
                               std::chrono::nanoseconds(0), tick);
        gone_changed_.wait_for(lock, pause);
        lock.unlock();
        engine_.tick(clock_now());
        lock.lock();
    }
}

}  // namespace sie::stream
