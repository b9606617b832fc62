#include "status/status_history.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace sie::status {
namespace {

[[nodiscard]] std::uint64_t rise(std::uint64_t later, std::uint64_t earlier) {
    return later > earlier ? later - earlier : 0;
}

[[nodiscard]] StatusChange change(const StatusSample& later, const StatusSample& earlier) {
    StatusChange c;
    c.covered_ns = later.steady_ns - earlier.steady_ns;
    c.by = earlier;
    for (std::uint64_t StatusSample::*count :
         {&StatusSample::frames, &StatusSample::transactions, &StatusSample::payloads,
          &StatusSample::filtered_rd, &StatusSample::kernel_drops, &StatusSample::queue_full,
          &StatusSample::disk_full, &StatusSample::evicted, &StatusSample::spool_lost_files})
        c.by.*count = rise(later.*count, earlier.*count);
    return c;
}

}  // namespace

const StatusSample& StatusHistory::sample(std::size_t age) const {
    return ring_[(next_ + kept - 1 - age) % kept];
}

void StatusHistory::take(const StatusSample& sample_now) {
    if (size_ != 0 && sample_now.steady_ns <= latest_.steady_ns) return;
    latest_ = sample_now;
    if (size_ != 0 && sample_now.steady_ns - sample(0).steady_ns < step_ns) return;
    ring_[next_] = sample_now;
    next_ = (next_ + 1) % kept;
    size_ = std::min(size_ + 1, kept);
}

std::optional<StatusChange> StatusHistory::over(std::int64_t window_ns) const {
    const StatusSample* best = nullptr;
    std::int64_t best_distance = 0;
    for (std::size_t age = 0; age < size_; ++age) {
        const std::int64_t covered = latest_.steady_ns - sample(age).steady_ns;
        if (covered < Time::per_second) continue;
        const std::int64_t distance = std::abs(covered - window_ns);
        if (best != nullptr && distance >= best_distance) break;  // from here on they are only older
        best = &sample(age);
        best_distance = distance;
    }
    if (best == nullptr) return std::nullopt;
    return change(latest_, *best);
}

std::vector<double> StatusHistory::transactions_per_second(std::size_t most) const {
    std::vector<double> series;
    const std::size_t steps = size_ == 0 ? 0 : std::min(most, size_ - 1);
    for (std::size_t age = steps; age-- > 0;) {
        const StatusChange c = change(sample(age), sample(age + 1));
        series.push_back(static_cast<double>(c.by.transactions) /
                         (static_cast<double>(c.covered_ns) / Time::per_second));
    }
    return series;
}

}  // namespace sie::status
