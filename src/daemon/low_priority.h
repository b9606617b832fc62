// Stands back behind the resolver on the same machine: niceness, the last place in the queue for the disk,
// and the processors that the operator left.
//
// Of the calling thread, and of threads and processes that it starts later: to be called before there are
// threads, and before a sandbox. What the system refuses is no failure: it comes back as text, one line each,
// for the log.
#pragma once

#include <string>
#include <vector>

namespace sie::daemon {

struct LowPriority {
    int nice = 10;               // never raised: a process that is nicer already stays so
    int io_level = 7;            // of the class "best effort": 0 first, 7 last
    std::vector<unsigned> cpus;  // empty: all that it has
};

#ifdef SIE_PORTABLE
[[nodiscard]] inline std::vector<std::string> lower_priority(const LowPriority&) { return {}; }
#else
[[nodiscard]] std::vector<std::string> lower_priority(const LowPriority& wanted);
#endif

}  // namespace sie::daemon
