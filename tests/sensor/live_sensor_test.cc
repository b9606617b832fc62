// A live run over scripted interfaces. Runs under the thread sanitizer too.
#include "sensor/live_sensor.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <map>

#include "base/siphash.h"
#include "nmsg/reader.h"
#include "support/packet_builder.h"
#include "support/scripted_source.h"
#include "support/source_of.h"

namespace sie::sensor {
namespace {

using namespace std::chrono_literals;
using test::Bytes;
using test::bytes;
using test::Script;
using test::ScriptedSource;

// Keeps files of containers; refuses or blocks when it is told to.
class Kept final : public ContainerOutput {
  public:
    Result<void> write(Octets container, Time stamp) override {
        std::unique_lock lock(mutex_);
        blocked_.wait(lock, [&] { return !blocks_; });
        if (refuses_) return fail(ErrorKind::system, "the disk", "is full");
        files_[stamp.ns].insert(files_[stamp.ns].end(), container.begin(), container.end());
        ++counts_.containers;
        return {};
    }
    Result<void> close() override {
        const std::lock_guard lock(mutex_);
        ++closed_;
        return {};
    }
    spool::FileCounts counts() const override { return counts_; }

    void refuse(bool yes) {
        const std::lock_guard lock(mutex_);
        refuses_ = yes;
    }
    void block(bool yes) {
        {
            const std::lock_guard lock(mutex_);
            blocks_ = yes;
        }
        blocked_.notify_all();
    }
    [[nodiscard]] std::map<std::int64_t, Bytes> files() const {
        const std::lock_guard lock(mutex_);
        return files_;
    }
    [[nodiscard]] unsigned closed() const {
        const std::lock_guard lock(mutex_);
        return closed_;
    }

  private:
    mutable std::mutex mutex_;
    std::condition_variable blocked_;
    std::map<std::int64_t, Bytes> files_;
    spool::FileCounts counts_;
    unsigned closed_ = 0;
    bool refuses_ = false, blocks_ = false;
};

class Lines final : public LiveLog {
  public:
    void tell(Severity, const std::string& line) override {
        const std::lock_guard lock(mutex_);
        text_ += line + '\n';
    }
    [[nodiscard]] std::string text() const {
        const std::lock_guard lock(mutex_);
        return text_;
    }

  private:
    mutable std::mutex mutex_;
    std::string text_;
};

// A wall that the test moves.
class SetClock final : public LiveClock {
  public:
    [[nodiscard]] Time wall() const override { return Time{LiveClock::wall().ns + ahead_ns}; }
    std::atomic<std::int64_t> ahead_ns = 0;
};

std::string host(unsigned n) { return "198.51.100." + std::to_string(n); }

Bytes message(std::uint16_t id, unsigned server, bool response, std::size_t pad = 0) {
    Bytes octets = bytes("0000 0000 0001 0000 0000 0000 016100 0001 0001");
    store_be16(octets.data(), id);
    if (response) octets[2] |= 0x80;
    octets.resize(octets.size() + pad);
    return response ? test::ipv4({.source = host(server), .destination = "192.0.2.1"},
                                 test::udp(host(server), "192.0.2.1", 53, 4000, octets))
                    : test::ipv4({.source = "192.0.2.1", .destination = host(server)},
                                 test::udp("192.0.2.1", host(server), 4000, 53, octets));
}

// Waits for something that another thread does; 5 s are far more than it takes.
template <class Condition>
[[nodiscard]] bool soon(const Condition& condition) {
    for (int i = 0; i < 5000; ++i) {
        if (condition()) return true;
        std::this_thread::sleep_for(1ms);
    }
    return false;
}

class Live : public ::testing::Test {
  protected:
    Live() {
        EXPECT_TRUE(dnsqr::find_setting("DNSQR_RES_ADDRS")->apply(setup.settings, "", "192.0.2.1"));
        setup.interfaces = {{"if0", false}};
        setup.output = &output;
        setup.compression = FileCompression::none;
        setup.clock = &clock;
        setup.log = &log;
        setup.open_source =
            [this](const capture::LiveOptions& options) -> Result<std::unique_ptr<capture::LiveSource>> {
            opened.push_back(options);
            scripts.push_back(std::make_unique<Script>());
            return std::make_unique<ScriptedSource>(options.interface, *scripts.back());
        };
    }
    ~Live() override { output.block(false); }
    void open_only() {
        auto made = LiveSensor::open(std::move(setup));
        ASSERT_TRUE(made) << made.error().text();
        sensor = std::move(*made);
    }
    void start() {
        open_only();
        sensor->start();
    }
    [[nodiscard]] Time now() const { return clock.wall(); }
    [[nodiscard]] static std::uint64_t dropped(const RunResult& result, DropReason reason) {
        return result.ledger.drops[index_of(reason)];
    }
    static void expect_closed(const RunResult& result) {
        EXPECT_EQ(result.ledger.balances(), (std::array<std::int64_t, 3>{}));
    }
    [[nodiscard]] std::size_t payloads_in(const Bytes& file) const {
        auto reader = nmsg::Reader::read(source_of(file));
        EXPECT_TRUE(reader);
        std::size_t count = 0;
        for (nmsg::Payload payload; reader->next(payload);) ++count;
        EXPECT_FALSE(reader->error());
        return count;
    }

    Kept output;
    Lines log;
    SetClock clock;
    LiveSetup setup;
    std::vector<capture::LiveOptions> opened;
    std::vector<std::unique_ptr<Script>> scripts;
    std::unique_ptr<LiveSensor> sensor;
};

TEST_F(Live, EachWorkerHasARingOfItsOwnOnEveryInterface) {
    setup.interfaces = {{"if0", true}, {"if1", false}};
    setup.workers = 4;
    setup.ring_octets = 16 << 20;
    const auto listed = setup.settings.resolver_prefixes;
    open_only();
    ASSERT_EQ(opened.size(), 8U);
    for (std::size_t i = 0; i < opened.size(); ++i) {
        EXPECT_EQ(opened[i].interface, i % 2 == 0 ? "if0" : "if1");
        EXPECT_EQ(opened[i].promiscuous, i % 2 == 0);
        EXPECT_EQ(opened[i].ring_octets, std::size_t{4} << 20);
        ASSERT_TRUE(opened[i].fanout_group);
        EXPECT_EQ(opened[i].fanout_group, opened[i % 2].fanout_group);
        ASSERT_TRUE(opened[i].filter);
        EXPECT_EQ(opened[i].filter->resolvers, listed);
    }
    EXPECT_NE(opened[0].fanout_group, opened[1].fanout_group);
}

TEST_F(Live, TheBoundOnWaitingQueriesIsSharedByTheWorkers) {
    setup.workers = 2;
    setup.settings.state_table_max = 5;
    start();
    for (std::uint16_t id = 0; id < 4; ++id) scripts[0]->frame(message(id, 1, false), now());
    ASSERT_TRUE(soon([&] { return scripts[0]->taken(); }));
    const RunResult result = sensor->stop(5s);
    EXPECT_EQ(result.ledger.transactions.evicted, 1U) << "three of five are this worker's";
    expect_closed(result);
}

TEST_F(Live, OtherRulesHoldInEveryWorkerForWhatComesThen) {
    setup.workers = 2;
    start();
    const auto from = [&](const std::string& resolver, std::uint16_t id) {
        Bytes octets = bytes("0000 0000 0001 0000 0000 0000 016100 0001 0001");
        store_be16(octets.data(), id);
        return test::ipv4({.source = resolver, .destination = host(1)},
                          test::udp(resolver, host(1), 4000, 53, octets));
    };
    for (const auto& script : scripts) {
        script->frame(from("192.0.2.1", 1), now());
        script->frame(from("192.0.2.2", 2), now());  // not listed yet
    }
    ASSERT_TRUE(soon([&] { return scripts[0]->taken() && scripts[1]->taken(); }));
    dnsqr::Settings rules;
    ASSERT_TRUE(dnsqr::find_setting("DNSQR_RES_ADDRS")->apply(rules, "", "192.0.2.2"));
    sensor->set_rules(rules, std::nullopt);
    for (const auto& script : scripts)
        ASSERT_TRUE(
            soon([&] { return script->filter() && script->filter()->resolvers == rules.resolver_prefixes; }));
    // The rules follow the filter at once, in the same thread.
    std::this_thread::sleep_for(50ms);
    for (const auto& script : scripts) {
        script->frame(from("192.0.2.2", 3), now());
        script->frame(from("192.0.2.1", 4), now());  // no more
    }
    const RunResult result = sensor->stop(5s);
    EXPECT_EQ(
        result.ledger.transactions.by_kind[static_cast<std::size_t>(dnsqr::TransactionKind::unanswered)], 4U);
    EXPECT_EQ(dropped(result, DropReason::not_initiator), 4U);
    expect_closed(result);
}

TEST_F(Live, AFilterThatTheKernelRefusesLeavesTheRulesAsTheyWere) {
    start();
    scripts[0]->refuse_filters();
    dnsqr::Settings rules;
    ASSERT_TRUE(dnsqr::find_setting("DNSQR_RES_ADDRS")->apply(rules, "", "192.0.2.2"));
    sensor->set_rules(rules, std::nullopt);
    ASSERT_TRUE(soon([&] { return log.text().find("the rules stay as they were") != std::string::npos; }));
    scripts[0]->frame(message(1, 1, false), now());
    const RunResult result = sensor->stop(5s);
    EXPECT_EQ(dropped(result, DropReason::not_initiator), 0U);
    expect_closed(result);
}

TEST_F(Live, WhatCameInIsWrittenAndTheBalancesCloseWithAnyNumberOfWorkers) {
    for (const unsigned workers : {1U, 4U}) {
        SCOPED_TRACE(workers);
        Kept files;
        scripts.clear();
        setup.workers = workers;
        LiveSetup copy = setup;
        copy.output = &files;
        auto made = LiveSensor::open(std::move(copy));
        ASSERT_TRUE(made);
        (*made)->start();
        for (std::uint16_t id = 0; id < 1000; ++id) {
            Script& script = *scripts[id % workers];
            script.frame(message(id, 1 + id % workers, false), now());
            if (id % 10 != 0) script.frame(message(id, 1 + id % workers, true), now());
        }
        const RunResult result = (*made)->stop(5s);
        EXPECT_FALSE(result.error) << result.error->text();
        EXPECT_FALSE((*made)->stalled());
        EXPECT_EQ(result.ledger.frames, 1900U);
        EXPECT_EQ(result.ledger.transactions.by_kind[0], 900U);
        EXPECT_EQ(result.ledger.transactions.by_kind[1], 100U);
        expect_closed(result);
        std::size_t payloads = 0;
        for (const auto& [stamp, file] : files.files()) payloads += payloads_in(file);
        EXPECT_EQ(payloads, 1000U);
        for (const auto& script : scripts) EXPECT_FALSE(script->accepts());
    }
}

TEST_F(Live, AnOpenContainerGoesOutWhenItsOldestPayloadIsASecondOld) {
    start();
    scripts[0]->frame(message(1, 1, false), now());
    scripts[0]->frame(message(1, 1, true), now());
    const auto begin = std::chrono::steady_clock::now();
    ASSERT_TRUE(soon([&] { return !output.files().empty(); }));
    const auto took = std::chrono::steady_clock::now() - begin;
    EXPECT_GT(took, 800ms);
    EXPECT_LT(took, 2500ms);
    EXPECT_EQ(payloads_in(output.files().begin()->second), 1U);
}

TEST_F(Live, QueriesThatAreDueLeaveByTheClockWhenNoFrameComes) {
    setup.settings.query_timeout_s = 2;
    start();
    scripts[0]->frame(message(1, 1, false), now());
    ASSERT_TRUE(soon([&] { return sensor->status().queries_waiting == 1; }));
    EXPECT_EQ(sensor->status().query_octets, std::size_t{128} << 10) << "a chunk of the table's slab";
    clock.ahead_ns = 4 * Time::per_second;
    EXPECT_TRUE(soon([&] { return sensor->status().queries_waiting == 0; }));
    expect_closed(sensor->stop(5s));
}

TEST_F(Live, AResponseThatStillLiesInTheKernelIsNotOvertakenByTheClock) {
    setup.settings.query_timeout_s = 2;
    start();
    const Time asked = Time::of(now().seconds(), 0);
    scripts[0]->frame(message(1, 1, false), asked);
    ASSERT_TRUE(soon([&] { return sensor->status().queries_waiting == 1; }));
    // The wall is just past the second at which it would be due.
    clock.ahead_ns = Time::of(asked.seconds() + 3, 20'000'000).ns - LiveClock().wall().ns;
    std::this_thread::sleep_for(50ms);
    scripts[0]->frame(message(1, 1, true), Time::of(asked.seconds() + 2, 999'000'000));
    ASSERT_TRUE(soon([&] { return scripts[0]->taken(); }));
    const RunResult result = sensor->stop(5s);
    EXPECT_EQ(result.ledger.transactions.by_kind[0], 1U);
    expect_closed(result);
}

TEST_F(Live, AFullQueueIsCountedAndNeverWaitedFor) {
    output.block(true);
    start();
    // Containers of 1 MiB, more of them than queue and writer hold.
    constexpr std::uint16_t messages = 60'000;
    for (std::uint16_t id = 0; id < messages; ++id)
        scripts[0]->frame(message(id, 1, true, 900), now());  // without a query: goes out at once
    ASSERT_TRUE(soon([&] { return scripts[0]->taken(); }));
    ASSERT_TRUE(soon([&] { return sensor->status().queues[0].counts.dropped > 0; }));
    output.block(false);
    const RunResult result = sensor->stop(5s);
    EXPECT_EQ(result.ledger.frames, messages);
    EXPECT_GT(dropped(result, DropReason::queue_full), 0U);
    EXPECT_LT(dropped(result, DropReason::queue_full), messages / 2U);
    expect_closed(result);
    ASSERT_EQ(result.queues.size(), 1U);
    EXPECT_EQ(result.queues[0].dropped, dropped(result, DropReason::queue_full));
    EXPECT_GT(result.queues[0].containers, LiveSetup().containers);
    EXPECT_FALSE(result.error) << "what a slow disk loses is counted, and no error of the run";
    EXPECT_NE(log.text().find("queue_full: "), std::string::npos) << log.text();
}

TEST_F(Live, AWriterThatIsBehindCompressesLessUntilItHasCaughtUp) {
    setup.compression = FileCompression::best;
    output.block(true);
    start();
    // 28 containers of 1 MiB: over half of the queue, and nothing lost.
    constexpr std::uint16_t messages = 27'000;
    for (std::uint16_t id = 0; id < messages; ++id) scripts[0]->frame(message(id, 1, true, 960), now());
    ASSERT_TRUE(soon([&] { return scripts[0]->taken() && sensor->status().queues[0].waiting >= 25; }));
    output.block(false);
    ASSERT_TRUE(soon([&] { return sensor->status().queues[0].waiting == 0; }));
    const LiveStatus caught_up = sensor->status();
    EXPECT_GE(caught_up.hurried, 18U);
    EXPECT_LE(caught_up.hurried, 25U) << "the last ones are compressed as asked for";
    EXPECT_NE(log.text().find("compression best is too slow"), std::string::npos) << log.text();
    const RunResult result = sensor->stop(5s);
    EXPECT_EQ(dropped(result, DropReason::queue_full), 0U);
    EXPECT_EQ(result.hurried, caught_up.hurried) << "a calm end needs no haste";
    expect_closed(result);
    const auto files = output.files();
    ASSERT_EQ(files.size(), 1U);
    EXPECT_EQ(payloads_in(files.begin()->second), messages);
}

TEST_F(Live, AStalledDiskEndsTheRunInTimeAndTheLossIsTold) {
    output.block(true);
    start();
    scripts[0]->frame(message(1, 1, true), now());
    ASSERT_TRUE(soon([&] { return scripts[0]->taken(); }));
    const auto begin = std::chrono::steady_clock::now();
    const RunResult result = sensor->stop(700ms);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
    EXPECT_TRUE(sensor->stalled());
    EXPECT_EQ(dropped(result, DropReason::disk_full), 1U);
    expect_closed(result);
    ASSERT_TRUE(result.error);
    EXPECT_NE(result.error->text().find("1 transactions that waited for it are lost"), std::string::npos)
        << result.error->text();
    output.block(false);
}

TEST_F(Live, AFullDiskLosesContainersOnlyAsLongAsItIsFull) {
    output.refuse(true);
    start();
    scripts[0]->frame(message(1, 1, true), now());
    ASSERT_TRUE(soon([&] { return sensor->status().disk_failing; }));
    EXPECT_NE(log.text().find("the disk: is full; disk_full: 1 transactions lost, capture goes on"),
              std::string::npos)
        << log.text();
    output.refuse(false);
    scripts[0]->frame(message(2, 1, true), now());
    ASSERT_TRUE(soon([&] { return !sensor->status().disk_failing; }));
    EXPECT_NE(log.text().find("writing again; disk_full: 1 transactions lost in all"), std::string::npos);
    const RunResult result = sensor->stop(5s);
    EXPECT_EQ(dropped(result, DropReason::disk_full), 1U);
    EXPECT_EQ(sum(result.ledger.payloads), 1U);
    expect_closed(result);
    EXPECT_TRUE(result.error);
}

TEST_F(Live, RotateEndsTheFileWithAllThatCameBefore) {
    setup.workers = 2;
    start();
    scripts[0]->frame(message(1, 1, true), now());
    scripts[1]->frame(message(2, 2, true), now());
    ASSERT_TRUE(soon([&] { return scripts[0]->taken() && scripts[1]->taken(); }));
    std::this_thread::sleep_for(300ms);  // the batch in which they were taken has ended
    sensor->rotate();
    ASSERT_TRUE(soon([&] { return output.closed() == 1; }));
    ASSERT_EQ(output.files().size(), 1U);
    EXPECT_EQ(payloads_in(output.files().begin()->second), 2U);
    scripts[0]->frame(message(3, 1, true), now());
    expect_closed(sensor->stop(5s));
    EXPECT_EQ(output.files().size(), 2U);
}

TEST_F(Live, FilesEndByTheClockWithoutTraffic) {
    setup.rotation = {3600, 0};
    start();
    scripts[0]->frame(message(1, 1, true), now());
    ASSERT_TRUE(soon([&] { return !output.files().empty(); }));
    EXPECT_EQ(output.closed(), 0U);
    clock.ahead_ns = 3601 * Time::per_second;
    EXPECT_TRUE(soon([&] { return output.closed() == 1; }));
    // Set back by a day: the file in hand ends at a boundary of the new time, not a day later.
    scripts[0]->frame(message(2, 1, true), now());
    ASSERT_TRUE(soon([&] { return output.files().size() == 2; }));
    clock.ahead_ns = -86400 * Time::per_second;
    std::this_thread::sleep_for(1100ms);
    clock.ahead_ns = -86400 * Time::per_second + 3601 * Time::per_second;
    EXPECT_TRUE(soon([&] { return output.closed() == 2; }));
}

TEST_F(Live, KernelDropsAreFramesThatNobodySaw) {
    start();
    scripts[0]->kernel_drops(7);
    ASSERT_TRUE(soon([&] { return sensor->status().ledger.drops[index_of(DropReason::kernel_drop)] == 7; }));
    EXPECT_EQ(sensor->status().kernel_drops, std::vector<std::uint64_t>{7}) << "of the one interface";
    scripts[0]->kernel_drops(1);
    const RunResult result = sensor->stop(5s);
    EXPECT_EQ(result.ledger.frames, 8U);
    EXPECT_EQ(dropped(result, DropReason::kernel_drop), 8U);
    expect_closed(result);
    EXPECT_NE(log.text().find("kernel_drop: 7 frames lost"), std::string::npos) << log.text();
}

TEST_F(Live, WhatHappensToAnInterfaceIsTold) {
    start();
    scripts[0]->change(capture::LinkState::down, "if0: the interface is down");
    EXPECT_TRUE(soon([&] { return log.text().find("if0: the interface is down") != std::string::npos; }));
    EXPECT_TRUE(soon([&] { return sensor->status().links.at(0) == capture::LinkState::down; }));
}

TEST_F(Live, FramesOfTwoInterfacesMeetInTheOrderOfTheirStamps) {
    setup.interfaces = {{"if0", false}, {"if1", false}};
    start();
    const Time time = now();
    scripts[1]->frame(message(1, 1, true), Time{time.ns + 1000});  // the response is seen first
    std::this_thread::sleep_for(20ms);
    scripts[0]->frame(message(1, 1, false), time);
    ASSERT_TRUE(soon([&] { return scripts[0]->taken() && scripts[1]->taken(); }));
    const RunResult result = sensor->stop(5s);
    EXPECT_EQ(result.ledger.transactions.by_kind[0], 1U);
    expect_closed(result);
}

}  // namespace
}  // namespace sie::sensor
