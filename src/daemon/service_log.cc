#include "daemon/service_log.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <utility>
#include <vector>

namespace sie::daemon {

namespace {

std::tm local_now() {
    const std::time_t now = std::time(nullptr);
    std::tm local{};
    ::localtime_r(&now, &local);
    return local;
}

std::string_view word_before(Urgency urgency) {
    switch (urgency) {
        case Urgency::info: return "";
        case Urgency::warning: return "warning: ";
        case Urgency::error: return "error: ";
    }
    return "";
}

}  // namespace

LogTarget choose_log_target(bool background) {
    const char* value = std::getenv("JOURNAL_STREAM");
    const std::string stream = value != nullptr ? value : "";
    ::unsetenv("JOURNAL_STREAM");
    struct stat error {};
    if (!stream.empty() && ::fstat(STDERR_FILENO, &error) == 0 &&
        stream == fmt::format("{}:{}", std::uint64_t{error.st_dev}, std::uint64_t{error.st_ino}))
        return LogTarget::journal;
    return background ? LogTarget::syslog : LogTarget::terminal;
}

ServiceLog::ServiceLog(LogSettings settings) : settings_(std::move(settings)) {
    if (settings_.target == LogTarget::terminal) return;
    address_ = LocalAddress(settings_.target == LogTarget::journal ? settings_.journal_socket
                                                                   : settings_.syslog_socket);
    socket_ = LocalSocket::make();
    ::tzset();  // reads the zone's file while it still may
}

void ServiceLog::tell(Urgency urgency, std::string_view key, std::string_view line, Moment now,
                      std::span<const LogField> fields) {
    const std::lock_guard hold(lock_);
    if (const auto told = limit_.admit(urgency, key, line, now)) send(urgency, key, *told, fields);
    lost_ = unsent_ + limit_.forgotten_lines();
}

void ServiceLog::attend(Moment now) {
    const std::lock_guard hold(lock_);
    for (const RepeatLimit::Held& held : limit_.due(now)) send(held.urgency, held.key, held.line, {});
    lost_ = unsent_ + limit_.forgotten_lines();
}

void ServiceLog::flush() {
    const std::lock_guard hold(lock_);
    for (const RepeatLimit::Held& held : limit_.rest()) send(held.urgency, held.key, held.line, {});
    lost_ = unsent_ + limit_.forgotten_lines();
}

void ServiceLog::set_priority(int facility, int level) {
    const std::lock_guard hold(lock_);
    settings_.facility = facility;
    settings_.level = level;
}

void ServiceLog::send(Urgency urgency, std::string_view key, std::string_view line,
                      std::span<const LogField> fields) {
    const int level = level_of(urgency, settings_.level);
    bool sent = false;
    switch (settings_.target) {
        case LogTarget::terminal: sent = to_terminal(urgency, line); break;
        case LogTarget::syslog:
            sent = socket_.send(address_, syslog_line(settings_.facility, level, settings_.tag, local_now(),
                                                      line)) == 0;
            break;
        case LogTarget::journal: {
            std::vector<LogField> all(fields.begin(), fields.end());
            if (!key.empty()) all.push_back({"SIE_KEY", key});
            sent = socket_.send(address_,
                                journal_entry(settings_.facility, level, settings_.tag, line, all)) == 0;
            break;
        }
    }
    if (!sent) ++unsent_;
}

// A pipe that poll(2) calls writable has room for a page, and a line is shorter: the write does not wait.
bool ServiceLog::to_terminal(Urgency urgency, std::string_view line) const {
    pollfd room{settings_.terminal_fd, POLLOUT, 0};
    if (::poll(&room, 1, 0) != 1 || (room.revents & POLLOUT) == 0) return false;
    const std::string text =
        fmt::format("{}: {}{}\n", settings_.program, word_before(urgency), one_line(line));
    return ::write(settings_.terminal_fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

}  // namespace sie::daemon
