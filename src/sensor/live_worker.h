// One shard of a live run: rings → frames → transactions → containers → its queue to the writer.
//
// run() is the body of a thread. It takes frames as long as some wait; between batches it looks at the clock:
// a container closes when its oldest payload has been in it for a second, interfaces are attended to and
// counts are published five times a second, and when no frame waits, queries and fragments that are due by
// the clock leave. It never waits for the writer: a container that finds the queue full is counted
// (queue_full). After stop() nothing more is accepted; what the kernel holds is still taken in, open queries
// leave, and then, with no frame to miss, it waits for the writer until give_up().
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "capture/packet_filter.h"
#include "sensor/container_queue.h"
#include "sensor/doorbell.h"
#include "sensor/frame_merge.h"
#include "sensor/live_clock.h"
#include "sensor/live_log.h"
#include "sensor/payload_packer.h"
#include "sensor/run_result.h"
#include "sensor/wake_pipe.h"

namespace sie::sensor {

struct WorkerStatus {
    Ledger ledger;           // without what the writer counts: payloads and disk_full
    PayloadCounts pushed{};  // handed to the writer
    QueueCounts queue;
    std::uint64_t queries_waiting = 0, query_octets = 0, datagrams_waiting = 0;
    std::size_t containers_waiting = 0;
    std::uint64_t beats = 0;  // times that this was published
    std::vector<capture::LinkState> links;
    std::vector<std::uint64_t> kernel_drops;  // of each interface, this worker's rings
};

class LiveWorker final : private ContainerSink {
  public:
    struct Setup {
        FrameMerge::Sources sources;
        const dnsqr::Settings& settings;  // copied
        HashKey key;
        const capture::PacketFilter* filter = nullptr;
        ContainerQueue& queue;
        Doorbell& writer;
        const LiveClock& clock;
        LiveLog& log;
    };
    LiveWorker(Setup setup, WakePipe wake);
    LiveWorker(const LiveWorker&) = delete;
    LiveWorker& operator=(const LiveWorker&) = delete;

    // Told of each of the first payloads; before run().
    void observe(PayloadPacker::Observer observer, std::uint64_t most) {
        packer_.observe(std::move(observer), most);
    }
    void run();
    // From any thread:
    void stop();
    void give_up() { given_up_.store(true, std::memory_order_relaxed); }
    // The open container is handed over, and behind it a mark with this number.
    void end_file(std::uint64_t number);
    // Other rules, soon; `filter` outlives the run.
    void set_rules(const dnsqr::Settings& settings, const capture::PacketFilter* filter);
    [[nodiscard]] WorkerStatus status() const;

  private:
    void submit(Container& container) override;
    [[nodiscard]] bool take_frames(Time safe_until);
    void tend();
    void take_rules();
    void attend();
    void take_kernel_drops();
    void complain_of_drops(std::int64_t now_ns);
    void publish();
    void wait();
    void finish();

    FrameMerge merge_;
    ContainerQueue& queue_;
    Doorbell& writer_;
    const LiveClock& clock_;
    LiveLog& log_;
    const WakePipe wake_;
    Ledger ledger_;
    PayloadCounts pushed_{};
    std::uint64_t containers_pushed_ = 0;
    PayloadPacker packer_;
    PacketPath path_;

    std::int64_t attended_ns_ = 0, open_since_ns_ = 0, complained_ns_ = 0;
    std::vector<std::uint64_t> kernel_drops_;  // of each source
    std::uint64_t open_container_ = 0, kernel_drops_told_ = 0, queue_drops_told_ = 0;
    std::uint64_t file_ = 0;  // the last one whose end was marked
    bool ending_ = false;
    std::atomic<bool> stopping_ = false, given_up_ = false;
    std::atomic<std::uint64_t> file_to_end_ = 0;
    std::atomic<bool> rules_wait_ = false;
    mutable std::mutex mutex_;
    struct Rules {
        dnsqr::Settings settings;
        const capture::PacketFilter* filter = nullptr;
    };
    std::optional<Rules> next_rules_;
    WorkerStatus published_;
};

}  // namespace sie::sensor
