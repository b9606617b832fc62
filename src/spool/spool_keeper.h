// What becomes of finished files, and the bound on the spool (REFERENCE §5, OLD-PACKAGE §3).
//
//   new/CHANNEL/NAME ── archive ──▶ archive/CHANNEL/NAME   the same file under a second name
//          │
//          ├────────── upload ────▶ waiting/CHANNEL/NAME   moved; the uploader takes it from there
//          └────────── neither, or archive alone: removed from new/
//
// All state is the files: what lies under a finished name in new/CHANNEL is taken, also what an earlier run
// or an old installation left. new/ and waiting/ together, all channels, hold at most `most_octets`, part
// files included, as the disk counts them. Beyond that the oldest file by the moment in its name goes, is
// told, and is counted in files, octets and payloads. One that is being sent (that somebody has open; Linux)
// is passed over. archive/ takes nothing while less than `least_free_percent` of its file system are free.
//
// Links and folders are never followed, names that are not ours never touched. Memory: the names of one
// round's files, at most `most_at_once` of them. Waits for the disk: not for the packet path. One thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "spool/durable.h"

namespace sie::spool {

struct SpoolRules {
    std::string spooldir, channel;
    bool upload = true, archive = false;
    std::uint64_t most_octets = std::uint64_t{512} << 20;
    unsigned least_free_percent = 5;
};

struct SpoolCounts {
    std::uint64_t to_waiting = 0, archived = 0, not_archived = 0,
                  removed = 0;  // files of new/, by what became of them
    std::uint64_t lost_files = 0, lost_octets = 0, lost_payloads = 0;  // for the bound
};

// What lies in the folders, by the last look.
struct SpoolContent {
    std::uint64_t new_files = 0, new_octets = 0;  // part files too
    std::uint64_t waiting_files = 0, waiting_octets = 0;
    std::uint64_t archive_files = 0, archive_octets = 0;  // looked at while archiving is on
    std::int64_t oldest_waiting_s = 0;                    // the moment in its name; 0: none waits
};

struct SpoolEvent {
    bool warning = false;
    std::string text;
};

class SpoolKeeper {
  public:
    static constexpr std::size_t most_at_once = 4'096;

    // Makes the folders that are missing. Errors: system, denied, with the path.
    [[nodiscard]] static Result<SpoolKeeper> open(SpoolRules rules);

    SpoolKeeper(SpoolKeeper&& other) noexcept;
    SpoolKeeper& operator=(SpoolKeeper&&) = delete;
    ~SpoolKeeper();

    // Files that were closed since are handed on.
    void take_finished();
    // Looks at both folders and removes what is too much; ends early when `stop` is set.
    void keep_bound(const std::atomic<bool>* stop = nullptr);
    // Other rules from now on; spooldir and channel must be the same.
    void set_rules(SpoolRules rules);

    [[nodiscard]] const SpoolCounts& counts() const { return counts_; }
    [[nodiscard]] const SpoolContent& content() const { return content_; }
    [[nodiscard]] bool archiving_stopped() const { return archiving_stopped_; }
    // What is to be told since the last call.
    [[nodiscard]] std::vector<SpoolEvent> take_events();

  private:
    struct Finished;
    struct Found;
    explicit SpoolKeeper(SpoolRules rules) : rules_(std::move(rules)) {}
    [[nodiscard]] std::string path(const char* folder, const std::string& name) const;
    void hand_on(const std::string& name);
    [[nodiscard]] bool archive(const std::string& name);
    [[nodiscard]] bool archive_has_room();
    [[nodiscard]] Found look() const;
    [[nodiscard]] bool remove_oldest(const Finished& file);
    // Once for each text until forget().
    void tell_once(bool warning, std::string text);
    void tell(bool warning, std::string text) { events_.push_back({warning, std::move(text)}); }

    SpoolRules rules_;
    Descriptor new_, waiting_, archive_;
    SpoolCounts counts_;
    SpoolContent content_;
    bool archiving_stopped_ = false, over_bound_told_ = false;
    std::vector<SpoolEvent> events_;
    std::vector<std::string> told_;
};

}  // namespace sie::spool
