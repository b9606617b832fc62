#include <time.h>

#include <algorithm>

#include "stream/sink.h"

namespace sie::stream {

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

std::int64_t monotonic_ns() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return std::int64_t{now.tv_sec} * second_ns + now.tv_nsec;
}

}  // namespace

SendPacer::SendPacer(double rate, std::uint32_t burst)
    : period_ns_(std::max(std::int64_t{1}, static_cast<std::int64_t>(static_cast<double>(second_ns) / rate))),
      most_behind_ns_(period_ns_ * burst) {}

// Ticks are counted from the first, so that the average is the rate whatever each sleep costs.
void SendPacer::wait() {
    const std::int64_t now = monotonic_ns();
    if (next_ns_ == 0) next_ns_ = now;
    next_ns_ = std::max(next_ns_, now - most_behind_ns_);
    if (next_ns_ > now) {
        // A signal cuts it short: stopping waits for no pace.
        timespec pause{};
        pause.tv_sec = (next_ns_ - now) / second_ns;
        pause.tv_nsec = (next_ns_ - now) % second_ns;
        nanosleep(&pause, nullptr);
    }
    next_ns_ += period_ns_;
}

}  // namespace sie::stream
