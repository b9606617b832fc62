// Sources through a selection into sinks: stripe, mirror, count, stop, errors.
#include "stream/engine.h"

#include <gtest/gtest.h>

#include <thread>

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
        return {};
    }
    Result<void> close() override {
        got_.closed = true;
        got_.sizes_at_close.push_back(got_.ids.size());
        return {};
    }
    Result<void> tick() override {
        ++got_.ticks;
        return {};
    }

  private:
    Got& got_;
    std::size_t fails_at_;
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
    EXPECT_EQ(two.second.sizes_at_close, (std::vector<std::size_t>{2, 4}));
    EXPECT_TRUE(two.first.sizes_at_close.empty()) << "what cannot rotate is left alone (N58)";
    EXPECT_TRUE(two.engine->finish());
    EXPECT_EQ(two.second.sizes_at_close, (std::vector<std::size_t>{2, 4, 5}));
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
