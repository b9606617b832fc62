// What a running sensor is doing, as one plain struct: the source of every form in which it is shown (text,
// JSON, metrics, the line of the log).
//
// In: what the owner of the sensor knows (StatusFacts: plain values, any part may be empty) and a history of
// earlier counts. Out: a StatusReport, a value that may be handed to other threads and shown without asking
// the sensor again. It holds no address, neither of clients nor of the lists. Text from outside (names of
// interfaces, what an uploader said) is kept as it came; each form escapes it (printable.h). Ages are
// measured by the steady clock, so that a step of the wall's changes none. No state, no clock, no system
// call.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "sensor/live_sensor.h"
#include "status/status_history.h"

namespace sie::status {

// The same instant by both clocks (sensor::LiveClock).
struct Moment {
    Time wall;                   // for people; may step
    std::int64_t steady_ns = 0;  // for ages
};
// From `then` to `now`, never negative.
[[nodiscard]] std::int64_t age_ns(const Moment& then, const Moment& now);

// What was set: at start, or by a reload.
struct RunFacts {
    std::string version;
    Moment started;
    struct Interface {
        std::string name;
        bool promiscuous = false;
    };
    std::vector<Interface> interfaces;    // in the order of LiveStatus::links
    std::uint64_t table_capacity = 0;     // queries that may wait, over all workers (DNSQR_STATE_TABLE_MAX)
    bool wants_rd_clear = true;           // DNSQR_CAPTURE_RD=0: filtered_rd counts what has RD set
    bool upload = true, archive = false;  // switches
    std::uint32_t upload_warn_minutes = 60;
};

struct FolderFill {
    std::uint64_t files = 0, octets = 0;
};
struct SpoolStatus {
    FolderFill fresh, waiting, archive;  // new/, waiting/, archive/
    std::uint64_t limit_octets = 0;      // of new/ and waiting/ together; 0: none
    std::uint64_t lost_files = 0, lost_octets = 0, lost_transactions = 0;  // removed to stay below the limit
    bool archive_stopped = false;                                          // too little free space
    std::uint64_t unarchived_files = 0;                                    // for that reason
};

struct UploadStatus {
    std::optional<Moment> last_success;
    std::optional<Moment> last_failure;
    std::string last_error;                             // of last_failure; stays after a success
    std::optional<std::int64_t> next_try_steady_ns;     // none: nothing is due
    std::string stopped;                                // not empty: why nothing is tried until it is mended
    std::uint64_t files = 0, octets = 0, failures = 0;  // since the start; failures: tries that failed
};

enum class ClockState : std::uint8_t { unknown, unsynchronised, synchronised };
constexpr std::size_t clock_state_count = 3;
[[nodiscard]] std::string_view word_of(ClockState state);
struct ClockStatus {
    ClockState state = ClockState::unknown;
    std::optional<std::int64_t> max_error_ns;  // as the kernel bounds it
};

struct ProcessStatus {  // process_status.h reads it
    std::uint64_t resident_octets = 0, peak_octets = 0;
    std::uint64_t limit_octets = 0;  // 0: none
    std::int64_t cpu_ns = 0;         // of all threads, user and system
};

struct StatusFacts {
    Moment now;
    RunFacts run;
    sensor::LiveStatus live;
    SpoolStatus spool;
    UploadStatus upload;
    ClockStatus clock;
    ProcessStatus process;
};

// A condition that holds now and that somebody should know of. `word` is stable, for programs.
struct Warning {
    std::string_view word;  // one of warning_words()
    std::string text;       // a sentence: what, and what to do
};

struct StatusReport {
    StatusFacts facts;
    std::int64_t uptime_ns = 0;
    // Over about 10 s, a minute and five minutes; `covered_ns` 0: too young for a rate.
    struct Rates {
        std::int64_t window_ns = 0, covered_ns = 0;
        double frames = 0, transactions = 0, payloads = 0;  // a second
    };
    std::array<Rates, 3> rates{};
    // Transactions a second of each step of the history, the oldest first (10 s each, the last ten minutes).
    std::vector<double> transactions_per_second;
    // Of the transactions of the last five minutes, how many filtered_rd took; none: there were none.
    std::optional<double> filtered_rd_share;
    // Since the last success, or since the start if there was none; none: upload is off.
    std::optional<std::int64_t> upload_age_ns;
    std::vector<Warning> warnings;  // status_warnings.h
};

constexpr std::array<std::int64_t, 3> rate_windows_ns{10 * Time::per_second, 60 * Time::per_second,
                                                      300 * Time::per_second};
constexpr std::size_t spark_steps = 60;

// To be told to the history about once a second.
[[nodiscard]] StatusSample sample_of(const StatusFacts& facts);
[[nodiscard]] StatusReport make_report(StatusFacts facts, const StatusHistory& history);

[[nodiscard]] std::uint64_t all_kinds(const sensor::Ledger& ledger);  // transactions, before filters
// What the three balances of the ledger have open, less what is known to wait: queries in the table, payloads
// in the queues. Frames of unfinished datagrams and containers not yet closed remain; all are zero at the
// end.
[[nodiscard]] std::array<std::int64_t, 3> open_balances(const sensor::LiveStatus& live);

}  // namespace sie::status
