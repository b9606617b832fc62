#include "sensor/summary.h"

#include <fmt/format.h>

#include <iterator>

namespace sie::sensor {

namespace {

template <class Each>
std::string json_object(const Each& each) {
    std::string text = "{";
    each([&](std::string_view name, std::uint64_t value) {
        if (value == 0) return;
        fmt::format_to(std::back_inserter(text), "{}\"{}\":{}", text.size() > 1 ? "," : "", name, value);
    });
    return text + "}";
}

template <class Put>
void transactions(const Ledger& ledger, const Put& put) {
    for (std::size_t i = 0; i < dnsqr::transaction_kind_count; ++i)
        put(dnsqr::word_of(static_cast<dnsqr::TransactionKind>(i)), ledger.transactions.by_kind[i]);
}

template <class Put>
void payloads(const Ledger& ledger, const Put& put) {
    for (std::size_t i = 0; i < nmsg::dnsqr_type_count; ++i)
        put(nmsg::name_of(static_cast<nmsg::DnsqrType>(i)), ledger.payloads[i]);
}

template <class Put>
void drops(const Ledger& ledger, const Put& put) {
    for (const DropReasonRow& row : drop_reasons) put(row.word, ledger.drops[index_of(row.reason)]);
}

}  // namespace

std::string summary_json(const RunResult& result, double seconds) {
    const Ledger& l = result.ledger;
    return fmt::format(
        R"({{"frames":{},"joined":{},"messages":{},"transactions":{},"payloads":{},"drops":{},"evicted":{},)"
        R"("client_subnet_zeroed":{},"written":{{"files":{},"containers":{},"octets":{},"hurried":{}}},"seconds":{:.6f}}})",
        l.frames, l.joined, l.messages, json_object([&](auto put) { transactions(l, put); }),
        json_object([&](auto put) { payloads(l, put); }), json_object([&](auto put) { drops(l, put); }),
        l.transactions.evicted, l.transactions.client_subnet_zeroed, result.written.files,
        result.written.containers, result.written.octets, result.hurried, seconds);
}

std::string summary_text(const RunResult& result, double seconds) {
    const Ledger& l = result.ledger;
    std::string text;
    const auto line = [&](std::string_view name, std::uint64_t value) {
        fmt::format_to(std::back_inserter(text), "{:<28}{:>14}\n", name, value);
    };
    const auto indented = [&](std::string_view name, std::uint64_t value) {
        if (value != 0) line(fmt::format("  {}", name), value);
    };
    line("frames", l.frames);
    line("joined fragments", l.joined);
    line("messages", l.messages);
    text += "transactions\n";
    transactions(l, indented);
    text += "payloads\n";
    payloads(l, indented);
    text += "drops\n";
    drops(l, indented);
    indented("evicted (not a drop)", l.transactions.evicted);
    indented("client subnets zeroed", l.transactions.client_subnet_zeroed);
    const auto balances = l.balances();
    fmt::format_to(std::back_inserter(text),
                   "balances (each must be 0)   frames {}, messages {}, transactions {}\n", balances[0],
                   balances[1], balances[2]);
    fmt::format_to(std::back_inserter(text),
                   "written                     {} files, {} containers, {} octets\n", result.written.files,
                   result.written.containers, result.written.octets);
    indented("compressed in haste (fast)", result.hurried);
    for (std::size_t i = 0; i < result.queues.size(); ++i)
        fmt::format_to(std::back_inserter(text),
                       "queue of worker {:<11} {} containers, {} transactions lost (queue_full)\n", i,
                       result.queues[i].containers, result.queues[i].dropped);
    fmt::format_to(std::back_inserter(text), "time                        {:.3f} s, {:.0f} frames/s\n",
                   seconds, seconds > 0 ? static_cast<double>(l.frames) / seconds : 0.0);
    return text;
}

std::string status_line(const LiveStatus& now, const LiveStatus& before, double seconds) {
    const auto kinds = [](const Ledger& ledger) {
        std::uint64_t all = 0;
        for (const std::uint64_t count : ledger.transactions.by_kind) all += count;
        return all;
    };
    const auto rate = [&](std::uint64_t later, std::uint64_t earlier) {
        return seconds > 0 ? static_cast<double>(later - earlier) / seconds : 0.0;
    };
    const Ledger& l = now.ledger;
    const auto lost = [&](DropReason reason) { return l.drops[index_of(reason)]; };
    std::string text = fmt::format(
        "{:.0f} frames/s, {:.0f} transactions/s; {} frames, {} transactions; {} queries wait; "
        "lost: {} kernel, {} queue, {} disk; {} files",
        rate(l.frames, before.ledger.frames), rate(kinds(l), kinds(before.ledger)), l.frames, kinds(l),
        now.queries_waiting, lost(DropReason::kernel_drop), lost(DropReason::queue_full),
        lost(DropReason::disk_full), now.written.files);
    std::size_t down = 0, absent = 0;
    for (const capture::LinkState link : now.links) {
        if (link == capture::LinkState::down) ++down;
        if (link == capture::LinkState::absent) ++absent;
    }
    if (down != 0) fmt::format_to(std::back_inserter(text), "; {} interfaces down", down);
    if (absent != 0) fmt::format_to(std::back_inserter(text), "; {} interfaces absent", absent);
    if (now.disk_failing) text += "; THE DISK REFUSES";
    return text;
}

std::string ledger_line(const Ledger& ledger) {
    std::string text = fmt::format("ledger: frames {}, joined {}, messages {}, tcp {}, icmp {}",
                                   ledger.frames, ledger.joined, ledger.messages, ledger.tcp, ledger.icmp);
    const auto section = [&](std::string_view name, auto counts) {
        std::string list;
        counts(ledger, [&](std::string_view word, std::uint64_t value) {
            if (value != 0)
                fmt::format_to(std::back_inserter(list), "{} {} {}", list.empty() ? "" : ",", word, value);
        });
        fmt::format_to(std::back_inserter(text), "; {}{}", name, list.empty() ? " none" : list);
    };
    section("transactions", [](const Ledger& l, const auto& put) { transactions(l, put); });
    section("payloads", [](const Ledger& l, const auto& put) { payloads(l, put); });
    section("drops", [](const Ledger& l, const auto& put) { drops(l, put); });
    const auto balances = ledger.balances();
    fmt::format_to(std::back_inserter(text), "; evicted {}; balances {} {} {}", ledger.transactions.evicted,
                   balances[0], balances[1], balances[2]);
    return text;
}

}  // namespace sie::sensor
