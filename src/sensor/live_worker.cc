#include "sensor/live_worker.h"

#include <fmt/format.h>
#include <poll.h>

#include <chrono>
#include <limits>
#include <thread>
#include <utility>

#include "sensor/kernel_rules.h"

namespace sie::sensor {

namespace {

constexpr std::size_t frames_a_batch = 512;
constexpr std::int64_t millisecond = 1'000'000;
constexpr std::int64_t attend_every_ns = 200 * millisecond;
constexpr std::int64_t container_age_ns = Time::per_second;  // DESIGN §5
// What a frame may take from its stamp to the ring, besides the ring's own latency, before the clock may say
// that it is not coming.
constexpr std::int64_t delivery_margin_ns = 200 * millisecond;
constexpr std::int64_t between_complaints_ns = 10 * Time::per_second;

}  // namespace

LiveWorker::LiveWorker(Setup setup, WakePipe wake)
    : merge_(std::move(setup.sources)),
      queue_(setup.queue),
      writer_(setup.writer),
      clock_(setup.clock),
      log_(setup.log),
      wake_(std::move(wake)),
      packer_(this, ledger_, {}),
      path_(setup.settings, setup.key, ledger_, packer_, packer_, setup.filter),
      kernel_drops_(merge_.sources().size()) {
    publish();
}

void LiveWorker::run() {
    while (!stopping_.load(std::memory_order_acquire)) {
        const Time safe_until{clock_.wall().ns - merge_.latency_ns() - delivery_margin_ns};
        const bool more = take_frames(safe_until);
        if (!more) path_.idle(safe_until);
        tend();
        if (!more) wait();
    }
    finish();
}

// False: no frame waits any more.
bool LiveWorker::take_frames(Time safe_until) {
    capture::Frame frame;
    for (std::size_t i = 0; i < frames_a_batch; ++i) {
        if (!merge_.next(frame, safe_until)) return false;
        path_.frame(frame);
    }
    return true;
}

void LiveWorker::tend() {
    const std::int64_t now = clock_.steady_ns();
    // A container that was begun since the last look counts from now on: a batch takes no time to speak of.
    if (open_container_ != packer_.container_count() + 1 && !packer_.empty()) {
        open_container_ = packer_.container_count() + 1;
        open_since_ns_ = now;
    }
    if (!packer_.empty() && now - open_since_ns_ >= container_age_ns) packer_.flush();
    if (const auto file = file_to_end_.load(std::memory_order_acquire); file != file_) {
        file_ = file;
        take_kernel_drops();
        packer_.flush();
        static_cast<void>(queue_.push_mark(file));
        writer_.ring();
        publish();
    }
    if (rules_wait_.load(std::memory_order_acquire)) take_rules();
    if (now - attended_ns_ < attend_every_ns) return;
    attended_ns_ = now;
    attend();
    take_kernel_drops();
    complain_of_drops(now);
    publish();
}

// The kernel's filter first: what the new rules want must come here, and what they do not want is judged here
// anyway.
void LiveWorker::take_rules() {
    Rules rules;
    {
        const std::lock_guard lock(mutex_);
        rules_wait_.store(false, std::memory_order_relaxed);
        rules = std::move(*std::exchange(next_rules_, std::nullopt));
    }
    for (const auto& source : merge_.sources()) {
        const auto done = source->set_filter(kernel_rules(rules.settings));
        if (done) continue;
        // Those before it get the old one again: frames that the old rules want must not stay away.
        for (const auto& before : merge_.sources())
            if (before != source) static_cast<void>(before->set_filter(kernel_rules(path_.rules())));
        return log_.tell(Severity::error,
                         done.error().text() + "; the rules stay as they were: restart the sensor");
    }
    path_.set_rules(rules.settings, rules.filter);
}

void LiveWorker::attend() {
    for (std::size_t i = 0; i < merge_.sources().size(); ++i) {
        if (merge_.in_hand(i)) continue;
        if (const auto change = merge_.sources()[i]->attend())
            log_.tell(change->state == capture::LinkState::attached ? Severity::info : Severity::warning,
                      change->text);
    }
}

void LiveWorker::take_kernel_drops() {
    for (std::size_t i = 0; i < kernel_drops_.size(); ++i) {
        const std::uint64_t dropped = merge_.sources()[i]->take_kernel_drops();
        kernel_drops_[i] += dropped;
        ledger_.frames += dropped;
        ledger_.drops[index_of(DropReason::kernel_drop)] += dropped;
    }
}

void LiveWorker::complain_of_drops(std::int64_t now_ns) {
    if (complained_ns_ != 0 && now_ns - complained_ns_ < between_complaints_ns) return;
    const std::uint64_t kernel = ledger_.drops[index_of(DropReason::kernel_drop)],
                        queue = ledger_.drops[index_of(DropReason::queue_full)];
    if (kernel != kernel_drops_told_)
        log_.tell(Severity::warning,
                  fmt::format("kernel_drop: {} frames lost, {} in all: the capture ring was full; raise "
                              "ring_kbytes, or workers",
                              kernel - kernel_drops_told_, kernel));
    if (queue != queue_drops_told_)
        log_.tell(
            Severity::warning,
            fmt::format("queue_full: {} transactions lost, {} in all: the disk or the compression is too "
                        "slow; take compression fast or none, or a faster disk",
                        queue - queue_drops_told_, queue));
    if (kernel != kernel_drops_told_ || queue != queue_drops_told_) complained_ns_ = now_ns;
    kernel_drops_told_ = kernel;
    queue_drops_told_ = queue;
}

void LiveWorker::submit(Container& container) {
    const PayloadCounts payloads = container.payloads;
    bool pushed = queue_.push(container);
    while (!pushed && ending_ && !given_up_.load(std::memory_order_relaxed)) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        pushed = queue_.push(container);
    }
    if (pushed) {
        for (std::size_t i = 0; i < payloads.size(); ++i) pushed_[i] += payloads[i];
        ++containers_pushed_;
        writer_.ring();
    } else {
        ledger_.drops[index_of(DropReason::queue_full)] += sum(payloads);
    }
    container.payloads = {};
}

void LiveWorker::publish() {
    const std::lock_guard lock(mutex_);
    ++published_.beats;
    published_.ledger = ledger_;
    published_.pushed = pushed_;
    published_.queue = {containers_pushed_, ledger_.drops[index_of(DropReason::queue_full)]};
    published_.queries_waiting = path_.queries_waiting();
    published_.query_octets = path_.query_octets();
    published_.datagrams_waiting = path_.datagrams_waiting();
    published_.containers_waiting = queue_.waiting();
    published_.kernel_drops = kernel_drops_;
    published_.links.clear();
    for (const auto& source : merge_.sources()) published_.links.push_back(source->state());
}

void LiveWorker::wait() {
    std::array<pollfd, 1 + 64> polled{};
    nfds_t count = 0;
    polled[count++] = {wake_.fd(), POLLIN, 0};
    int most_ms = attend_every_ns / millisecond;
    if (merge_.holds_back()) {
        most_ms = 5;
    } else {
        for (const auto& source : merge_.sources())
            if (source->fd() >= 0 && count < polled.size()) polled[count++] = {source->fd(), POLLIN, 0};
    }
    if (::poll(polled.data(), count, most_ms) <= 0) return;
    if (polled[0].revents != 0) wake_.clear();
    // An interface that went down: its source wants to be attended to, and until then not to be polled.
    bool readable = polled[0].revents != 0, broken = false;
    for (nfds_t i = 1; i < count; ++i) {
        readable = readable || (polled[i].revents & POLLIN) != 0;
        broken = broken || (polled[i].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
    }
    if (!broken) return;
    attend();
    if (!readable) static_cast<void>(::poll(polled.data(), 1, 20));
}

void LiveWorker::finish() {
    for (const auto& source : merge_.sources()) source->stop_accepting();
    const std::int64_t drained_ns = clock_.steady_ns() + merge_.latency_ns() + 20 * millisecond;
    const Time everything{std::numeric_limits<std::int64_t>::max()};
    do {
        while (take_frames(everything)) {}
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    } while (clock_.steady_ns() < drained_ns);
    while (take_frames(everything)) {}
    take_kernel_drops();
    ending_ = true;
    path_.finish();
    packer_.flush();
    publish();
}

void LiveWorker::stop() {
    stopping_.store(true, std::memory_order_release);
    wake_.wake();
}

void LiveWorker::end_file(std::uint64_t number) {
    file_to_end_.store(number, std::memory_order_release);
    wake_.wake();
}

void LiveWorker::set_rules(const dnsqr::Settings& settings, const capture::PacketFilter* filter) {
    {
        const std::lock_guard lock(mutex_);
        next_rules_ = Rules{settings, filter};
        rules_wait_.store(true, std::memory_order_release);
    }
    wake_.wake();
}

WorkerStatus LiveWorker::status() const {
    const std::lock_guard lock(mutex_);
    return published_;
}

}  // namespace sie::sensor
