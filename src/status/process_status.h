// The memory and CPU time of this process, from the system.
#pragma once

#include "status/status_report.h"

namespace sie::status {

// getrusage(2), getrlimit(2) (RLIMIT_AS), and /proc/self/statm where there is one; what the system does not
// tell is 0. Three system calls and a small file. Any thread.
[[nodiscard]] ProcessStatus read_process_status();

}  // namespace sie::status
