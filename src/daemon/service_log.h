// Where the log lines of a service go: the journal, syslog or standard error. The header to start from for
// logs.
//
// In: a line with its urgency, a key by which repetitions are held back (repeat_limit.h; empty: never),
// fields for the journal, and the time. Out: to the journal in its native protocol (with SIE_KEY and the
// fields), to /dev/log with the tag `sie`, or to standard error as "sie-dns-sensor: warning: LINE". It never
// waits: what the receiver has no room for is counted. Restarts of the receiver are survived. Sockets are
// made by the constructor, so that a sandbox may be closed afterwards. Any thread (one lock). A line never
// names a client; that is its author's to see to.
#pragma once

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "daemon/local_socket.h"
#include "daemon/log_line.h"
#include "daemon/repeat_limit.h"

namespace sie::daemon {

enum class LogTarget : std::uint8_t { terminal, syslog, journal };

// journal if $JOURNAL_STREAM names the file that standard error is (systemd.exec(5)), else terminal;
// `background` (no standard error is left) makes syslog of the latter. Takes the variable out of the
// environment.
[[nodiscard]] LogTarget choose_log_target(bool background);

struct LogSettings {
    LogTarget target = LogTarget::terminal;
    int facility = 21, level = 6;  // of syslog_priority (RFC 5424): local5.info
    std::string tag = "sie";
    std::string program = "sie-dns-sensor";  // before lines on the terminal
    std::string syslog_socket = "/dev/log";
    std::string journal_socket = "/run/systemd/journal/socket";
    int terminal_fd = 2;
};

class ServiceLog {
  public:
    explicit ServiceLog(LogSettings settings);

    void tell(Urgency urgency, std::string_view key, std::string_view line, Moment now,
              std::span<const LogField> fields = {});
    void tell(Urgency urgency, std::string_view key, std::string_view line, Moment now,
              std::initializer_list<LogField> fields) {
        tell(urgency, key, line, now, std::span(fields.begin(), fields.size()));
    }
    // Tells what was held back and is due; a few times a minute.
    void attend(Moment now);
    // Tells all that is held back; at the end.
    void flush();
    // syslog_priority was changed (SIGHUP).
    void set_priority(int facility, int level);

    // Lines that no receiver took, and those held back whose number was never told.
    [[nodiscard]] std::uint64_t lost() const { return lost_; }
    [[nodiscard]] LogTarget target() const { return settings_.target; }

  private:
    void send(Urgency urgency, std::string_view key, std::string_view line, std::span<const LogField> fields);
    [[nodiscard]] bool to_terminal(Urgency urgency, std::string_view line) const;

    std::mutex lock_;
    LogSettings settings_;
    LocalAddress address_;
    LocalSocket socket_;
    RepeatLimit limit_;
    std::uint64_t unsent_ = 0;
    std::atomic<std::uint64_t> lost_ = 0;
};

}  // namespace sie::daemon
