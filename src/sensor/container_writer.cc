#include "sensor/container_writer.h"

namespace sie::sensor {

ContainerWriter::ContainerWriter(ContainerOutput& output, FileCompression compression, unsigned threads)
    : output_(output), compression_(compression), own_(threads == 0 ? compression : FileCompression::none) {
    if (compression == FileCompression::none) threads = 0;
    slots_.resize(std::size_t{2} * threads + 1);
    // Room for every container but an oversized one, so that a later one that is a little larger needs none.
    if (threads != 0)
        for (Slot& slot : slots_) slot.encoded.reserve(most_octets(compression));
    for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

ContainerWriter::~ContainerWriter() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    filled_.notify_all();
    for (std::thread& thread : threads_) thread.join();
}

void ContainerWriter::submit(Container& container) {
    if (threads_.empty()) {
        Slot& slot = slots_.front();
        std::swap(slot.container, container);
        slot.written = own_.encode(slot.container, slot.encoded);
        write(slot);
        std::swap(slot.container, container);
        container.payloads = {};
        return;
    }
    std::unique_lock lock(mutex_);
    Slot& slot = slots_[fill_ % slots_.size()];
    freed_.wait(lock, [&] { return slot.stage == Stage::free; });
    std::swap(slot.container, container);
    container.payloads = {};
    slot.stage = Stage::filled;
    ++fill_;
    filled_.notify_one();
}

void ContainerWriter::write(Slot& slot) {
    const PayloadCounts& payloads = slot.container.payloads;
    if (!failed()) {
        if (auto done = output_.write(slot.written, slot.container.file_stamp); !done) {
            error_ = done.error();
            failed_ = true;
        }
    }
    if (failed())
        lost_ += sum(payloads);
    else
        for (std::size_t i = 0; i < payloads.size(); ++i) written_[i] += payloads[i];
}

void ContainerWriter::work() {
    ContainerEncoder encoder(compression_);
    std::unique_lock lock(mutex_);
    for (;;) {
        filled_.wait(lock, [&] { return stopping_ || take_ < fill_; });
        if (take_ == fill_) return;
        Slot& slot = slots_[take_++ % slots_.size()];
        slot.stage = Stage::compressing;
        lock.unlock();
        slot.written = encoder.encode(slot.container, slot.encoded);
        lock.lock();
        slot.stage = Stage::ready;
        // Whoever finishes the container whose turn it is writes it, and those behind it that are ready.
        if (writing_) continue;
        writing_ = true;
        while (slots_[drain_ % slots_.size()].stage == Stage::ready) {
            Slot& next = slots_[drain_ % slots_.size()];
            lock.unlock();
            write(next);
            lock.lock();
            next.stage = Stage::free;
            ++drain_;
            freed_.notify_all();
        }
        writing_ = false;
    }
}

void ContainerWriter::wait_for_all() {
    if (threads_.empty()) return;
    std::unique_lock lock(mutex_);
    freed_.wait(lock, [&] { return drain_ == fill_; });
}

Result<void> ContainerWriter::flush() {
    wait_for_all();
    return output_.flush();
}

std::optional<Error> ContainerWriter::finish(Ledger& ledger) {
    wait_for_all();
    if (auto closed = output_.close(); !closed && !error_) error_ = closed.error();
    for (std::size_t i = 0; i < written_.size(); ++i) ledger.payloads[i] += written_[i];
    ledger.drops[index_of(DropReason::disk_full)] += lost_;
    return error_;
}

}  // namespace sie::sensor
