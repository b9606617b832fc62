#include "sensor/live_sensor.h"

#include <fmt/format.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>

#include "sensor/kernel_rules.h"

namespace sie::sensor {

namespace {

// Settings whose bounds hold over all workers (DESIGN §5: each has its share, rounded up).
dnsqr::Settings share_of(dnsqr::Settings settings, unsigned workers) {
    settings.state_table_max = (settings.state_table_max + workers - 1) / workers;
    return settings;
}

capture::LiveOptions source_of(const LiveSetup& setup, std::size_t interface) {
    capture::LiveOptions options;
    options.interface = setup.interfaces[interface].name;
    options.promiscuous = setup.interfaces[interface].promiscuous;
    options.snap_length = setup.interfaces[interface].snap_length;
    options.ring_octets = setup.ring_octets / setup.workers;
    options.filter = kernel_rules(setup.settings);
    // Sockets of one group are told apart by it from those of other processes on the same interface.
    if (setup.workers > 1)
        options.fanout_group = static_cast<std::uint16_t>(static_cast<unsigned>(::getpid()) * 31 + interface);
    return options;
}

void name_thread(std::thread& thread, const std::string& name) {
    static_cast<void>(::pthread_setname_np(thread.native_handle(), name.c_str()));
}

}  // namespace

LiveSensor::LiveSensor(LiveSetup setup) : setup_(std::move(setup)) {}

Result<std::unique_ptr<LiveSensor>> LiveSensor::open(LiveSetup setup) {
    std::unique_ptr<LiveSensor> made(new LiveSensor(std::move(setup)));
    const LiveSetup& own = made->setup_;
    const dnsqr::Settings share = share_of(own.settings, own.workers);
    std::vector<ContainerQueue*> queues;
    for (unsigned worker = 0; worker < own.workers; ++worker) {
        FrameMerge::Sources sources;
        for (std::size_t interface = 0; interface < own.interfaces.size(); ++interface) {
            auto source = own.open_source(source_of(own, interface));
            if (!source) return fail(std::move(source.error()));
            sources.push_back(std::move(*source));
        }
        auto wake = WakePipe::open();
        if (!wake) return fail(std::move(wake.error()));
        made->queues_.push_back(std::make_unique<ContainerQueue>(
            std::max<std::size_t>(4, (own.containers + own.workers - 1) / own.workers)));
        queues.push_back(made->queues_.back().get());
        made->workers_.push_back(
            std::make_unique<LiveWorker>(LiveWorker::Setup{std::move(sources), share, own.key, own.filter,
                                                           *queues.back(), made->bell_, *own.clock, *own.log},
                                         std::move(*wake)));
        if (own.observer) made->workers_.back()->observe(own.observer, own.observed);
    }
    made->writer_ = std::make_unique<LiveWriter>(
        LiveWriter::Setup{std::move(queues), made->bell_, *own.output, own.compression, own.rotation,
                          *own.clock, *own.log, [sensor = made.get()](std::uint64_t file) {
                              for (const auto& worker : sensor->workers_) worker->end_file(file);
                          }});
    return made;
}

void LiveSensor::start() {
    writer_thread_ = std::thread([this] { writer_->run(); });
    name_thread(writer_thread_, "writer");
    for (std::size_t i = 0; i < workers_.size(); ++i) {
        worker_threads_.emplace_back([this, i] { workers_[i]->run(); });
        name_thread(worker_threads_.back(), fmt::format("worker-{}", i));
    }
}

LiveSensor::~LiveSensor() {
    if (!writer_thread_.joinable()) return;
    static_cast<void>(stop(std::chrono::milliseconds(5000)));
    if (writer_thread_.joinable()) writer_thread_.join();
}

void LiveSensor::set_rules(const dnsqr::Settings& settings, std::optional<capture::PacketFilter> filter) {
    const capture::PacketFilter* const own = filter ? &filters_.emplace_back(std::move(*filter)) : nullptr;
    for (const auto& worker : workers_) worker->set_rules(settings, own);
}

LiveStatus LiveSensor::status() const {
    LiveStatus all;
    std::uint64_t pushed = 0;
    // The writer first: what it has written was pushed before.
    const WriterStatus writer = writer_->status();
    for (std::size_t i = 0; i < workers_.size(); ++i) {
        const WorkerStatus worker = workers_[i]->status();
        all.ledger += worker.ledger;
        all.queries_waiting += worker.queries_waiting;
        all.query_octets += worker.query_octets;
        all.datagrams_waiting += worker.datagrams_waiting;
        pushed += sum(worker.pushed);
        all.beats = i == 0 ? worker.beats : std::min(all.beats, worker.beats);
        all.queues.push_back({queues_[i]->waiting(), queues_[i]->capacity(), worker.queue});
        if (all.links.empty()) all.links = worker.links;
        all.kernel_drops.resize(std::max(all.kernel_drops.size(), worker.kernel_drops.size()));
        for (std::size_t n = 0; n < worker.kernel_drops.size(); ++n)
            all.kernel_drops[n] += worker.kernel_drops[n];
    }
    all.ledger.payloads = writer.payloads;
    all.ledger.drops[index_of(DropReason::disk_full)] += writer.disk_full;
    all.written = writer.files;
    all.hurried = writer.hurried;
    all.disk_failing = writer.failing;
    const std::uint64_t done = sum(writer.payloads) + writer.disk_full;
    all.payloads_waiting = pushed > done ? pushed - done : 0;
    return all;
}

RunResult LiveSensor::stop(std::chrono::milliseconds most) {
    const auto until = std::chrono::steady_clock::now() + most;
    const auto left = [&] {
        return std::max(std::chrono::milliseconds(0), std::chrono::duration_cast<std::chrono::milliseconds>(
                                                          until - std::chrono::steady_clock::now()));
    };
    for (const auto& worker : workers_) worker->stop();
    // Workers end by themselves; only a writer that is stuck keeps one from handing over its last containers.
    std::thread guard;
    Doorbell all_ended;
    guard = std::thread([&] {
        all_ended.wait(left() * 4 / 5);
        for (const auto& worker : workers_) worker->give_up();
    });
    for (std::thread& thread : worker_threads_) thread.join();
    all_ended.ring();
    guard.join();
    worker_threads_.clear();
    writer_->end();
    stalled_ = !writer_->ended_within(std::max(left(), std::chrono::milliseconds(100)));
    if (!stalled_ && writer_thread_.joinable()) writer_thread_.join();

    const LiveStatus last = status();
    RunResult result{last.ledger, last.written, last.hurried, {}, {}};
    for (const LiveStatus::Queue& queue : last.queues) result.queues.push_back(queue.counts);
    result.ledger.drops[index_of(DropReason::disk_full)] += last.payloads_waiting;
    if (stalled_)
        result.error = Error{ErrorKind::system,
                             "output",
                             {},
                             fmt::format("the disk has not taken anything for long; {} transactions that "
                                         "waited for it are lost",
                                         last.payloads_waiting),
                             "look at the disk; the part file is finished at the next start"};
    else if (const auto lost = last.ledger.drops[index_of(DropReason::disk_full)]; lost != 0)
        result.error = Error{ErrorKind::system,
                             "output",
                             {},
                             fmt::format("{} transactions could not be written", lost),
                             "see the messages above"};
    return result;
}

}  // namespace sie::sensor
