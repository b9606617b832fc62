// What the counts were in the last hour: rates, and the series of a sparkline.
//
// A ring of samples, one for each ten seconds of the steady clock, and the latest besides; memory is taken
// once (about 30 KiB). take() may be called as often as wanted, about once a second is meant: the newest
// sample is always the end of every rate. Differences are never negative: a count that goes back (payloads of
// a file that the disk refused at its end) counts as no change. After a gap rates are over the time that
// really passed. A sample that is not younger than the latest is ignored. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"

namespace sie::status {

struct StatusSample {
    std::int64_t steady_ns = 0;
    std::uint64_t frames = 0, transactions = 0, payloads = 0;
    std::uint64_t filtered_rd = 0, kernel_drops = 0, queue_full = 0, disk_full = 0, evicted = 0;
    std::uint64_t spool_lost_files = 0;
    std::uint64_t waiting_files = 0;  // a level, not a count
};

// From an earlier sample to the latest.
struct StatusChange {
    std::int64_t covered_ns = 0;  // more than 0
    StatusSample by;              // differences; steady_ns and waiting_files are those of the earlier sample
};

class StatusHistory {
  public:
    static constexpr std::int64_t step_ns = 10 * Time::per_second;
    static constexpr std::size_t kept = 361;  // an hour

    void take(const StatusSample& sample);
    // From the sample whose age is nearest to `window_ns`, the oldest if none is so old, to the latest. None:
    // there is less than a second to tell of.
    [[nodiscard]] std::optional<StatusChange> over(std::int64_t window_ns) const;
    // Transactions a second between neighbours, the oldest first, at most `most`; of whole steps alone.
    [[nodiscard]] std::vector<double> transactions_per_second(std::size_t most) const;
    [[nodiscard]] std::size_t size() const { return size_; }

  private:
    [[nodiscard]] const StatusSample& sample(std::size_t age) const;  // 0: the youngest of the ring

    std::array<StatusSample, kept> ring_{};
    std::size_t next_ = 0, size_ = 0;
    StatusSample latest_;
};

}  // namespace sie::status
