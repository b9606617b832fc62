#include "sensor/live_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace sie::sensor {

namespace {

constexpr std::int64_t millisecond = 1'000'000;
constexpr std::int64_t wait_for_marks_ns = 500 * millisecond;
constexpr std::int64_t between_complaints_ns = 60 * Time::per_second;

}  // namespace

LiveWriter::LiveWriter(Setup setup)
    : setup_(std::move(setup)),
      encoder_(setup_.compression),
      boundaries_(setup_.rotation),
      marked_(setup_.queues.size()) {
    if (setup_.compression == FileCompression::default_ || setup_.compression == FileCompression::best)
        hurried_encoder_.emplace(FileCompression::fast);
}

void LiveWriter::run() {
    for (;;) {
        const bool ending = ending_.load(std::memory_order_acquire);
        const bool worked = take_containers();
        if (!ending) turn_files();
        if (worked) continue;
        if (ending) break;
        setup_.bell.wait(until_next_turn());
    }
    close_file();
    if (!unfinished_.empty()) retry_unfinished(true);
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
}

// One container of each queue, so that no worker waits for another. False: none was there.
bool LiveWriter::take_containers() {
    bool any = false;
    for (std::size_t i = 0; i < setup_.queues.size(); ++i) {
        std::uint64_t mark = 0;
        // What stands behind a mark belongs to the next file.
        if (marked_[i] || !setup_.queues[i]->pop(in_hand_, mark)) continue;
        any = true;
        if (mark == 0)
            write(in_hand_);
        else if (mark == file_ && turning_until_ != 0)
            marked_[i] = true;
    }
    return any;
}

// Behind from a queue half full, at the end of the run from an eighth; until none has an eighth.
ContainerEncoder& LiveWriter::encoder() {
    if (!hurried_encoder_) return encoder_;
    const bool ending = ending_.load(std::memory_order_acquire);
    const std::size_t parts = behind_ || ending ? 8 : 2;
    const bool behind = std::any_of(
        setup_.queues.begin(), setup_.queues.end(),
        [&](const ContainerQueue* queue) { return queue->waiting() * parts >= queue->capacity(); });
    const bool falls_behind = behind && !behind_ && !ending;
    behind_ = behind;
    const std::int64_t now = setup_.clock.steady_ns();
    if (falls_behind && (told_behind_ns_ == 0 || now - told_behind_ns_ >= between_complaints_ns)) {
        told_behind_ns_ = now;
        setup_.log.tell(Severity::info,
                        fmt::format("the queue to the writer is half full: compression {} is too slow for "
                                    "this traffic, fast takes its place meanwhile",
                                    word_of(setup_.compression)));
    }
    return behind_ ? *hurried_encoder_ : encoder_;
}

void LiveWriter::write(Container& container) {
    const Time now = setup_.clock.wall();
    if (!open_) {
        stamp_ = now;
        open_ = true;
        boundaries_.begin(now);
    }
    ContainerEncoder& encoder = this->encoder();
    if (const auto written = setup_.output.write(encoder.encode(container, encoded_), stamp_); !written)
        return refused(written.error(), sum(container.payloads));
    std::string again;
    {
        const std::lock_guard lock(mutex_);
        for (std::size_t i = 0; i < container.payloads.size(); ++i)
            status_.payloads[i] += container.payloads[i], in_file_[i] += container.payloads[i];
        status_.files = setup_.output.counts();
        if (&encoder != &encoder_) ++status_.hurried;
        if (status_.failing)
            again = fmt::format("writing again; disk_full: {} transactions lost in all", status_.disk_full);
        status_.failing = false;
    }
    if (again.empty()) return;
    lost_since_told_ = 0;
    told_ns_ = 0;
    setup_.log.tell(Severity::info, again);
}

void LiveWriter::refused(const Error& error, std::uint64_t payloads) {
    {
        const std::lock_guard lock(mutex_);
        status_.disk_full += payloads;
        status_.failing = true;
    }
    lost_since_told_ += payloads;
    const std::int64_t now = setup_.clock.steady_ns();
    if (told_ns_ != 0 && now - told_ns_ < between_complaints_ns) return;
    told_ns_ = now;
    setup_.log.tell(Severity::error, fmt::format("{}; disk_full: {} transactions lost, capture goes on",
                                                 error.text(), std::exchange(lost_since_told_, 0)));
}

void LiveWriter::turn_files() {
    const std::int64_t now = setup_.clock.steady_ns();
    if (turning_until_ == 0) {
        const bool due = open_ && boundaries_.due(setup_.clock.wall());
        if (!rotate_.exchange(false) && !due) return;
        turning_until_ = now + wait_for_marks_ns;
        setup_.ask_for_end(++file_);
        return;
    }
    if (now < turning_until_ && std::find(marked_.begin(), marked_.end(), false) != marked_.end()) return;
    close_file();
    turning_until_ = 0;
    marked_.assign(marked_.size(), false);
}

void LiveWriter::close_file() {
    open_ = false;
    if (!unfinished_.empty()) retry_unfinished(false);
    const auto closed = setup_.output.close();
    if (!closed && setup_.output.unfinished() > unfinished_.size())
        unfinished_.push_back(in_file_);
    else if (!closed)
        count_lost(in_file_);
    in_file_ = {};
    {
        const std::lock_guard lock(mutex_);
        status_.files = setup_.output.counts();
    }
    if (!closed) refused(closed.error(), 0);
}

// `last`: what cannot be finished now is lost to this run; its part files stay for the next start.
void LiveWriter::retry_unfinished(bool last) {
    const auto outcomes = setup_.output.retry();
    std::vector<PayloadCounts> waiting;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        if (outcomes[i] == ContainerOutput::Retried::finished) continue;
        if (outcomes[i] == ContainerOutput::Retried::waiting && !last)
            waiting.push_back(unfinished_[i]);
        else
            count_lost(unfinished_[i]);
    }
    unfinished_ = std::move(waiting);
}

// They were counted as written when their container was.
void LiveWriter::count_lost(const PayloadCounts& payloads) {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < payloads.size(); ++i) {
        status_.payloads[i] -= payloads[i];
        status_.disk_full += payloads[i];
    }
}

std::chrono::milliseconds LiveWriter::until_next_turn() const {
    if (turning_until_ != 0) return std::chrono::milliseconds(20);
    const std::chrono::milliseconds most(1000);
    const auto boundary_s = boundaries_.next_s();
    if (!open_ || !boundary_s) return most;
    const std::int64_t left_ms = (*boundary_s * Time::per_second - setup_.clock.wall().ns) / millisecond + 1;
    return std::clamp(std::chrono::milliseconds(left_ms), std::chrono::milliseconds(1), most);
}

void LiveWriter::rotate() {
    rotate_ = true;
    setup_.bell.ring();
}

void LiveWriter::end() {
    ending_.store(true, std::memory_order_release);
    setup_.bell.ring();
}

bool LiveWriter::ended_within(std::chrono::milliseconds most) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, most, [&] { return ended_; });
}

WriterStatus LiveWriter::status() const {
    const std::lock_guard lock(mutex_);
    return status_;
}

}  // namespace sie::sensor
