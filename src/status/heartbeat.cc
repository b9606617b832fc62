#include "status/heartbeat.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "status/quantity_text.h"

namespace sie::status {
namespace {

[[nodiscard]] std::uint64_t rise(std::uint64_t later, std::uint64_t earlier) {
    return later > earlier ? later - earlier : 0;
}

// ", WORD COUNT" for what is not zero.
void put(std::string& text, std::string_view word, std::uint64_t count) {
    if (count != 0)
        fmt::format_to(std::back_inserter(text), "{}{} {}", text.empty() ? "" : ", ", word, count);
}
[[nodiscard]] std::string_view or_none(std::string_view text) { return text.empty() ? "none" : text; }

}  // namespace

std::string heartbeat_line(const StatusReport& report, const StatusReport& before) {
    const StatusFacts& f = report.facts;
    const sensor::Ledger &now = f.live.ledger, &then = before.facts.live.ledger;
    const bool first = before.facts.now.steady_ns == 0;
    const std::int64_t span =
        std::max<std::int64_t>(age_ns(first ? f.run.started : before.facts.now, f.now), 1);
    const auto rate = [&](std::uint64_t later, std::uint64_t earlier) {
        return static_cast<double>(rise(later, earlier)) / (static_cast<double>(span) / Time::per_second);
    };
    std::string kinds, drops;
    for (std::size_t i = 0; i < dnsqr::transaction_kind_count; ++i)
        put(kinds, dnsqr::word_of(static_cast<dnsqr::TransactionKind>(i)),
            rise(now.transactions.by_kind[i], then.transactions.by_kind[i]));
    for (const DropReasonRow& row : drop_reasons)
        put(drops, row.word, rise(now.drops[index_of(row.reason)], then.drops[index_of(row.reason)]));
    put(drops, "evicted", rise(now.transactions.evicted, then.transactions.evicted));
    put(drops, "files of the spool", rise(f.spool.lost_files, before.facts.spool.lost_files));

    std::string line = fmt::format(
        "alive: in {:.0f} s {:.1f} frames/s, {:.1f} transactions/s, {:.1f} payloads/s; transactions: {}; "
        "dropped: {}; table: {} of {} queries; spool: new {} files, waiting {} files, {}; ",
        static_cast<double>(span) / Time::per_second, rate(now.frames, then.frames),
        rate(all_kinds(now), all_kinds(then)), rate(sensor::sum(now.payloads), sensor::sum(then.payloads)),
        or_none(kinds), or_none(drops), f.live.queries_waiting, f.run.table_capacity, f.spool.fresh.files,
        f.spool.waiting.files, octets_text(f.spool.fresh.octets + f.spool.waiting.octets));
    line += !f.run.upload            ? std::string("upload: off")
            : !f.upload.last_success ? "upload: none since the start"
                                     : "upload: last " + duration_text(*report.upload_age_ns) + " ago";
    fmt::format_to(std::back_inserter(line), "; clock: {}; memory: {}", word_of(f.clock.state),
                   octets_text(f.process.resident_octets));
    std::string words;
    for (const Warning& warning : report.warnings) {
        if (!words.empty()) words += ", ";
        words += warning.word;
    }
    return line + (words.empty() ? "" : "; warnings: " + words);
}

}  // namespace sie::status
