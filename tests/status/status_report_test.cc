// What a report is made of facts and history, and when each warning holds.
#include "status/status_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "status/made_report.h"
#include "status/process_status.h"
#include "status/status_warnings.h"

namespace sie::status {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> words_of(const StatusReport& report) {
    std::vector<std::string> words;
    for (const Warning& warning : report.warnings) words.emplace_back(warning.word);
    return words;
}

TEST(StatusReport, RatesAreThoseOfTheHistory) {
    const StatusReport report = test::calm_report();
    EXPECT_EQ(report.uptime_ns, 60 * Time::per_second);
    EXPECT_DOUBLE_EQ(report.rates[1].frames, 2000);
    EXPECT_NEAR(report.rates[1].transactions, 55000 / 60.0, 1e-9);
    EXPECT_NEAR(report.rates[1].payloads, 55000 / 60.0, 1e-9);
    EXPECT_EQ(report.filtered_rd_share, 0.0);
    EXPECT_EQ(report.upload_age_ns, Time::per_second);
    EXPECT_THAT(words_of(report), IsEmpty());
}

TEST(StatusReport, OfNothingIsWhole) {
    const StatusReport report = test::empty_report();
    EXPECT_EQ(report.rates[0].covered_ns, 0);
    EXPECT_EQ(report.filtered_rd_share, std::nullopt);
    EXPECT_THAT(words_of(report), IsEmpty());
}

TEST(StatusReport, TheFullOneHasEveryWarningOfARunningSensor) {
    std::vector<std::string> expected(warning_words().begin(), warning_words().end());
    std::erase(expected, "files_removed");  // that needs upload=no
    EXPECT_EQ(words_of(test::full_report()), expected);
}

TEST(StatusReport, BalancesAreOpenByWhatIsInHand) {
    sensor::LiveStatus live;
    live.ledger.frames = 10;
    live.ledger.messages = 10;
    live.ledger.transactions.by_kind[0] = 4;  // eight messages, four transactions
    live.ledger.payloads[1] = 1;
    live.queries_waiting = 2;
    live.payloads_waiting = 3;
    EXPECT_EQ(open_balances(live), (std::array<std::int64_t, 3>{0, 0, 0}));
    live.ledger.frames = 12;
    EXPECT_EQ(open_balances(live)[0], 2);
}

TEST(StatusReport, AStepOfTheWallChangesNoAge) {
    StatusFacts facts = test::full_facts();
    facts.now.wall = Time::of(0, 0);
    facts.upload.last_success =
        Moment{Time::of(4'000'000'000, 0), facts.now.steady_ns - 5 * Time::per_second};
    const StatusReport report = make_report(facts, {});
    EXPECT_EQ(report.uptime_ns, 3600 * Time::per_second);
    EXPECT_EQ(report.upload_age_ns, 5 * Time::per_second);
    facts.upload.last_success->steady_ns = facts.now.steady_ns + 1;
    EXPECT_EQ(make_report(facts, {}).upload_age_ns, 0) << "never negative";
}

// A calm sensor with one thing changed, now or in the last minute.
StatusReport with(const std::function<void(StatusFacts&)>& now, std::int64_t seconds = 60) {
    StatusFacts facts = test::calm_report().facts;
    facts.now = test::after(seconds);
    facts.upload.last_success = test::after(seconds - 1);
    StatusHistory history;
    StatusSample before = sample_of(facts);
    before.steady_ns = test::start.steady_ns + (seconds - 60) * Time::per_second;
    history.take(before);
    now(facts);
    history.take(sample_of(facts));
    return make_report(facts, history);
}

struct WarningCase {
    const char* word;
    std::function<void(StatusFacts&)> holds, just_not;
    const char* says;
};

TEST(StatusWarnings, EachHoldsForItsReasonAndNotForOneCloseToIt) {
    const auto drop = [](StatusFacts& f, DropReason reason) -> std::uint64_t& {
        return f.live.ledger.drops[index_of(reason)];
    };
    const auto nothing = [](StatusFacts&) {};
    const std::vector<WarningCase> cases{
        {"disk_failing", [](StatusFacts& f) { f.live.disk_failing = true; }, nothing, "disk"},
        {"interface_not_attached", [](StatusFacts& f) { f.live.links[0] = capture::LinkState::down; },
         [](StatusFacts& f) { f.live.links[0] = capture::LinkState::attached; },
         "\"eth0\": the interface is down"},
        {"kernel_drops", [&](StatusFacts& f) { drop(f, DropReason::kernel_drop) += 1; },
         [&](StatusFacts& f) { drop(f, DropReason::not_udp) += 1; }, "dropped 1 frame in the last 60 s"},
        {"queue_full", [&](StatusFacts& f) { drop(f, DropReason::queue_full) += 2; }, nothing,
         "2 transactions"},
        {"disk_full", [&](StatusFacts& f) { drop(f, DropReason::disk_full) += 3; }, nothing,
         "3 transactions"},
        {"evictions", [](StatusFacts& f) { f.live.ledger.transactions.evicted += 4; }, nothing, "4 queries"},
        {"clock_unsynchronised", [](StatusFacts& f) { f.clock.state = ClockState::unsynchronised; },
         [](StatusFacts& f) { f.clock.state = ClockState::unknown; }, "NTP"},
        {"upload_stopped", [](StatusFacts& f) { f.upload.stopped = "no key"; },
         [](StatusFacts& f) {
             f.run.upload = false;
             f.run.archive = true;
             f.upload.stopped = "no key";
         },
         "no key"},
        {"upload_age",
         [](StatusFacts& f) { f.upload.last_success->steady_ns = f.now.steady_ns - 3600 * Time::per_second; },
         [](StatusFacts& f) { f.upload.last_success->steady_ns = f.now.steady_ns - 3599 * Time::per_second; },
         "for 60 minutes"},
        {"backlog_growing", [](StatusFacts& f) { f.spool.waiting.files = 11; },
         [](StatusFacts& f) { f.spool.waiting.files = 10; }, "11 wait"},
        {"spool_nearly_full", [](StatusFacts& f) { f.spool.waiting.octets = 429'496'740; },
         [](StatusFacts& f) { f.spool.waiting.octets = 429'490'000; }, "80 %"},
        {"spool_overflow", [](StatusFacts& f) { f.spool.lost_files = 5; }, nothing, "5 files"},
        {"archive_stopped",
         [](StatusFacts& f) {
             f.run.archive = true;
             f.spool.archive_stopped = true;
         },
         [](StatusFacts& f) { f.spool.archive_stopped = true; }, "archived"},
        {"forwarder",
         [&](StatusFacts& f) {
             f.live.ledger.transactions.by_kind[0] += 100;
             drop(f, DropReason::filtered_rd) += 51;
         },
         [&](StatusFacts& f) {
             f.live.ledger.transactions.by_kind[0] += 100;
             drop(f, DropReason::filtered_rd) += 50;
         },
         "51 %"},
        {"files_removed", [](StatusFacts& f) { f.run.upload = false; },
         [](StatusFacts& f) {
             f.run.upload = false;
             f.run.archive = true;
         },
         "removed"},
    };
    std::vector<std::string> tried;
    for (const WarningCase& c : cases) {
        tried.emplace_back(c.word);
        const StatusReport holding = with(c.holds);
        EXPECT_THAT(words_of(holding), ElementsAre(c.word));
        if (!holding.warnings.empty()) EXPECT_THAT(holding.warnings[0].text, HasSubstr(c.says));
        EXPECT_THAT(words_of(with(c.just_not)), IsEmpty()) << c.word;
    }
    EXPECT_THAT(tried, testing::ElementsAreArray(warning_words().begin(), warning_words().end()));
}

TEST(StatusWarnings, FewTransactionsOrTheOtherSettingAreNoForwarder) {
    const auto filtered = [](StatusFacts& f) {
        f.live.ledger.transactions.by_kind[0] += least_for_forwarder - 1;
        f.live.ledger.drops[index_of(DropReason::filtered_rd)] += least_for_forwarder - 1;
    };
    EXPECT_THAT(words_of(with(filtered)), IsEmpty());
    EXPECT_THAT(words_of(with([&](StatusFacts& f) {
                    f.live.ledger.transactions.by_kind[0] += 1;
                    filtered(f);
                })),
                ElementsAre("forwarder"));
    EXPECT_THAT(words_of(with([&](StatusFacts& f) {
                    f.live.ledger.transactions.by_kind[0] += 1;
                    filtered(f);
                    f.run.wants_rd_clear = false;
                })),
                IsEmpty());
}

TEST(StatusWarnings, ASensorThatNeverUploadedCountsFromItsStart) {
    const auto never = [](StatusFacts& f) { f.upload.last_success.reset(); };
    EXPECT_THAT(words_of(with(never, 3599)), IsEmpty());
    const StatusReport report = with(never, 3600);
    ASSERT_THAT(words_of(report), ElementsAre("upload_age"));
    EXPECT_THAT(report.warnings[0].text, HasSubstr("since the start, 60 minutes ago"));
}

TEST(ProcessStatus, TellsOfThisProcess) {
    const ProcessStatus status = read_process_status();
    EXPECT_GT(status.resident_octets, 1U << 20);
    EXPECT_GE(status.peak_octets, status.resident_octets);
    EXPECT_GT(status.cpu_ns, 0);
}

}  // namespace
}  // namespace sie::status
