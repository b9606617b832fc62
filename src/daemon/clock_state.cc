#include "daemon/clock_state.h"

#include <fmt/format.h>

#include <system_error>

namespace sie::daemon {

namespace {

// Where the kernel gives up (NTP_PHASE_LIMIT). STA_UNSYNC says less: chrony sets it unless it keeps the
// hardware clock too.
constexpr std::chrono::microseconds hopeless{16'000'000};

constexpr const char* remedy = "run chrony, ntpd or systemd-timesyncd";

}  // namespace

std::string_view word_of(ClockSync sync) {
    switch (sync) {
        case ClockSync::synchronised: return "synchronised";
        case ClockSync::unsynchronised: return "unsynchronised";
        case ClockSync::unknown: return "unknown";
    }
    return "unknown";
}

ClockState read_clock_state(const std::function<KernelClock()>& ask) {
    const KernelClock clock = ask();
    if (clock.error_number != 0) return {ClockSync::unknown, {}, clock.error_number};
    if (clock.most_error < std::chrono::microseconds(0) || clock.most_error >= hopeless)
        return {ClockSync::unsynchronised, {}, 0};
    return {ClockSync::synchronised, clock.most_error, 0};
}

std::optional<ClockWatch::Told> ClockWatch::see(const ClockState& state) {
    const bool first = !seen_;
    if (seen_ == state.sync) return {};
    seen_ = state.sync;
    switch (state.sync) {
        case ClockSync::synchronised:
            return Told{
                Urgency::info,
                fmt::format("clock: {}synchronised, by at most {} ms off", first ? "" : "now ",
                            (state.most_error.value_or(std::chrono::microseconds(0)).count() + 999) / 1000)};
        case ClockSync::unsynchronised:
            return Told{Urgency::warning,
                        fmt::format("clock: {}, the stamps of transactions may be wrong; {}",
                                    first ? "not synchronised" : "no longer synchronised", remedy)};
        case ClockSync::unknown:
            return Told{
                Urgency::info,
                fmt::format("clock: unknown whether it is synchronised, adjtimex was refused: {}; see to it "
                            "that the machine runs chrony, ntpd or systemd-timesyncd",
                            std::generic_category().message(state.refused))};
    }
    return {};
}

}  // namespace sie::daemon
