#include "status/status_warnings.h"

#include <fmt/format.h>

#include <array>
#include <string>
#include <utility>

#include "base/quoted.h"
#include "status/quantity_text.h"

namespace sie::status {
namespace {

constexpr std::array<std::string_view, 15> words{
    "disk_failing",      "interface_not_attached", "kernel_drops",    "queue_full", "disk_full",
    "evictions",         "clock_unsynchronised",   "upload_stopped",  "upload_age", "backlog_growing",
    "spool_nearly_full", "spool_overflow",         "archive_stopped", "forwarder",  "files_removed",
};

constexpr std::int64_t five_minutes_ns = 300 * Time::per_second, minute_ns = 60 * Time::per_second;

class Warnings {
  public:
    void put(std::string_view word, std::string text) { all_.push_back({word, std::move(text)}); }
    std::vector<Warning> all() { return std::move(all_); }

  private:
    std::vector<Warning> all_;
};

void of_capture(const StatusReport& report, const StatusHistory& history, Warnings& put) {
    const StatusFacts& f = report.facts;
    if (f.live.disk_failing)
        put.put("disk_failing", "the disk refuses what is written: make room, or mend it");
    for (std::size_t i = 0; i < f.live.links.size() && i < f.run.interfaces.size(); ++i)
        if (f.live.links[i] != capture::LinkState::attached)
            put.put("interface_not_attached",
                    fmt::format("nothing is captured on {}: the interface is {}",
                                quoted(f.run.interfaces[i].name),
                                f.live.links[i] == capture::LinkState::down ? "down" : "absent"));
    const auto recent = history.over(five_minutes_ns);
    if (!recent) return;
    const StatusSample& by = recent->by;
    const std::int64_t seconds = recent->covered_ns / Time::per_second;
    if (by.kernel_drops != 0)
        put.put("kernel_drops",
                fmt::format("the kernel dropped {} in the last {} s: raise ring_kbytes or workers",
                            counted(by.kernel_drops, "frame"), seconds));
    if (by.queue_full != 0)
        put.put("queue_full",
                fmt::format("the writer was too slow and lost {} in the last {} s: take compression=fast, "
                            "or a faster disk",
                            counted(by.queue_full, "transaction"), seconds));
    if (by.disk_full != 0)
        put.put("disk_full", fmt::format("the disk refused {} in the last {} s: make room on it",
                                         counted(by.disk_full, "transaction"), seconds));
    if (by.evicted != 0)
        put.put("evictions",
                fmt::format("the query table was full, {} queries left it before their time in the last {} "
                            "s: raise DNSQR_STATE_TABLE_MAX",
                            by.evicted, seconds));
}

void of_spool(const StatusReport& report, const StatusHistory& history, Warnings& put) {
    const StatusFacts& f = report.facts;
    const UploadStatus& upload = f.upload;
    if (f.run.upload && !upload.stopped.empty())
        put.put("upload_stopped", "nothing is uploaded: " + quoted(upload.stopped, 300));
    if (report.upload_age_ns && *report.upload_age_ns >= f.run.upload_warn_minutes * minute_ns) {
        const std::int64_t minutes = *report.upload_age_ns / minute_ns;
        put.put("upload_age",
                upload.last_success
                    ? fmt::format("no successful upload for {} minutes", minutes)
                    : fmt::format("no successful upload since the start, {} minutes ago", minutes));
    }
    const SpoolStatus& spool = f.spool;
    const auto ten_minutes = history.over(2 * five_minutes_ns);
    if (ten_minutes && spool.waiting.files > harmless_backlog_files &&
        spool.waiting.files >= ten_minutes->by.waiting_files + harmless_backlog_files)
        put.put("backlog_growing",
                fmt::format("files come faster than they leave: {} wait for upload, {} did {} s ago",
                            spool.waiting.files, ten_minutes->by.waiting_files,
                            ten_minutes->covered_ns / Time::per_second));
    const std::uint64_t held = spool.fresh.octets + spool.waiting.octets;
    if (spool.limit_octets != 0 && held / 4 >= spool.limit_octets / 5)  // 80 %
        put.put("spool_nearly_full",
                fmt::format("the spool is {} % full: at max_spool_size_kbytes the oldest files are removed",
                            static_cast<int>(100.0 * static_cast<double>(held) /
                                             static_cast<double>(spool.limit_octets))));
    if (const auto recent = history.over(five_minutes_ns); recent && recent->by.spool_lost_files != 0)
        put.put("spool_overflow", fmt::format("the spool overflowed and lost {} in the last {} s",
                                              counted(recent->by.spool_lost_files, "file"),
                                              recent->covered_ns / Time::per_second));
    if (f.run.archive && spool.archive_stopped)
        put.put("archive_stopped", fmt::format("too little free space: nothing is archived, {} so far",
                                               counted(spool.unarchived_files, "file") + " left out"));
}

void of_settings(const StatusReport& report, const StatusHistory& history, Warnings& put) {
    const StatusFacts& f = report.facts;
    const auto recent = history.over(five_minutes_ns);
    if (f.run.wants_rd_clear && recent && recent->by.transactions >= least_for_forwarder &&
        report.filtered_rd_share.value_or(0) > 0.5)
        put.put("forwarder",
                fmt::format("{:.0f} % of the queries have RD set and are filtered: if this resolver is a "
                            "forwarder, set DNSQR_CAPTURE_RD=1",
                            100 * *report.filtered_rd_share));
    if (!f.run.upload && !f.run.archive)
        put.put("files_removed", "upload=no and archive=no: files are removed as soon as they are closed");
}

}  // namespace

std::span<const std::string_view> warning_words() { return words; }

std::vector<Warning> warnings_of(const StatusReport& report, const StatusHistory& history) {
    Warnings put;
    of_capture(report, history, put);
    if (report.facts.clock.state == ClockState::unsynchronised)
        put.put("clock_unsynchronised",
                "the clock is not synchronised, times in the data may be wrong: run "
                "an NTP client");
    of_spool(report, history, put);
    of_settings(report, history, put);
    return put.all();
}

}  // namespace sie::status
