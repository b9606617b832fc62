#include <linux/ioprio.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/result.h"
#include "daemon/low_priority.h"

namespace sie::daemon {

namespace {

std::string refused(std::string what, std::string why) {
    return fail_errno(std::move(what), std::move(why), errno).value().text();
}

bool set_io_level(int level) {
    if (level < 0 || level > 7) {  // the kernel would take the bits above for something else
        errno = EINVAL;
        return false;
    }
    // A manager may have seen to it, and forbid the call.
    if (const long now = ::syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0); now >= 0) {
        const auto of = static_cast<unsigned>(now);
        const auto its = IOPRIO_PRIO_CLASS(of);
        if (its == IOPRIO_CLASS_IDLE ||
            (its == IOPRIO_CLASS_BE && IOPRIO_PRIO_DATA(of) >= static_cast<unsigned>(level)))
            return true;
    }
    const auto wanted = IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, static_cast<unsigned>(level));
    return ::syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, wanted) == 0;
}

bool bind_to(const std::vector<unsigned>& cpus) {
    const unsigned last = *std::max_element(cpus.begin(), cpus.end());
    if (last >= (1U << 16)) {
        errno = EINVAL;
        return false;
    }
    const std::unique_ptr<cpu_set_t, void (*)(cpu_set_t*)> set(CPU_ALLOC(last + 1),
                                                               [](cpu_set_t* memory) { CPU_FREE(memory); });
    if (set == nullptr) return false;
    const std::size_t size = CPU_ALLOC_SIZE(last + 1);
    CPU_ZERO_S(size, set.get());
    for (const unsigned cpu : cpus) CPU_SET_S(cpu, size, set.get());
    return ::sched_setaffinity(0, size, set.get()) == 0;
}

}  // namespace

std::vector<std::string> lower_priority(const LowPriority& wanted) {
    std::vector<std::string> refusals;
    errno = 0;
    const int now = ::getpriority(PRIO_PROCESS, 0);
    if (errno != 0 || (now < wanted.nice && ::setpriority(PRIO_PROCESS, 0, wanted.nice) != 0))
        refusals.push_back(refused("nice " + std::to_string(wanted.nice), "cannot be set"));
    if (!set_io_level(wanted.io_level)) refusals.push_back(refused("I/O priority", "cannot be lowered"));
    if (!wanted.cpus.empty() && !bind_to(wanted.cpus))
        refusals.push_back(
            refused("cpu_affinity", "none of these processors can be had") +
            (errno == EPERM ? "; in a drop-in of the unit: SystemCallFilter=sched_setaffinity" : ""));
    return refusals;
}

}  // namespace sie::daemon
