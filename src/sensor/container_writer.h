// From container bodies to their output: compressed on as many threads as there are cores, written in order.
//
// submit() hands a body over and takes back memory of an earlier one; it waits when all slots are in use
// (offline the reader may wait). Without compression everything happens in the caller's thread. The first
// error of the output stops the writing: failed() tells, and the payloads of that container and of all later
// ones count as disk_full.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "sensor/container.h"
#include "sensor/container_output.h"
#include "sensor/file_compression.h"
#include "sensor/ledger.h"

namespace sie::sensor {

class ContainerWriter final : public ContainerSink {
  public:
    ContainerWriter(ContainerOutput& output, FileCompression compression, unsigned threads);
    ~ContainerWriter();
    ContainerWriter(const ContainerWriter&) = delete;
    ContainerWriter& operator=(const ContainerWriter&) = delete;

    void submit(Container& container) override;
    [[nodiscard]] bool failed() const { return failed_.load(std::memory_order_relaxed); }
    // Waits for everything submitted and flushes the output.
    [[nodiscard]] Result<void> flush();
    // Waits for everything submitted, closes the output and adds to the ledger what was written and what was
    // not.
    [[nodiscard]] std::optional<Error> finish(Ledger& ledger);

  private:
    enum class Stage : std::uint8_t { free, filled, compressing, ready };
    struct Slot {
        Stage stage = Stage::free;
        Container container;
        std::vector<std::uint8_t> encoded;
        Octets written;  // one of the two, see ContainerEncoder
    };
    void wait_for_all();
    void write(Slot& slot);
    void work();

    ContainerOutput& output_;
    std::vector<Slot> slots_;
    std::size_t fill_ = 0, take_ = 0,
                drain_ = 0;  // slots by number of turn: next to fill, to compress, to write
    bool writing_ = false, stopping_ = false;
    std::mutex mutex_;
    std::condition_variable filled_, freed_;
    std::vector<std::thread> threads_;
    const FileCompression compression_;
    ContainerEncoder own_;  // of the caller's thread
    std::atomic<bool> failed_ = false;
    std::optional<Error> error_;
    PayloadCounts written_{};
    std::uint64_t lost_ = 0;
};

}  // namespace sie::sensor
