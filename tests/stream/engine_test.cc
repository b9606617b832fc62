// Sources through a selection into sinks: stripe, mirror, count, stop, errors.
#include "stream/engine.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "stream/clock.h"
#include "stream/ticker.h"
#include "support/source_of.h"

namespace sie::stream {
namespace {

using Ids = std::vector<std::uint32_t>;

// Payloads whose source field tells them apart; `after_stop` more come once it is stopped.
class Numbered final : public Source {
  public:
    explicit Numbered(std::uint32_t count, std::uint32_t after_stop = 0)
        : left_(count), after_stop_(after_stop) {}
    bool next(nmsg::Payload& out) override {
        std::uint32_t& from = stopped ? after_stop_ : left_;
        if (from == 0) return false;
        --from;
        out = {};
        out.vendor = 1;
        out.type = made % 2 == 0 ? 9 : 6;
        out.source = made++;
        return true;
    }
    void stop() override { stopped = true; }
    const std::optional<Error>& error() const override { return damage; }
    void report(const std::function<void(const std::string&)>&) const override {}
    const OctetSource* octets() const override { return &octets_; }
    bool stopped = false;
    std::uint32_t made = 0;
    std::optional<Error> damage;

  private:
    std::uint32_t left_, after_stop_;
    OctetSource octets_ = source_of({});
};

struct Got {
    Ids ids;
    bool closed = false;
    std::vector<std::size_t> sizes_at_close;
    int ticks = 0;
};

class Kept final : public Sink {
  public:
    Kept(Got& got, std::size_t fails_at = SIZE_MAX) : got_(got), fails_at_(fails_at) {}
    Result<void> put(const nmsg::Payload& payload) override {
        if (got_.ids.size() == fails_at_) return fail(ErrorKind::system, "sink", "is full");
        got_.ids.push_back(*payload.source);
        ++taken_;
        return {};
    }
    Result<void> close() override {  // of one that rotates: in another thread, till finish()
        got_.closed = true;
        got_.sizes_at_close.push_back(taken_);
        return {};
    }
    Result<void> tick() override {
        ++got_.ticks;
        return {};
    }

  private:
    Got& got_;
    std::size_t fails_at_, taken_ = 0;
};

const std::atomic<bool> running = false;

class Two {
  public:
    explicit Two(bool mirror, std::optional<std::uint64_t> count = {}, std::size_t fails_at = SIZE_MAX)
        : Two(EngineOptions{.mirror = mirror, .count = count}, fails_at) {}
    explicit Two(EngineOptions options, std::size_t fails_at = SIZE_MAX, bool rotates = false) {
        std::vector<Output> outputs(2);
        outputs[0].open = [this](Output::Opening, Time) { return std::make_unique<Kept>(first); };
        outputs[1].open = [this, fails_at](Output::Opening opening, Time when) {
            if (opening == Output::Opening::again) opened_again.push_back(when.seconds());
            return std::make_unique<Kept>(second, fails_at);
        };
        outputs[1].rotates = rotates;
        options.clock = [this] { return now; };
        options.on_over = [this] { ++told_over; };
        engine.emplace(std::move(outputs), std::move(options));
        EXPECT_TRUE(engine->open());
    }
    bool run(Source& source, const Selection& selection = {}, const std::atomic<bool>& stop = running) {
        return engine->run(source, selection, stop, {});
    }
    Got first, second;
    Time now = Time::of(1000, 0);
    std::vector<std::int64_t> opened_again;
    int told_over = 0;
    std::optional<Engine> engine;
};

TEST(Engine, StripesFromOutputToOutputAcrossSources) {
    Two two(false);
    Numbered a(3), b(2);
    EXPECT_TRUE(two.run(a));
    EXPECT_TRUE(two.run(b));
    EXPECT_TRUE(two.engine->finish());
    EXPECT_EQ(two.first.ids, (Ids{0, 2, 1}));
    EXPECT_EQ(two.second.ids, (Ids{1, 0}));
    EXPECT_TRUE(two.first.closed && two.second.closed);
}

TEST(Engine, MirrorsToEveryOutput) {
    Two two(true);
    Numbered source(3);
    EXPECT_TRUE(two.run(source));
    EXPECT_EQ(two.first.ids, (Ids{0, 1, 2}));
    EXPECT_EQ(two.second.ids, two.first.ids);
}

TEST(Engine, ACountIsOfEachOutputAndStopsTheSource) {
    Two two(false, 2);
    Numbered source(100);
    EXPECT_FALSE(two.run(source));
    EXPECT_TRUE(source.stopped);
    EXPECT_EQ(two.first.ids, (Ids{0, 2}));
    EXPECT_EQ(two.second.ids, (Ids{1, 3}));
    Two mirrored(true, 2);
    Numbered other(100);
    EXPECT_FALSE(mirrored.run(other));
    EXPECT_EQ(mirrored.first.ids, (Ids{0, 1}));
    Numbered late(5);
    EXPECT_FALSE(mirrored.run(late));
    EXPECT_EQ(mirrored.first.ids.size(), 2U);
}

TEST(Engine, WhatASourceStillMakesIsWritten) {
    Two two(true, 1);
    Numbered source(100, 3);
    EXPECT_FALSE(two.run(source));
    EXPECT_EQ(two.first.ids, (Ids{0, 1, 2, 3}));
}

TEST(Engine, ASignalStopsTheSource) {
    const std::atomic<bool> stop = true;
    Two two(true);
    Numbered source(100);
    EXPECT_FALSE(two.run(source, {}, stop));
    EXPECT_TRUE(source.stopped);
    EXPECT_EQ(two.first.ids.size(), 0U);
}

TEST(Engine, AnErrorOfASinkEndsTheRunAndIsTold) {
    Two two(true, {}, 2);
    Numbered source(100);
    EXPECT_FALSE(two.run(source));
    const auto finished = two.engine->finish();
    ASSERT_FALSE(finished);
    EXPECT_EQ(finished.error().what, "sink");
    EXPECT_EQ(two.second.ids.size(), 2U);
    EXPECT_TRUE(two.first.closed);
}

TEST(Engine, DamageEndsTheRun) {
    Two two(true);
    Numbered source(1);
    source.damage = Error{ErrorKind::damaged, "file", {}, "is cut", {}};
    EXPECT_FALSE(two.run(source));
    EXPECT_EQ(two.first.ids.size(), 1U);
}

TEST(Engine, WithRotationACountClosesAndOpensTheFilesAlone) {
    Two two(EngineOptions{.mirror = true, .rotate = true, .count = 2}, SIZE_MAX, true);
    Numbered source(5);
    EXPECT_TRUE(two.run(source));
    EXPECT_FALSE(two.engine->over());
    EXPECT_EQ(two.second.ids.size(), 5U);
    EXPECT_TRUE(two.first.sizes_at_close.empty()) << "what cannot rotate is left alone (N58)";
    EXPECT_TRUE(two.engine->finish());
    EXPECT_EQ(two.second.sizes_at_close, (std::vector<std::size_t>{2, 2, 1}));
}

TEST(Engine, IntervalsEndAtMultiplesOfTheClockWhetherPayloadsCameOrNot) {
    Two two(EngineOptions{.rotate = true, .interval = EngineOptions::Interval{60, 0}}, SIZE_MAX, true);
    EXPECT_EQ(two.engine->next_end(), Time::of(1020, 0));
    two.engine->tick(Time::of(1019, 999'999'999));
    EXPECT_TRUE(two.opened_again.empty());
    two.engine->tick(Time::of(1020, 5));
    two.engine->tick(Time::of(1021, 0));
    EXPECT_EQ(two.opened_again, (std::vector<std::int64_t>{1020}));
    two.engine->tick(Time::of(1300, 0));  // a clock that jumps ends one interval, not five
    EXPECT_EQ(two.opened_again, (std::vector<std::int64_t>{1020, 1300}));
    EXPECT_EQ(two.engine->next_end(), Time::of(1320, 0));
}

TEST(Engine, AnOffsetMovesTheEndsOfIntervals) {
    Two two(EngineOptions{.rotate = true, .interval = EngineOptions::Interval{60, 45}}, SIZE_MAX, true);
    EXPECT_EQ(two.engine->next_end(), Time::of(1005, 0));
}

TEST(Engine, WithoutRotationTheEndOfAnIntervalEndsTheRun) {
    Two two(EngineOptions{.interval = EngineOptions::Interval{60, 0}});
    two.engine->tick(Time::of(1020, 0));
    EXPECT_TRUE(two.engine->over());
    EXPECT_EQ(two.told_over, 1);
    Numbered source(5, 2);
    EXPECT_FALSE(two.run(source));
    EXPECT_TRUE(source.stopped);
    EXPECT_EQ(two.first.ids.size() + two.second.ids.size(), 2U) << "what it still makes is written";
}

TEST(Engine, OnDemandEverythingThatCanIsOpenedAgain) {
    Two two(EngineOptions{.rotate = true}, SIZE_MAX, true);
    two.engine->rotate(Time::of(1001, 0));
    EXPECT_EQ(two.opened_again, (std::vector<std::int64_t>{1001}));
    EXPECT_FALSE(two.first.closed);
}

TEST(Engine, TicksReachSinksOnlyWhenAnInputIsLive) {
    Two live(EngineOptions{.live = true}), still(EngineOptions{});
    live.engine->tick(Time::of(1001, 0));
    still.engine->tick(Time::of(1001, 0));
    EXPECT_EQ(live.first.ticks, 1);
    EXPECT_EQ(still.first.ticks, 0);
}

TEST(Engine, AFilterIsAskedForEverySource) {
    auto filter = text::PayloadFilter::parse("--filter", "msgtype=6");
    ASSERT_TRUE(filter);
    Two two(EngineOptions{.mirror = true, .filter = &*filter});
    Numbered source(5);
    EXPECT_TRUE(two.run(source));
    EXPECT_EQ(two.first.ids, (Ids{1, 3}));
}

TEST(Engine, SourcesInTwoThreadsLoseNothing) {
    Two two(EngineOptions{.live = true});
    Numbered a(20'000), b(20'000);
    std::thread beside([&] { EXPECT_TRUE(two.run(b)); });
    EXPECT_TRUE(two.run(a));
    beside.join();
    EXPECT_EQ(two.first.ids.size(), 20'000U);
    EXPECT_EQ(two.second.ids.size(), 20'000U);
}

// A count that a source in one thread reaches is the end of that in the other, while a clock ticks: under the
// thread sanitizer a race on the flag of the end, or on the count that progress is told, shows here.
TEST(Engine, SourcesInThreadsEndTogetherAndTellTheirProgress) {
    for (int round = 0; round < 20; ++round) {
        Two two(EngineOptions{.mirror = true, .count = 30'000, .live = true});
        Numbered a(1'000'000), b(1'000'000);
        std::atomic<std::uint64_t> told_most = 0, calls = 0;
        const auto progress = [&](const Source&, std::uint64_t read) {
            ++calls;
            std::uint64_t seen = told_most;
            while (seen < read && !told_most.compare_exchange_weak(seen, read)) {}
        };
        {
            const Ticker ticker(*two.engine);
            std::thread beside([&] { EXPECT_FALSE(two.engine->run(b, {}, running, progress)); });
            EXPECT_FALSE(two.engine->run(a, {}, running, progress));
            beside.join();
        }
        EXPECT_TRUE(two.engine->over());
        EXPECT_TRUE(a.stopped && b.stopped);
        EXPECT_EQ(told_most, a.made + b.made) << "the last one is told the sum of both";
        EXPECT_GE(calls, 2U + (a.made / 4096) + (b.made / 4096));
        EXPECT_EQ(two.first.ids, two.second.ids);
        EXPECT_EQ(two.told_over, 1);
        EXPECT_TRUE(two.engine->finish());
    }
}

// Of a payload that nobody takes the progress is told all the same.
TEST(Engine, ProgressGoesOnWhenNothingIsTaken) {
    Two two(true);
    Numbered source(10'000);
    std::vector<std::uint64_t> told;
    EXPECT_TRUE(two.engine->run(source, Selection{.source = 0xffffffff}, running,
                                [&](const Source&, std::uint64_t read) { told.push_back(read); }));
    EXPECT_EQ(told, (std::vector<std::uint64_t>{4096, 8192, 10'000}));
    Numbered next(10);
    EXPECT_TRUE(two.engine->run(next, Selection{}, running,
                                [&](const Source&, std::uint64_t read) { told.push_back(read); }));
    EXPECT_EQ(told.back(), 10'010U) << "of all sources together";
}

// A disk: closing takes until it is let go on.
struct SlowDisk {
    std::mutex mutex;
    std::condition_variable changed;
    bool free = false;
    int opened = 0, failing = -1;
    std::vector<int> closed;
    std::vector<Ids> files;
    bool wait_for_free() {
        std::unique_lock lock(mutex);
        return changed.wait_for(lock, std::chrono::seconds(20), [&] { return free; });
    }
    void let_go() {
        const std::lock_guard lock(mutex);
        free = true;
        changed.notify_all();
    }
};
class OnSlowDisk final : public Sink {
  public:
    explicit OnSlowDisk(SlowDisk& disk) : disk_(disk) {
        const std::lock_guard lock(disk_.mutex);
        number_ = disk_.opened++;
        disk_.files.resize(static_cast<std::size_t>(disk_.opened));
    }
    Result<void> put(const nmsg::Payload& payload) override {
        ids_.push_back(*payload.source);
        return {};
    }
    Result<void> close() override {
        EXPECT_TRUE(disk_.wait_for_free()) << "who writes to the next file waited for this one";
        const std::lock_guard lock(disk_.mutex);
        disk_.closed.push_back(number_);
        if (number_ == disk_.failing) return fail(ErrorKind::system, "disk", "is full");
        disk_.files[static_cast<std::size_t>(number_)] = ids_;
        return {};
    }

  private:
    SlowDisk& disk_;
    int number_ = 0;
    Ids ids_;
};
class Rotating {
  public:
    explicit Rotating(EngineOptions options) {
        std::vector<Output> outputs(1);
        outputs[0].rotates = true;
        outputs[0].open = [this](Output::Opening, Time) { return std::make_unique<OnSlowDisk>(disk); };
        options.rotate = true;
        options.clock = [] { return Time::of(1000, 0); };
        options.on_over = [this] { over = true; };
        engine.emplace(std::move(outputs), std::move(options));
        EXPECT_TRUE(engine->open());
    }
    SlowDisk disk;
    std::atomic<bool> over = false;
    std::optional<Engine> engine;
};

TEST(Engine, ASlowDiskHoldsUpNoneOfWhatComesAfterARotation) {
    Rotating rotating(EngineOptions{.interval = EngineOptions::Interval{60, 0}});
    Numbered before(3), after(4), last(1);
    EXPECT_TRUE(rotating.engine->run(before, {}, running, {}));
    rotating.engine->tick(Time::of(1020, 0));
    EXPECT_TRUE(rotating.engine->run(after, {}, running, {})) << "the file before is still being closed";
    rotating.engine->rotate(Time::of(1021, 0));
    EXPECT_TRUE(rotating.engine->run(last, {}, running, {}));
    EXPECT_TRUE(rotating.disk.closed.empty());
    rotating.disk.let_go();
    EXPECT_TRUE(rotating.engine->finish());
    EXPECT_EQ(rotating.disk.closed, (std::vector<int>{0, 1, 2})) << "in order";
    EXPECT_EQ(rotating.disk.files, (std::vector<Ids>{{0, 1, 2}, {0, 1, 2, 3}, {0}}));
}

TEST(Engine, ADiskThatStaysBehindIsWaitedForSoThatMemoryIsBounded) {
    Rotating rotating(EngineOptions{.count = 1});
    Numbered source(50);
    std::thread later([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        {
            const std::lock_guard lock(rotating.disk.mutex);
            EXPECT_LE(rotating.disk.opened, 5);
        }
        rotating.disk.let_go();
    });
    EXPECT_TRUE(rotating.engine->run(source, {}, running, {}));
    later.join();
    EXPECT_TRUE(rotating.engine->finish());
    ASSERT_EQ(rotating.disk.files.size(), 50U);
    for (std::uint32_t i = 0; i < 50; ++i) EXPECT_EQ(rotating.disk.files[i], Ids{i});
}

TEST(Engine, AFileThatCannotBeClosedEndsTheRunAndIsTold) {
    Rotating rotating(EngineOptions{.count = 2});
    rotating.disk.failing = 1;
    rotating.disk.let_go();
    Numbered source(UINT32_MAX);
    EXPECT_FALSE(rotating.engine->run(source, {}, running, {}));
    EXPECT_TRUE(rotating.over && rotating.engine->over());
    const auto finished = rotating.engine->finish();
    ASSERT_FALSE(finished);
    EXPECT_EQ(finished.error().what, "disk");
}

TEST(Selection, TakesWhatEqualsInEveryFieldThatIsSet) {
    nmsg::Payload payload;
    payload.vendor = 1;
    payload.type = 9;
    payload.source = 5;
    payload.group = 7;
    EXPECT_TRUE(Selection{}.admits(payload));
    EXPECT_TRUE((Selection{.type = text::find_type(1, 9), .source = 5, .group = 7}.admits(payload)));
    EXPECT_FALSE((Selection{.type = text::find_type(1, 6)}.admits(payload)));
    EXPECT_FALSE((Selection{.source = 6}.admits(payload)));
    EXPECT_FALSE((Selection{.group_operator = 1}.admits(payload))) << "an absent one equals nothing";
}

}  // namespace
}  // namespace sie::stream
