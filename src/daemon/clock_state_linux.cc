#include <sys/timex.h>

#include <cerrno>

#include "daemon/clock_state.h"

namespace sie::daemon {

KernelClock ask_kernel_clock() {
    timex question{};  // no modes: nothing is set
    if (::adjtimex(&question) < 0) return {errno, {}};
    return {0, std::chrono::microseconds(question.maxerror)};
}

}  // namespace sie::daemon
