#include "stream/engine.h"

#include <algorithm>

namespace sie::stream {

namespace {
constexpr std::uint64_t payloads_between_progress = 4096;
}

bool Selection::admits(const nmsg::Payload& payload) const {
    if (type != nullptr && (payload.vendor != type->vendor || payload.type != type->type)) return false;
    const auto equal = [](const auto& wanted, const auto& has) {
        return !wanted || (has && *has == *wanted);
    };
    return equal(source, payload.source) && equal(group_operator, payload.group_operator) &&
           equal(group, payload.group);
}

Engine::Engine(std::vector<std::unique_ptr<Sink>> sinks, bool mirror, std::optional<std::uint64_t> count)
    : mirror_(mirror), count_(count) {
    for (auto& sink : sinks) sinks_.push_back({std::move(sink)});
}

bool Engine::full() const {
    if (!count_) return false;
    if (mirror_)
        return std::all_of(sinks_.begin(), sinks_.end(),
                           [&](const Counted& c) { return c.count >= *count_; });
    return sinks_[turn_].count >= *count_;
}

void Engine::put(const nmsg::Payload& payload) {
    const auto put_to = [&](Counted& to) {
        if (to.failed) return;
        ++to.count;
        if (auto done = to.sink->put(payload); !done) {
            to.failed = true;
            if (!error_) error_ = std::move(done.error());
        }
    };
    ++payloads_;
    if (mirror_) {
        for (Counted& each : sinks_) put_to(each);
    } else {
        put_to(sinks_[turn_]);
        turn_ = (turn_ + 1) % sinks_.size();
    }
}

bool Engine::run(Source& source, const Selection& selection, const std::atomic<bool>& stop,
                 const std::function<void(const Source&, std::uint64_t)>& progress) {
    bool stopped = full();
    if (stopped) source.stop();
    nmsg::Payload payload;
    while (source.next(payload)) {
        if (!selection.admits(payload)) continue;
        put(payload);
        if (error_) return false;
        if (!stopped && (full() || stop.load(std::memory_order_relaxed))) {
            source.stop();
            stopped = true;
        }
        if (payloads_ % payloads_between_progress == 0 && progress) progress(source, payloads_);
    }
    return !stopped && !source.error();
}

Result<void> Engine::finish() {
    for (Counted& each : sinks_)
        if (auto closed = each.sink->close(); !closed && !error_) error_ = std::move(closed.error());
    if (error_) return fail(std::move(*error_));
    return {};
}

}  // namespace sie::stream
