// Which hosts take uploads for a name: asks the resolver of this machine for _rsync._tcp.NAME SRV.
//
// The query is made in a child process: it can be given up at once, and whatever the C library does with a
// hostile answer it does there. The answer itself is judged by service_targets.h. Process rules:
// child_process.h.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"
#include "upload/draw.h"
#include "upload/service_targets.h"

namespace sie::upload {

// In the order in which to try them, at least one. An address, or a name without SRV record, is a target
// itself, at standard_port. Errors (system): the look-up failed (to be tried again later), was stopped, took
// longer than `limit`, or gave what service_targets_in() refuses.
[[nodiscard]] Result<std::vector<ServiceTarget>> look_up_targets(const std::string& name, const Draw& draw,
                                                                 int stop_fd, std::chrono::seconds limit);

}  // namespace sie::upload
