#include "status/status_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <vector>

#include "status/link_word.h"
#include "status/printable.h"
#include "status/quantity_text.h"

namespace sie::status {
namespace {

constexpr std::size_t indent = 14, lines_of_a_list = 2;

// Lines with a label in front, the rest below one another.
class Page {
  public:
    explicit Page(std::size_t columns) : columns_(columns) {}

    void line(std::string_view text) {
        text_ += text;
        text_ += '\n';
    }
    // A sentence, broken at blanks.
    void sentence(std::string_view label, std::string_view text) {
        std::vector<std::string> words;
        while (!text.empty()) {
            const std::size_t end = std::min(text.find(' '), text.size());
            words.emplace_back(text.substr(0, end));
            text.remove_prefix(std::min(end + 1, text.size()));
        }
        broken(label, words, " ", 12);
    }
    // Items that stay whole.
    void list(std::string_view label, const std::vector<std::string>& items,
              std::size_t most = lines_of_a_list) {
        broken(label, items.empty() ? std::vector<std::string>{"none"} : items, ", ", most);
    }
    [[nodiscard]] std::string take() { return std::move(text_); }

  private:
    void broken(std::string_view label, const std::vector<std::string>& items, std::string_view between,
                std::size_t most_lines) {
        std::string current = fmt::format("{:<{}}", label, indent);
        std::size_t lines = 1;
        for (std::size_t i = 0; i < items.size(); ++i) {
            const bool last = i + 1 == items.size(), first_of_line = current.size() == indent;
            // On the last line there is room for the word of what is left out.
            const std::string more = fmt::format("{} more", items.size() - i);
            const std::size_t kept = (last || lines < most_lines ? 1 : more.size() + 2 * between.size());
            if (!first_of_line && current.size() + items[i].size() + kept > columns_) {
                if (lines == most_lines) {
                    current += more;
                    break;
                }
                finish(current);
                current.assign(indent, ' ');
                ++lines;
            }
            current += items[i].substr(0, columns_ - indent);
            if (!last) current += between;
        }
        finish(current);
    }
    void finish(std::string& current) {
        current.erase(current.find_last_not_of(' ') + 1);
        line(current);
    }

    std::size_t columns_;
    std::string text_;
};

[[nodiscard]] std::string item(std::string_view name, std::uint64_t count) {
    return fmt::format("{} {}", name, count);
}

void rates(Page& page, const StatusReport& report, const TextForm& form) {
    const sensor::Ledger& l = report.facts.live.ledger;
    page.line(fmt::format("{:<{}}{:>11}{:>11}{:>11}{:>21}", "a second", indent, "10 s", "1 min", "5 min",
                          "since the start"));
    const auto row = [&](std::string_view name, double StatusReport::Rates::*rate, std::uint64_t all) {
        std::string text = fmt::format("{:<{}}", name, indent);
        for (const StatusReport::Rates& window : report.rates)
            text +=
                window.covered_ns == 0 ? fmt::format("{:>11}", "-") : fmt::format("{:>11.1f}", window.*rate);
        page.line(text + fmt::format("{:>21}", all));
    };
    row("frames", &StatusReport::Rates::frames, l.frames);
    row("transactions", &StatusReport::Rates::transactions, all_kinds(l));
    row("payloads", &StatusReport::Rates::payloads, sensor::sum(l.payloads));
    const auto& series = report.transactions_per_second;
    const std::size_t room = form.columns - indent;
    const std::size_t shown = std::min(series.size(), room > 20 ? room - 17 : room);
    const std::span<const double> tail(series.end() - static_cast<std::ptrdiff_t>(shown), series.end());
    const double most = tail.empty() ? 0 : *std::max_element(tail.begin(), tail.end());
    page.line(fmt::format("{:<{}}{} {}", "last minutes", indent, sparkline(tail, form.letters),
                          tail.empty() ? "-" : fmt::format("0..{:.0f}/s", most)));
}

void counts(Page& page, const StatusReport& report) {
    const sensor::LiveStatus& live = report.facts.live;
    const sensor::Ledger& l = live.ledger;
    std::vector<std::string> kinds, types;
    for (std::size_t i = 0; i < dnsqr::transaction_kind_count; ++i)
        if (l.transactions.by_kind[i] != 0)
            kinds.push_back(
                item(dnsqr::word_of(static_cast<dnsqr::TransactionKind>(i)), l.transactions.by_kind[i]));
    for (std::size_t i = 0; i < nmsg::dnsqr_type_count; ++i)
        if (l.payloads[i] != 0)
            types.push_back(item(nmsg::name_of(static_cast<nmsg::DnsqrType>(i)), l.payloads[i]));
    page.list("transactions", kinds);
    page.list("payloads", types);

    const auto count = [&](DropReason reason) { return l.drops[index_of(reason)]; };
    const auto is_loss = [](DropReason reason) {
        return reason == DropReason::kernel_drop || reason == DropReason::queue_full ||
               reason == DropReason::disk_full;
    };
    page.list("lost", {item("kernel_drop", count(DropReason::kernel_drop)),
                       item("queue_full", count(DropReason::queue_full)),
                       item("disk_full", count(DropReason::disk_full)),
                       item("evicted early", l.transactions.evicted)});
    std::vector<DropReasonRow> rows;
    for (const DropReasonRow& row : drop_reasons)
        if (!is_loss(row.reason) && count(row.reason) != 0) rows.push_back(row);
    std::stable_sort(rows.begin(), rows.end(), [&](const DropReasonRow& a, const DropReasonRow& b) {
        return count(a.reason) > count(b.reason);
    });
    std::vector<std::string> drops;
    drops.reserve(rows.size() + 1);
    for (const DropReasonRow& row : rows) drops.push_back(item(row.word, count(row.reason)));
    if (report.filtered_rd_share && count(DropReason::filtered_rd) != 0)
        drops.push_back(fmt::format("({:.0f} % by filtered_rd lately)", 100 * *report.filtered_rd_share));
    page.list("not recorded", drops);
    const auto open = open_balances(live);
    page.list("balances", {fmt::format("frames {:+}", open[0]), fmt::format("messages {:+}", open[1]),
                           fmt::format("transactions {:+} (in hand; 0 at the end)", open[2])});
    page.list("zeroed", {item("client subnets", l.transactions.client_subnet_zeroed)});
}

void work(Page& page, const StatusReport& report) {
    const StatusFacts& f = report.facts;
    const sensor::LiveStatus& live = f.live;
    const double share = f.run.table_capacity == 0 ? 0
                                                   : 100 * static_cast<double>(live.queries_waiting) /
                                                         static_cast<double>(f.run.table_capacity);
    page.list("waiting", {fmt::format("{} of {} queries ({:.1f} %, {})", live.queries_waiting,
                                      f.run.table_capacity, share, octets_text(live.query_octets)),
                          counted(live.datagrams_waiting, "datagram")});
    std::uint64_t waiting = 0, capacity = 0;
    for (const auto& queue : live.queues) {
        waiting += queue.waiting;
        capacity += queue.capacity;
    }
    page.list("queues", {fmt::format("{} of {} containers", waiting, capacity),
                         counted(live.payloads_waiting, "payload"),
                         counted(live.hurried, "container") + " compressed in haste"});
    page.list("written", {counted(live.written.files, "file"), counted(live.written.containers, "container"),
                          octets_text(live.written.octets)});
    const auto folder = [](std::string_view name, const FolderFill& fill) {
        return fmt::format("{} {} ({})", name, fill.files, octets_text(fill.octets));
    };
    std::vector<std::string> spool{folder("new", f.spool.fresh), folder("waiting", f.spool.waiting)};
    if (f.run.archive || f.spool.archive.files != 0) spool.push_back(folder("archive", f.spool.archive));
    if (f.spool.limit_octets != 0) spool.push_back("limit " + octets_text(f.spool.limit_octets));
    spool.push_back(f.spool.lost_files == 0
                        ? std::string("none lost")
                        : fmt::format("LOST {} ({}, {})", counted(f.spool.lost_files, "file"),
                                      octets_text(f.spool.lost_octets),
                                      counted(f.spool.lost_transactions, "transaction")));
    page.list("spool", spool, 3);
}

void upload(Page& page, const StatusReport& report) {
    const StatusFacts& f = report.facts;
    const UploadStatus& u = f.upload;
    if (!f.run.upload) {
        page.list("upload", {"off"});
        return;
    }
    std::vector<std::string> items{fmt::format("{} ({})", counted(u.files, "file"), octets_text(u.octets)),
                                   u.last_success
                                       ? "last " + duration_text(age_ns(*u.last_success, f.now)) + " ago"
                                       : std::string("none yet")};
    if (u.next_try_steady_ns)
        items.push_back("next in " +
                        duration_text(std::max<std::int64_t>(*u.next_try_steady_ns - f.now.steady_ns, 0)));
    items.push_back(counted(u.failures, "failure"));
    page.list("upload", items);
    if (!u.last_error.empty())
        page.sentence(
            "",
            fmt::format("last error{}: {}",
                        u.last_failure ? ", " + duration_text(age_ns(*u.last_failure, f.now)) + " ago" : "",
                        printable(u.last_error, 120)));
}

}  // namespace

std::string status_text(const StatusReport& report, const TextForm& given) {
    TextForm form = given;
    form.columns = std::clamp(form.columns, least_columns, most_columns);
    const StatusFacts& f = report.facts;
    Page page(form.columns);
    page.line(fmt::format("sie-dns-sensor {}, up {}, since {}", printable(f.run.version, 30),
                          duration_text(report.uptime_ns), moment_text(f.run.started.wall))
                  .substr(0, form.columns));
    for (const Warning& warning : report.warnings) page.sentence("WARNING", printable(warning.text, 400));
    std::vector<std::string> interfaces;
    for (std::size_t i = 0; i < f.run.interfaces.size(); ++i)
        interfaces.push_back(fmt::format("{}{} {}", printable(f.run.interfaces[i].name, 60),
                                         f.run.interfaces[i].promiscuous ? "+" : "",
                                         i < f.live.links.size() ? word_of(f.live.links[i]) : "unknown"));
    page.list("interfaces", interfaces);
    rates(page, report, form);
    counts(page, report);
    work(page, report);
    upload(page, report);
    std::string clock(word_of(f.clock.state));
    if (f.clock.max_error_ns) clock += ", error at most " + small_time_text(*f.clock.max_error_ns);
    page.list("clock", {clock});
    const auto limit = f.process.limit_octets;
    page.list(
        "process",
        {octets_text(f.process.resident_octets) + " resident", "peak " + octets_text(f.process.peak_octets),
         limit == 0 ? std::string("no limit") : "limit " + octets_text(limit),
         fmt::format("{:.1f} s CPU", static_cast<double>(f.process.cpu_ns) / Time::per_second)});
    return page.take();
}

}  // namespace sie::status
