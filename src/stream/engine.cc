#include "stream/engine.h"

#include <algorithm>
#include <utility>

namespace sie::stream {

namespace {
constexpr std::uint64_t payloads_between_progress = 4096;
// Files of each output that may wait to be closed.
constexpr std::size_t most_closing = 2;
}  // namespace

bool Selection::admits(const nmsg::Payload& payload) const {
    if (type != nullptr && (payload.vendor != type->vendor || payload.type != type->type)) return false;
    const auto equal = [](const auto& wanted, const auto& has) {
        return !wanted || (has && *has == *wanted);
    };
    return equal(source, payload.source) && equal(group_operator, payload.group_operator) &&
           equal(group, payload.group);
}

Engine::Engine(std::vector<Output> outputs, EngineOptions options)
    : options_(std::move(options)), closer_(most_closing * outputs.size(), [this] { end(); }) {
    for (Output& output : outputs) outputs_.push_back({.output = std::move(output), .sink = {}});
}

Result<void> Engine::open() {
    const Time now = options_.clock();
    for (Counted& each : outputs_) {
        auto sink = each.output.open(Output::Opening::first, now);
        if (!sink) return fail(std::move(sink.error()));
        each.sink = std::move(*sink);
    }
    if (options_.interval) set_end_after(now);
    return {};
}

void Engine::set_end_after(Time now) {
    const auto [seconds, offset] = *options_.interval;
    const std::int64_t into = ((now.seconds() - offset) % seconds + seconds) % seconds;
    interval_end_ = Time::of(now.seconds() - into + seconds, 0);
}

void Engine::end() {
    if (over_.exchange(true)) return;
    if (options_.on_over) options_.on_over();
}

void Engine::check(Counted& each, Result<void> done) {
    if (done) return;
    each.failed = true;
    if (!error_) error_ = std::move(done.error());
    end();
}

void Engine::open_anew(Counted& each, Time now) {
    if (each.failed) return;
    if (each.output.rotates) {
        check(each, each.sink->drain());
        if (each.failed) return;  // finish() closes it
        std::unique_ptr<Sink> ended = std::move(each.sink);
        if (!open_again(each, now)) each.sink = nullptr;
        return closer_.take(std::move(ended));
    }
    // It may be the very same file that is opened again: nothing of the old one may still be written then.
    check(each, each.sink->close());
    if (!each.failed) static_cast<void>(open_again(each, now));
}

bool Engine::open_again(Counted& each, Time now) {
    auto sink = each.output.open(Output::Opening::again, now);
    if (!sink) {
        check(each, fail(std::move(sink.error())));
        return false;
    }
    each.sink = std::move(*sink);
    each.count = 0;
    return true;
}

bool Engine::full() const {
    if (!options_.count || options_.rotate) return false;
    if (outputs_.empty()) return taken_ >= *options_.count;
    if (options_.mirror)
        return std::all_of(outputs_.begin(), outputs_.end(),
                           [&](const Counted& each) { return each.count >= *options_.count; });
    return outputs_[turn_].count >= *options_.count;
}

void Engine::put_to(Counted& to, const nmsg::Payload& payload) {
    if (to.failed) return;
    if (options_.rotate && options_.count && to.count >= *options_.count && to.output.rotates) {
        open_anew(to, options_.clock());
        if (to.failed) return;
    }
    ++to.count;
    check(to, to.sink->put(payload));
}

void Engine::put(const nmsg::Payload& payload) {
    ++taken_;
    if (options_.mirror) {
        for (Counted& each : outputs_) put_to(each, payload);
    } else if (!outputs_.empty()) {
        put_to(outputs_[turn_], payload);
        turn_ = (turn_ + 1) % outputs_.size();
    }
    if (full()) end();
}

bool Engine::run(Source& source, const Selection& selection, const std::atomic<bool>& stop,
                 const std::function<void(const Source&, std::uint64_t)>& progress) {
    bool stopped = false;
    const auto stop_if_over = [&] {
        if (stopped || (!over() && !stop.load(std::memory_order_relaxed))) return;
        source.stop();
        stopped = true;
    };
    stop_if_over();
    nmsg::Payload payload;
    std::uint64_t since = 0;
    for (; source.next(payload); stop_if_over()) {
        if (++since == payloads_between_progress) {
            const std::uint64_t read = read_ += std::exchange(since, 0);
            if (progress) progress(source, read);
        }
        if (!selection.admits(payload)) continue;
        {
            const std::lock_guard lock(mutex_);
            if (options_.filter != nullptr && !options_.filter->matches(payload)) continue;
            if (options_.statistics != nullptr) options_.statistics->take(payload);
            put(payload);
            if (error_) return false;
        }
    }
    const std::uint64_t read = read_ += since;
    if (progress) progress(source, read);
    return !stopped && !over() && !source.error();
}

void Engine::tick(Time now) {
    const std::lock_guard lock(mutex_);
    if (options_.live)
        for (Counted& each : outputs_)
            if (!each.failed && each.sink) check(each, each.sink->tick());
    if (!interval_end_ || now < *interval_end_ || over()) return;
    set_end_after(now);
    if (!options_.rotate) return end();
    for (Counted& each : outputs_)
        if (each.output.rotates) open_anew(each, now);
}

std::optional<Time> Engine::next_end() const {
    const std::lock_guard lock(mutex_);
    return interval_end_;
}

void Engine::rotate(Time now) {
    const std::lock_guard lock(mutex_);
    for (Counted& each : outputs_)
        if (each.output.rotates || each.output.reopens) open_anew(each, now);
}

Result<void> Engine::finish() {
    const std::lock_guard lock(mutex_);
    if (auto error = closer_.finish(); error && !error_) error_ = std::move(error);
    for (Counted& each : outputs_) {
        if (!each.sink) continue;
        auto closed = each.sink->close();  // one that failed keeps what it wrote all the same
        if (!each.failed) check(each, std::move(closed));
    }
    if (error_) return fail(std::move(*error_));
    return {};
}

void Engine::report(const std::function<void(const std::string&)>& line) const {
    for (const Counted& each : outputs_)
        if (each.sink) each.sink->report(line);
}

}  // namespace sie::stream
