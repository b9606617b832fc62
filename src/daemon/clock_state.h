// Whether something keeps the machine's clock right, and what is to be said of it.
//
// read_clock_state() asks the kernel (adjtimex(2), nothing is changed). ClockWatch turns the states that it
// is shown, at start and every minute, into what the log says: the first one, and each change. One thread.
#pragma once

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/log_line.h"

namespace sie::daemon {

enum class ClockSync : std::uint8_t {
    synchronised,    // the kernel's bound on the error is below 16 s
    unsynchronised,  // it has reached that, which it does half a day after the last correction, or at boot
    unknown,         // the kernel does not say
};
[[nodiscard]] std::string_view word_of(ClockSync sync);  // "synchronised"

struct ClockState {
    ClockSync sync = ClockSync::unknown;
    std::optional<std::chrono::microseconds> most_error;  // of a synchronised clock
    int refused = 0;                                      // errno, if the kernel refused to say
};

// What the kernel would answer: 0 and the bound on the error, or an errno.
struct KernelClock {
    int error_number = 0;
    std::chrono::microseconds most_error{};
};
#ifdef SIE_PORTABLE
[[nodiscard]] inline KernelClock ask_kernel_clock() { return {ENOSYS, {}}; }
#else
[[nodiscard]] KernelClock ask_kernel_clock();
#endif
[[nodiscard]] ClockState read_clock_state(const std::function<KernelClock()>& ask = ask_kernel_clock);

class ClockWatch {
  public:
    struct Told {
        Urgency urgency;
        std::string line;
    };
    [[nodiscard]] std::optional<Told> see(const ClockState& state);

  private:
    std::optional<ClockSync> seen_;
};

}  // namespace sie::daemon
