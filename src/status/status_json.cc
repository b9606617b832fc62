#include "status/status_json.h"

#include <fmt/format.h>

#include <concepts>
#include <iterator>
#include <optional>

#include "status/link_word.h"
#include "status/printable.h"

namespace sie::status {
namespace {

[[nodiscard]] double seconds(std::int64_t ns) { return static_cast<double>(ns) / Time::per_second; }

// Objects and lists one inside the other; commas come by themselves.
class Json {
  public:
    template <class Body>
    void object(std::string_view name, const Body& body) {
        wrapped(name, '{', '}', body);
    }
    template <class Body>
    void list(std::string_view name, const Body& body) {
        wrapped(name, '[', ']', body);
    }
    void put(std::string_view name, bool value) { raw(name, value ? "true" : "false"); }
    template <std::integral Number>
    void put(std::string_view name, Number value) {
        raw(name, fmt::format("{}", value));
    }
    // Six digits behind the point: microseconds; JSON knows neither infinity nor NaN, and none comes.
    void put(std::string_view name, double value) { raw(name, fmt::format("{:.6f}", value)); }
    void text(std::string_view name, std::string_view value) { raw(name, in_quotes(value)); }
    template <class Value>
    void put(std::string_view name, const std::optional<Value>& value) {
        if (value)
            put(name, *value);
        else
            raw(name, "null");
    }
    [[nodiscard]] std::string take() { return std::move(text_) + "\n"; }

  private:
    // `name` is empty in a list, and for the outermost object.
    void raw(std::string_view name, std::string_view value) {
        comma();
        if (!name.empty()) fmt::format_to(std::back_inserter(text_), "\"{}\":", name);
        text_ += value;
    }
    template <class Body>
    void wrapped(std::string_view name, char open, char close, const Body& body) {
        raw(name, std::string_view(&open, 1));
        body();
        text_ += close;
    }
    void comma() {
        if (!text_.empty() && text_.back() != '{' && text_.back() != '[') text_ += ',';
    }
    std::string text_;
};

void ledger(Json& json, const StatusReport& report) {
    const sensor::Ledger& l = report.facts.live.ledger;
    json.put("frames", l.frames);
    json.put("joined", l.joined);
    json.put("messages", l.messages);
    json.put("tcp", l.tcp);
    json.put("icmp", l.icmp);
    json.object("transactions", [&] {
        for (std::size_t i = 0; i < dnsqr::transaction_kind_count; ++i)
            json.put(dnsqr::word_of(static_cast<dnsqr::TransactionKind>(i)), l.transactions.by_kind[i]);
    });
    json.object("payloads", [&] {
        for (std::size_t i = 0; i < nmsg::dnsqr_type_count; ++i)
            json.put(nmsg::name_of(static_cast<nmsg::DnsqrType>(i)), l.payloads[i]);
    });
    json.object("drops", [&] {
        for (const DropReasonRow& row : drop_reasons) json.put(row.word, l.drops[index_of(row.reason)]);
    });
    json.put("evicted", l.transactions.evicted);
    json.put("client_subnet_zeroed", l.transactions.client_subnet_zeroed);
    const auto open = open_balances(report.facts.live);
    json.object("open_balances", [&] {
        json.put("frames", open[0]);
        json.put("messages", open[1]);
        json.put("transactions", open[2]);
    });
}

void capture_and_rates(Json& json, const StatusReport& report) {
    const StatusFacts& f = report.facts;
    json.list("interfaces", [&] {
        for (std::size_t i = 0; i < f.run.interfaces.size(); ++i)
            json.object("", [&] {
                json.text("name", f.run.interfaces[i].name);
                json.put("promiscuous", f.run.interfaces[i].promiscuous);
                json.text("state", i < f.live.links.size() ? word_of(f.live.links[i]) : "unknown");
                json.put("kernel_drops", i < f.live.kernel_drops.size() ? f.live.kernel_drops[i] : 0);
            });
    });
    json.list("rates", [&] {
        for (const StatusReport::Rates& rates : report.rates)
            json.object("", [&] {
                const bool known = rates.covered_ns != 0;
                const auto rate = [&](double value) { return known ? std::optional(value) : std::nullopt; };
                json.put("window_seconds", rates.window_ns / Time::per_second);
                json.put("covered_seconds", seconds(rates.covered_ns));
                json.put("frames", rate(rates.frames));
                json.put("transactions", rate(rates.transactions));
                json.put("payloads", rate(rates.payloads));
            });
    });
}

void work(Json& json, const StatusReport& report) {
    const StatusFacts& f = report.facts;
    json.put("filtered_rd_share", report.filtered_rd_share);
    json.object("waiting", [&] {
        json.put("queries", f.live.queries_waiting);
        json.put("query_capacity", f.run.table_capacity);
        json.put("query_octets", f.live.query_octets);
        json.put("datagrams", f.live.datagrams_waiting);
        json.put("payloads", f.live.payloads_waiting);
    });
    json.list("queues", [&] {
        for (const auto& queue : f.live.queues)
            json.object("", [&] {
                json.put("containers", queue.waiting);
                json.put("capacity", queue.capacity);
                json.put("handed_over", queue.counts.containers);
                json.put("dropped_transactions", queue.counts.dropped);
            });
    });
    json.object("written", [&] {
        json.put("files", f.live.written.files);
        json.put("containers", f.live.written.containers);
        json.put("octets", f.live.written.octets);
        json.put("hurried", f.live.hurried);
    });
    json.put("disk_failing", f.live.disk_failing);
}

void spool_and_upload(Json& json, const StatusReport& report) {
    const StatusFacts& f = report.facts;
    const auto known = [](std::uint64_t limit) { return limit != 0 ? std::optional(limit) : std::nullopt; };
    json.object("spool", [&] {
        const auto folder = [&](std::string_view name, const FolderFill& fill) {
            json.object(name, [&] {
                json.put("files", fill.files);
                json.put("octets", fill.octets);
            });
        };
        folder("new", f.spool.fresh);
        folder("waiting", f.spool.waiting);
        folder("archive", f.spool.archive);
        json.put("limit_octets", known(f.spool.limit_octets));
        json.object("lost", [&] {
            json.put("files", f.spool.lost_files);
            json.put("octets", f.spool.lost_octets);
            json.put("transactions", f.spool.lost_transactions);
        });
        json.put("archive_enabled", f.run.archive);
        json.put("archive_stopped", f.spool.archive_stopped);
        json.put("unarchived_files", f.spool.unarchived_files);
    });
    json.object("upload", [&] {
        const UploadStatus& u = f.upload;
        const auto in_seconds = [](const auto& ns) {
            return ns ? std::optional(seconds(*ns)) : std::nullopt;
        };
        const auto wall = [](const std::optional<Moment>& moment) {
            return moment ? std::optional(seconds(moment->wall.ns)) : std::nullopt;
        };
        const auto text = [&](std::string_view name, const std::string& value) {
            if (value.empty())
                json.put(name, std::optional<bool>());
            else
                json.text(name, value);
        };
        json.put("enabled", f.run.upload);
        text("stopped", u.stopped);
        json.put("last_success_seconds", wall(u.last_success));
        json.put("age_seconds", in_seconds(report.upload_age_ns));
        json.put("warn_seconds", 60 * std::uint64_t{f.run.upload_warn_minutes});
        json.put(
            "next_try_in_seconds",
            u.next_try_steady_ns
                ? std::optional(seconds(std::max<std::int64_t>(*u.next_try_steady_ns - f.now.steady_ns, 0)))
                : std::nullopt);
        json.put("last_failure_seconds", wall(u.last_failure));
        text("last_error", u.last_error);
        json.put("files", u.files);
        json.put("octets", u.octets);
        json.put("failures", u.failures);
    });
    json.object("clock", [&] {
        json.text("state", word_of(f.clock.state));
        json.put("max_error_seconds",
                 f.clock.max_error_ns ? std::optional(seconds(*f.clock.max_error_ns)) : std::nullopt);
    });
    json.object("memory", [&] {
        json.put("resident_octets", f.process.resident_octets);
        json.put("peak_octets", f.process.peak_octets);
        json.put("limit_octets", known(f.process.limit_octets));
    });
    json.put("cpu_seconds", seconds(f.process.cpu_ns));
}

}  // namespace

std::string status_json(const StatusReport& report) {
    Json json;
    json.object("", [&] {
        json.text("version", report.facts.run.version);
        json.put("time_seconds", seconds(report.facts.now.wall.ns));
        json.put("started_seconds", seconds(report.facts.run.started.wall.ns));
        json.put("uptime_seconds", seconds(report.uptime_ns));
        json.list("warnings", [&] {
            for (const Warning& warning : report.warnings)
                json.object("", [&] {
                    json.text("word", warning.word);
                    json.text("text", warning.text);
                });
        });
        capture_and_rates(json, report);
        ledger(json, report);
        work(json, report);
        spool_and_upload(json, report);
        json.object("history", [&] {
            json.put("step_seconds", StatusHistory::step_ns / Time::per_second);
            json.list("transactions_per_second", [&] {
                for (const double rate : report.transactions_per_second) json.put("", rate);
            });
        });
    });
    return json.take();
}

}  // namespace sie::status
