#include "service/spool_watch.h"

#include <chrono>

namespace sie::service {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto between_rounds = 1s, between_looks = 10s;
// A spool of very many files is walked less often: at most a twentieth of the time.
constexpr int look_share = 20;

}  // namespace

SpoolWatch::SpoolWatch(spool::SpoolKeeper keeper, sensor::LiveLog& log, std::function<void()> handed_over)
    : keeper_(std::move(keeper)),
      log_(log),
      handed_over_(std::move(handed_over)),
      thread_([this] { run(); }) {}

SpoolWatch::~SpoolWatch() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
        stop_ = true;
    }
    wake_.notify_all();
    thread_.join();
}

SpoolWatch::Status SpoolWatch::status() const {
    const std::lock_guard lock(mutex_);
    return status_;
}

void SpoolWatch::set_rules(spool::SpoolRules rules) {
    const std::lock_guard lock(mutex_);
    next_rules_ = std::move(rules);
}

void SpoolWatch::run() {
    auto next_look = Clock::now();
    Clock::duration look_took{};
    for (bool last = false; !last;) {
        {
            std::unique_lock lock(mutex_);
            wake_.wait_for(lock, between_rounds, [this] { return ending_; });
            last = ending_;  // then this round takes all that was closed before
            if (next_rules_) {
                keeper_.set_rules(std::move(*next_rules_));
                next_rules_.reset();
                next_look = Clock::now();
            }
        }
        const auto handed_on = keeper_.counts().to_waiting;
        keeper_.take_finished();
        const bool came = keeper_.counts().to_waiting != handed_on;
        if (came && handed_over_) handed_over_();
        if ((came && look_took < between_rounds) || Clock::now() >= next_look) {
            const auto look = Clock::now();
            keeper_.keep_bound(&stop_);
            look_took = Clock::now() - look;
            next_look = Clock::now() + std::max<Clock::duration>(between_looks, look_share * look_took);
        }
        for (const spool::SpoolEvent& event : keeper_.take_events())
            log_.tell(event.warning ? sensor::Severity::warning : sensor::Severity::info, event.text);
        const std::lock_guard lock(mutex_);
        status_ = {keeper_.counts(), keeper_.content(), keeper_.archiving_stopped()};
    }
}

}  // namespace sie::service
