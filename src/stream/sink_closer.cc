#include "stream/sink_closer.h"

#include <algorithm>
#include <utility>

namespace sie::stream {

SinkCloser::SinkCloser(std::size_t most, std::function<void()> failed)
    : most_(std::max<std::size_t>(1, most)), failed_(std::move(failed)) {}

SinkCloser::~SinkCloser() {
    if (!thread_.joinable()) return;
    {
        const std::lock_guard lock(mutex_);
        gone_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void SinkCloser::take(std::unique_ptr<Sink> sink) {
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_.size() < most_; });
    waiting_.push_back(std::move(sink));
    lock.unlock();
    changed_.notify_all();
}

std::optional<Error> SinkCloser::finish() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_.empty(); });
    return std::exchange(error_, std::nullopt);
}

void SinkCloser::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [&] { return gone_ || !waiting_.empty(); });
        if (waiting_.empty()) return;
        Sink& sink = *waiting_.front();
        lock.unlock();
        auto closed = sink.close();
        if (!closed) {
            lock.lock();
            const bool first = !error_;
            if (first) error_ = std::move(closed.error());
            lock.unlock();
            if (first && failed_) failed_();
        }
        lock.lock();
        const std::unique_ptr<Sink> done = std::move(waiting_.front());
        waiting_.pop_front();
        changed_.notify_all();
    }
}

}  // namespace sie::stream
