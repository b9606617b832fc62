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

#include "nmsg/compression.h"
#include "nmsg/container.h"
#include "sensor/container_output.h"
#include "sensor/ledger.h"

namespace sie::sensor {

struct Container {
    std::vector<std::uint8_t> octets;  // a plain container: header and packed Nmsg
    bool oversized = false;            // one payload larger than a container: goes out as fragments
    Time file_stamp;
    PayloadCounts payloads{};
};

class ContainerWriter {
  public:
    ContainerWriter(ContainerOutput& output, nmsg::Compression compression, unsigned threads);
    ~ContainerWriter();
    ContainerWriter(const ContainerWriter&) = delete;
    ContainerWriter& operator=(const ContainerWriter&) = delete;

    // Swaps `container` with the slot: what comes back has no payloads, and memory to be used again.
    void submit(Container& container);
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
        std::vector<std::uint8_t> framed;  // what is written, if it is not `container.octets` as it stands
        [[nodiscard]] Octets written() const {
            return framed.empty() ? Octets(container.octets) : Octets(framed);
        }
    };
    void wait_for_all();
    void frame(Slot& slot, nmsg::Compressor& compressor);
    void write(Slot& slot);
    void work();

    ContainerOutput& output_;
    const nmsg::Compression compression_;
    std::vector<Slot> slots_;
    std::size_t fill_ = 0, take_ = 0,
                drain_ = 0;  // slots by number of turn: next to fill, to compress, to write
    bool writing_ = false, stopping_ = false;
    std::mutex mutex_;
    std::condition_variable filled_, freed_;
    std::vector<std::thread> threads_;
    nmsg::Compressor own_;
    std::atomic<bool> failed_ = false;
    std::optional<Error> error_;
    PayloadCounts written_{};
    std::uint64_t lost_ = 0;
};

}  // namespace sie::sensor
