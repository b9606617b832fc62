// A live run: interfaces in, NMSG out, until it is stopped (DESIGN §5, Threads).
//
//   interface ─ ring ─ worker 0 ─ queue ┐
//                 ⋮                      ├─ writer ─ output
//   interface ─ ring ─ worker N ─ queue ┘
//
// Each worker has a ring on every interface; with several workers the kernel gives all frames between two
// addresses to the same one. open() takes every ring, so that privileges can be dropped before start();
// start() begins the threads. status(), rotate() and stop() are for one thread, the control.
#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "capture/live_source.h"
#include "sensor/live_worker.h"
#include "sensor/live_writer.h"
#include "sensor/run_result.h"

namespace sie::sensor {

struct LiveInterface {
    std::string name;
    bool promiscuous = false;
    std::uint32_t snap_length = capture::longest_record_octets;
};

struct LiveSetup {
    std::vector<LiveInterface> interfaces;
    unsigned workers = 1;
    std::size_t ring_octets = std::size_t{16} << 20;  // all rings of an interface together
    std::size_t containers = 32;  // may wait for the writer, over all workers; each worker has at least four
    // How a ring is opened; tests bring sources of their own.
    std::function<Result<std::unique_ptr<capture::LiveSource>>(const capture::LiveOptions&)> open_source =
        [](const capture::LiveOptions& options) { return capture::open_live_source(options); };
    dnsqr::Settings settings;
    const capture::PacketFilter* filter = nullptr;  // outlives the run
    HashKey key;
    ContainerOutput* output = nullptr;  // outlives the run
    FileCompression compression = FileCompression::default_;
    spool::Rotation rotation;
    const LiveClock* clock = nullptr;  // outlives the run
    LiveLog* log = nullptr;            // outlives the run
    PayloadPacker::Observer observer;  // of the first `observed` payloads of each worker; several threads
    std::uint64_t observed = 0;
};

struct LiveStatus {
    // The sum over all workers, with what the writer counted.
    Ledger ledger;
    spool::FileCounts written;
    std::uint64_t hurried = 0;  // containers, see RunResult
    std::uint64_t queries_waiting = 0, datagrams_waiting = 0;
    std::uint64_t query_octets = 0;      // memory that the waiting queries take
    std::uint64_t payloads_waiting = 0;  // in the queues to the writer
    struct Queue {
        std::size_t waiting = 0, capacity = 0;  // containers
        QueueCounts counts;
    };
    std::vector<Queue> queues;                // of each worker
    std::vector<capture::LinkState> links;    // of each interface
    std::vector<std::uint64_t> kernel_drops;  // of each interface; their sum stands in the ledger
    bool disk_failing = false;
    std::uint64_t beats = 0;  // grows while every worker goes on
};

class LiveSensor {
  public:
    [[nodiscard]] static Result<std::unique_ptr<LiveSensor>> open(LiveSetup setup);
    LiveSensor(const LiveSensor&) = delete;
    LiveSensor& operator=(const LiveSensor&) = delete;
    // Ends the threads if stop() did not. A writer that is stuck in a stalled disk is waited for.
    ~LiveSensor();

    void start();
    [[nodiscard]] LiveStatus status() const;
    // Other rules from now on, in every worker within a moment: lists, filters, switches. No frame is lost;
    // the table's size and all else of the setup stay. `filter`: of `bpf`.
    void set_rules(const dnsqr::Settings& settings, std::optional<capture::PacketFilter> filter);
    // The open file ends now.
    void rotate() { writer_->rotate(); }
    // Nothing more is accepted; what was is written, the balances close. If the disk stalls: after `most`
    // what waits for it counts as disk_full, and stalled() is true; then the process must end without this
    // object's destructor.
    [[nodiscard]] RunResult stop(std::chrono::milliseconds most);
    [[nodiscard]] bool stalled() const { return stalled_; }

  private:
    explicit LiveSensor(LiveSetup setup);

    LiveSetup setup_;
    std::list<capture::PacketFilter> filters_;  // all that set_rules() was given: a worker may still use one
    Doorbell bell_;
    std::vector<std::unique_ptr<ContainerQueue>> queues_;
    std::vector<std::unique_ptr<LiveWorker>> workers_;
    std::unique_ptr<LiveWriter> writer_;
    std::vector<std::thread> worker_threads_;
    std::thread writer_thread_;
    bool stalled_ = false;
};

}  // namespace sie::sensor
