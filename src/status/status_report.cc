#include "status/status_report.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "status/status_warnings.h"

namespace sie::status {
namespace {

[[nodiscard]] double per_second(std::uint64_t count, std::int64_t covered_ns) {
    return static_cast<double>(count) / (static_cast<double>(covered_ns) / Time::per_second);
}

[[nodiscard]] std::uint64_t dropped(const sensor::Ledger& ledger, DropReason reason) {
    return ledger.drops[index_of(reason)];
}

}  // namespace

std::int64_t age_ns(const Moment& then, const Moment& now) {
    return std::max<std::int64_t>(now.steady_ns - then.steady_ns, 0);
}

std::string_view word_of(ClockState state) {
    constexpr std::array<std::string_view, clock_state_count> words{"unknown", "unsynchronised",
                                                                    "synchronised"};
    return words[static_cast<std::size_t>(state)];
}

std::uint64_t all_kinds(const sensor::Ledger& ledger) {
    const auto& kinds = ledger.transactions.by_kind;
    return std::accumulate(kinds.begin(), kinds.end(), std::uint64_t{0});
}

std::array<std::int64_t, 3> open_balances(const sensor::LiveStatus& live) {
    std::array<std::int64_t, 3> open = live.ledger.balances();
    open[1] -= static_cast<std::int64_t>(live.queries_waiting);
    open[2] -= static_cast<std::int64_t>(live.payloads_waiting);
    return open;
}

StatusSample sample_of(const StatusFacts& facts) {
    const sensor::Ledger& l = facts.live.ledger;
    StatusSample s;
    s.steady_ns = facts.now.steady_ns;
    s.frames = l.frames;
    s.transactions = all_kinds(l);
    s.payloads = sensor::sum(l.payloads);
    s.filtered_rd = dropped(l, DropReason::filtered_rd);
    s.kernel_drops = dropped(l, DropReason::kernel_drop);
    s.queue_full = dropped(l, DropReason::queue_full);
    s.disk_full = dropped(l, DropReason::disk_full);
    s.evicted = l.transactions.evicted;
    s.spool_lost_files = facts.spool.lost_files;
    s.waiting_files = facts.spool.waiting.files;
    return s;
}

StatusReport make_report(StatusFacts facts, const StatusHistory& history) {
    StatusReport report;
    report.facts = std::move(facts);
    const StatusFacts& f = report.facts;
    report.uptime_ns = age_ns(f.run.started, f.now);
    for (std::size_t i = 0; i < rate_windows_ns.size(); ++i) {
        StatusReport::Rates& rates = report.rates[i];
        rates.window_ns = rate_windows_ns[i];
        if (const auto change = history.over(rates.window_ns)) {
            rates.covered_ns = change->covered_ns;
            rates.frames = per_second(change->by.frames, change->covered_ns);
            rates.transactions = per_second(change->by.transactions, change->covered_ns);
            rates.payloads = per_second(change->by.payloads, change->covered_ns);
        }
    }
    report.transactions_per_second = history.transactions_per_second(spark_steps);
    if (const auto change = history.over(rate_windows_ns.back()); change && change->by.transactions != 0)
        report.filtered_rd_share = std::min(
            1.0, static_cast<double>(change->by.filtered_rd) / static_cast<double>(change->by.transactions));
    if (f.run.upload) report.upload_age_ns = age_ns(f.upload.last_success.value_or(f.run.started), f.now);
    report.warnings = warnings_of(report, history);
    return report;
}

}  // namespace sie::status
