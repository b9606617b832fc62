#include "daemon/notify.h"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <ctime>
#include <system_error>

#include "daemon/log_line.h"

namespace sie::daemon {

namespace {

// The variable, which no child of this process shall see.
std::string taken(const char* name) {
    const char* value = std::getenv(name);
    std::string text = value != nullptr ? value : "";
    ::unsetenv(name);
    return text;
}

std::optional<std::uint64_t> number_in(const std::string& text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return {};
    return number;
}

}  // namespace

Notify Notify::from_environment() {
    Notify notify;
    notify.address_ = LocalAddress(taken("NOTIFY_SOCKET"));
    const auto interval = number_in(taken("WATCHDOG_USEC"));
    const std::string pid = taken("WATCHDOG_PID");
    if (notify.address_.empty()) return notify;
    notify.socket_ = LocalSocket::make(std::chrono::seconds(1));
    // A manager that meant another process, such as the shell that started this one, hears nothing from here.
    const bool meant = pid.empty() || number_in(pid) == static_cast<std::uint64_t>(::getpid());
    constexpr std::uint64_t most = std::uint64_t{1} << 53;
    if (interval && *interval > 0 && *interval < most && meant)
        notify.watchdog_ = std::chrono::microseconds(*interval);
    return notify;
}

bool Notify::send(std::string_view message) { return listening() && socket_.send(address_, message) == 0; }

bool Notify::ready() { return send("READY=1"); }

bool Notify::reloading() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}",
                            std::uint64_t(now.tv_sec) * 1'000'000 + std::uint64_t(now.tv_nsec) / 1000));
}

bool Notify::stopping() { return send("STOPPING=1"); }

bool Notify::watchdog() { return send("WATCHDOG=1"); }

bool Notify::status(std::string_view text) { return send("STATUS=" + one_line(text)); }

}  // namespace sie::daemon
