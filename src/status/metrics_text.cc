#include "status/metrics_text.h"

#include <fmt/format.h>

#include <iterator>
#include <vector>

#include "status/printable.h"
#include "status/status_warnings.h"

namespace sie::status {
namespace {

using Report = StatusReport;
using Put = MetricSamples;

[[nodiscard]] double seconds(std::int64_t ns) { return static_cast<double>(ns) / Time::per_second; }

void transactions(const Report& r, Put& put) {
    for (std::size_t i = 0; i < dnsqr::transaction_kind_count; ++i)
        put(r.facts.live.ledger.transactions.by_kind[i],
            dnsqr::word_of(static_cast<dnsqr::TransactionKind>(i)));
}
void payloads(const Report& r, Put& put) {
    for (std::size_t i = 0; i < nmsg::dnsqr_type_count; ++i)
        put(r.facts.live.ledger.payloads[i], nmsg::name_of(static_cast<nmsg::DnsqrType>(i)));
}
void drops(const Report& r, Put& put) {
    constexpr std::array<std::string_view, 3> counted{"frame", "message", "transaction"};
    for (const DropReasonRow& row : drop_reasons)
        put(r.facts.live.ledger.drops[index_of(row.reason)], row.word,
            counted[static_cast<std::size_t>(row.counted)]);
}
void balances(const Report& r, Put& put) {
    const auto open = open_balances(r.facts.live);
    put(open[0], "frames");
    put(open[1], "messages");
    put(open[2], "transactions");
}
// `value` of each queue, labelled by the number of its worker.
template <class Value>
void queues(const Report& r, Put& put, const Value& value) {
    for (std::size_t i = 0; i < r.facts.live.queues.size(); ++i)
        put(std::uint64_t{value(r.facts.live.queues[i])}, std::to_string(i));
}
// What the sensor knows of each interface, by its name. An interface named twice is told once.
template <class Value>
void interfaces(const Report& r, Put& put, const std::vector<Value>& values, auto value) {
    const auto& named = r.facts.run.interfaces;
    for (std::size_t i = 0; i < named.size() && i < values.size(); ++i) {
        bool told = false;
        for (std::size_t before = 0; before < i; ++before) told = told || named[before].name == named[i].name;
        if (!told) put(value(values[i]), named[i].name);
    }
}
void folders(Put& put, std::uint64_t fresh, std::uint64_t waiting, std::uint64_t archive) {
    put(fresh, "new");
    put(waiting, "waiting");
    put(archive, "archive");
}
void clock_state(const Report& r, Put& put) {
    for (std::size_t i = 0; i < clock_state_count; ++i) {
        const auto state = static_cast<ClockState>(i);
        put(r.facts.clock.state == state, word_of(state));
    }
}
void warnings(const Report& r, Put& put) {
    for (const std::string_view word : warning_words()) {
        bool holds = false;
        for (const Warning& warning : r.warnings) holds = holds || warning.word == word;
        put(holds, word);
    }
}

// X(name without its beginning, type, label, label, help, when absent, what is put)
#define SIE_METRICS(X)                                                                                       \
    X(info, gauge, "version", "", "always 1; the label tells the version", "",                               \
      put(true, r.facts.run.version))                                                                        \
    X(start_time_seconds, gauge, "", "", "when the sensor was started, in Unix time", "",                    \
      put(seconds(r.facts.run.started.wall.ns)))                                                             \
    X(report_time_seconds, gauge, "", "", "when these values were taken, in Unix time", "",                  \
      put(seconds(r.facts.now.wall.ns)))                                                                     \
    X(frames_total, counter, "", "", "frames that passed the kernel's filter, with those it then dropped",   \
      "", put(r.facts.live.ledger.frames))                                                                   \
    X(joined_fragments_total, counter, "", "", "fragments beyond the first of each whole datagram", "",      \
      put(r.facts.live.ledger.joined))                                                                       \
    X(messages_total, counter, "", "", "DNS messages of listed ends", "", put(r.facts.live.ledger.messages)) \
    X(tcp_segments_total, counter, "", "", "TCP segments taken as payloads", "",                             \
      put(r.facts.live.ledger.tcp))                                                                          \
    X(icmp_messages_total, counter, "", "", "ICMP messages taken as payloads", "",                           \
      put(r.facts.live.ledger.icmp))                                                                         \
    X(transactions_total, counter, "kind", "", "transactions, before filters", "", transactions(r, put))     \
    X(payloads_total, counter, "type", "",                                                                   \
      "payloads written; goes back if the disk refuses a file at its end: they count as disk_full then", "", \
      payloads(r, put))                                                                                      \
    X(drops_total, counter, "reason", "counted", "what was not recorded, by reason; counted tells of what",  \
      "", drops(r, put))                                                                                     \
    X(evicted_queries_total, counter, "", "", "queries that left unanswered before their time: table full",  \
      "", put(r.facts.live.ledger.transactions.evicted))                                                     \
    X(client_subnets_zeroed_total, counter, "", "", "EDNS client-subnet options that were zeroed", "",       \
      put(r.facts.live.ledger.transactions.client_subnet_zeroed))                                            \
    X(open_balance, gauge, "balance", "",                                                                    \
      "what a balance of the ledger has open beyond queries and payloads that wait; 0 at the end", "",       \
      balances(r, put))                                                                                      \
    X(filtered_rd_ratio, gauge, "", "",                                                                      \
      "share of the transactions of the last 5 minutes that filtered_rd took",                               \
      "no transaction in 5 minutes", if (r.filtered_rd_share) put(*r.filtered_rd_share))                     \
    X(wants_rd_clear, gauge, "", "", "1: DNSQR_CAPTURE_RD is 0, filtered_rd counts what has RD set", "",     \
      put(r.facts.run.wants_rd_clear))                                                                       \
    X(queries_waiting, gauge, "", "", "queries in the table", "", put(r.facts.live.queries_waiting))         \
    X(query_table_capacity, gauge, "", "", "queries that may wait", "", put(r.facts.run.table_capacity))     \
    X(query_table_bytes, gauge, "", "", "memory that the waiting queries take", "",                          \
      put(r.facts.live.query_octets))                                                                        \
    X(datagrams_waiting, gauge, "", "", "datagrams with fragments that have not come yet", "",               \
      put(r.facts.live.datagrams_waiting))                                                                   \
    X(payloads_waiting, gauge, "", "", "payloads on their way to the writer", "",                            \
      put(r.facts.live.payloads_waiting))                                                                    \
    X(queue_waiting_containers, gauge, "queue", "", "containers in a worker's queue to the writer",          \
      "not capturing", queues(r, put, [](const auto& q) { return q.waiting; }))                              \
    X(queue_capacity_containers, gauge, "queue", "", "containers that fit into the queue", "not capturing",  \
      queues(r, put, [](const auto& q) { return q.capacity; }))                                              \
    X(queue_handed_over_containers_total, counter, "queue", "", "containers that went into the queue",       \
      "not capturing", queues(r, put, [](const auto& q) { return q.counts.containers; }))                    \
    X(queue_dropped_transactions_total, counter, "queue", "", "transactions that found the queue full",      \
      "not capturing", queues(r, put, [](const auto& q) { return q.counts.dropped; }))                       \
    X(hurried_containers_total, counter, "", "", "containers compressed with fast, the writer was behind",   \
      "", put(r.facts.live.hurried))                                                                         \
    X(written_files_total, counter, "", "", "files under their final name", "",                              \
      put(r.facts.live.written.files))                                                                       \
    X(written_containers_total, counter, "", "", "containers in those files", "",                            \
      put(r.facts.live.written.containers))                                                                  \
    X(written_bytes_total, counter, "", "", "octets in those files", "", put(r.facts.live.written.octets))   \
    X(disk_failing, gauge, "", "", "1: the last write or close was refused", "",                             \
      put(r.facts.live.disk_failing))                                                                        \
    X(interface_attached, gauge, "interface", "", "1: frames can come, 0: the interface is down or absent",  \
      "not capturing", interfaces(r, put, r.facts.live.links, [](capture::LinkState s) {                     \
          return s == capture::LinkState::attached;                                                          \
      }))                                                                                                    \
    X(interface_kernel_drops_total, counter, "interface", "", "frames for which the ring had no room",       \
      "not capturing", interfaces(r, put, r.facts.live.kernel_drops, [](std::uint64_t n) { return n; }))     \
    X(spool_files, gauge, "folder", "", "files in a folder of the spool", "",                                \
      folders(put, r.facts.spool.fresh.files, r.facts.spool.waiting.files, r.facts.spool.archive.files))     \
    X(spool_bytes, gauge, "folder", "", "octets in a folder of the spool", "",                               \
      folders(put, r.facts.spool.fresh.octets, r.facts.spool.waiting.octets, r.facts.spool.archive.octets))  \
    X(spool_limit_bytes, gauge, "", "", "what new and waiting may hold together", "no limit",                \
      if (r.facts.spool.limit_octets != 0) put(r.facts.spool.limit_octets))                                  \
    X(spool_lost_files_total, counter, "", "", "files removed to stay below the limit", "",                  \
      put(r.facts.spool.lost_files))                                                                         \
    X(spool_lost_bytes_total, counter, "", "", "octets of those files", "", put(r.facts.spool.lost_octets))  \
    X(spool_lost_transactions_total, counter, "", "", "transactions in those files", "",                     \
      put(r.facts.spool.lost_transactions))                                                                  \
    X(archive_stopped, gauge, "", "", "1: nothing is archived, too little free space", "",                   \
      put(r.facts.spool.archive_stopped))                                                                    \
    X(unarchived_files_total, counter, "", "", "files not archived for that reason", "",                     \
      put(r.facts.spool.unarchived_files))                                                                   \
    X(upload_enabled, gauge, "", "", "1: upload=yes", "", put(r.facts.run.upload))                           \
    X(upload_stopped, gauge, "", "", "1: nothing is tried until somebody mends what status tells", "",       \
      put(!r.facts.upload.stopped.empty()))                                                                  \
    X(upload_age_seconds, gauge, "", "", "since the last success, or since the start if there was none",     \
      "upload=no", if (r.upload_age_ns) put(seconds(*r.upload_age_ns)))                                      \
    X(upload_warn_seconds, gauge, "", "", "the age that is a warning (upload_warn_minutes)", "",             \
      put(std::uint64_t{60} * r.facts.run.upload_warn_minutes))                                              \
    X(upload_last_success_time_seconds, gauge, "", "", "when an upload last succeeded, in Unix time",        \
      "none did yet", if (r.facts.upload.last_success) put(seconds(r.facts.upload.last_success->wall.ns)))   \
    X(uploaded_files_total, counter, "", "", "files that arrived", "", put(r.facts.upload.files))            \
    X(uploaded_bytes_total, counter, "", "", "octets of those files", "", put(r.facts.upload.octets))        \
    X(upload_failures_total, counter, "", "", "tries that failed", "", put(r.facts.upload.failures))         \
    X(clock_state, gauge, "state", "", "1 for the state that the clock is in", "", clock_state(r, put))      \
    X(clock_max_error_seconds, gauge, "", "", "the kernel's bound on the error of the clock",                \
      "the kernel tells none", if (r.facts.clock.max_error_ns) put(seconds(*r.facts.clock.max_error_ns)))    \
    X(resident_memory_bytes, gauge, "", "", "memory of the sensor's process", "",                            \
      put(r.facts.process.resident_octets))                                                                  \
    X(peak_memory_bytes, gauge, "", "", "the most that it ever was", "", put(r.facts.process.peak_octets))   \
    X(memory_limit_bytes, gauge, "", "", "the limit on its address space (memory_ulimit_kbytes)",            \
      "no limit", if (r.facts.process.limit_octets != 0) put(r.facts.process.limit_octets))                  \
    X(cpu_seconds_total, counter, "", "", "CPU time of the process, all threads", "",                        \
      put(seconds(r.facts.process.cpu_ns)))                                                                  \
    X(warning, gauge, "warning", "", "1: the warning holds", "", warnings(r, put))

constexpr std::array table{
#define X(name, type, first, second, help, absent, what) \
    MetricRow{"sie_dns_sensor_" #name,                   \
              #type,                                     \
              {first, second},                           \
              help,                                      \
              absent,                                    \
              []([[maybe_unused]] const Report& r, [[maybe_unused]] Put& put) { what; }},
    SIE_METRICS(X)
#undef X
};

}  // namespace

void MetricSamples::name(std::string_view first, std::string_view second) {
    text_ += row_.name;
    const std::size_t labels = row_.label_count();
    if (labels == 0) return;
    text_ += '{';
    text_ += row_.labels[0];
    text_ += '=';
    text_ += in_quotes(first);
    if (labels == 2) {
        text_ += ',';
        text_ += row_.labels[1];
        text_ += '=';
        text_ += in_quotes(second);
    }
    text_ += '}';
}

void MetricSamples::operator()(std::uint64_t value, std::string_view first, std::string_view second) {
    name(first, second);
    fmt::format_to(std::back_inserter(text_), " {}\n", value);
}
void MetricSamples::operator()(std::int64_t value, std::string_view first, std::string_view second) {
    name(first, second);
    fmt::format_to(std::back_inserter(text_), " {}\n", value);
}
void MetricSamples::operator()(double value, std::string_view first, std::string_view second) {
    name(first, second);
    fmt::format_to(std::back_inserter(text_), " {}\n", value);
}

std::span<const MetricRow> metrics_table() { return table; }

std::string metrics_text(const StatusReport& report) {
    std::string text;
    text.reserve(std::size_t{24} << 10);
    for (const MetricRow& row : table) {
        const std::size_t start = text.size();
        fmt::format_to(std::back_inserter(text), "# HELP {} {}\n# TYPE {} {}\n", row.name, row.help, row.name,
                       row.type);
        const std::size_t samples = text.size();
        MetricSamples put(row, text);
        row.write(report, put);
        if (text.size() == samples) text.resize(start);  // nothing to tell of it
    }
    return text;
}

}  // namespace sie::status
