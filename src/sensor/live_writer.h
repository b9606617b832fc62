// The one thread of a live run that may wait for a disk: queues → compression → files.
//
// run() is the body of a thread. It takes containers from each worker's queue in turn, compresses and writes
// them. Files end by the clock of the wall, with traffic or without (DESIGN §5): the workers are asked to
// hand over what is open and to mark it, and when all have, or after half a second, the file is closed. What
// cannot be written is dropped and counted (disk_full) and told once a minute; the next container is tried
// again. A file that cannot be finished is tried again at each later end of a file, and at the end of the
// run.
//
// Behind, it compresses less rather than losing containers or keeping the end waiting: from a queue that is
// half full (at the end of the run, one that is not nearly empty) until all are nearly empty `fast` takes the
// place of `default` and `best`.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "sensor/container_output.h"
#include "sensor/container_queue.h"
#include "sensor/doorbell.h"
#include "sensor/file_compression.h"
#include "sensor/live_clock.h"
#include "sensor/live_log.h"
#include "spool/rotation.h"

namespace sie::sensor {

struct WriterStatus {
    PayloadCounts payloads{};  // written, those of the open file too
    std::uint64_t disk_full = 0;
    spool::FileCounts files;
    std::uint64_t hurried = 0;  // containers compressed with `fast`, because the writer was behind
    bool failing = false;       // the last write or close was refused
};

class LiveWriter {
  public:
    struct Setup {
        std::vector<ContainerQueue*> queues;
        Doorbell& bell;
        ContainerOutput& output;
        FileCompression compression = FileCompression::default_;
        spool::Rotation rotation;
        const LiveClock& clock;
        LiveLog& log;
        std::function<void(std::uint64_t)> ask_for_end;  // of the file with this number, from every worker
    };
    explicit LiveWriter(Setup setup);

    void run();
    // From any thread:
    void rotate();  // the open file ends now
    void end();     // no producer is left: what waits is written, the file is closed, run() returns
    // Waits until run() has returned. False: it has not within this time; the disk is stalled.
    [[nodiscard]] bool ended_within(std::chrono::milliseconds most);
    [[nodiscard]] WriterStatus status() const;

  private:
    [[nodiscard]] bool take_containers();
    void write(Container& container);
    [[nodiscard]] ContainerEncoder& encoder();
    void turn_files();
    void close_file();
    void retry_unfinished(bool last);
    void count_lost(const PayloadCounts& payloads);
    void refused(const Error& error, std::uint64_t payloads);
    [[nodiscard]] std::chrono::milliseconds until_next_turn() const;

    const Setup setup_;
    ContainerEncoder encoder_;
    std::optional<ContainerEncoder> hurried_encoder_;  // where there is a faster one
    bool behind_ = false;
    std::int64_t told_behind_ns_ = 0;
    Container in_hand_;
    std::vector<std::uint8_t> encoded_;
    Time stamp_;  // of the open file
    bool open_ = false;
    spool::WallRotation boundaries_;
    PayloadCounts in_file_{};                // of the open file
    std::vector<PayloadCounts> unfinished_;  // of each file that the output could not finish yet
    std::uint64_t file_ = 0;                 // the number of the file that was asked to end
    std::int64_t turning_until_ = 0;         // 0: no file is ending
    std::vector<bool> marked_;
    std::uint64_t lost_since_told_ = 0;
    std::int64_t told_ns_ = 0;
    std::atomic<bool> rotate_ = false, ending_ = false;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    WriterStatus status_;
    bool ended_ = false;
};

}  // namespace sie::sensor
