// The uploader: sends what waits in a folder to the collector, for as long as it runs. The header to start
// from.
//
// In: files that appear in the waiting folder under their final names (src/spool). Out: files gone from there
// because they are at the collector; log lines; a status. It goes by its own timer, oldest first, many files
// in one ssh connection, and tries again with growing pauses whatever happens to collector, network, keys or
// DNS. All of its state is the files themselves, so it may be ended at any moment. It promises: a file leaves
// only when rsync says that it arrived; it is at the collector whole or not at all, and once.
//
// Meant as the body of a process of its own without any privilege: one thread, forks and runs rsync and ssh
// (child_process.h), reads the clock. It needs to read key and known hosts and to write the waiting folder.
#pragma once

#include <functional>

#include "upload/settings.h"
#include "upload/upload_status.h"

namespace sie::upload {

struct UploaderPorts {
    Log log;
    // After each change, at most a few times a second, and at the end. May be empty. It must not wait.
    std::function<void(const UploadStatus&)> report;
    int stop_fd = -1;  // readable, or its other end closed: ends within a second, also in mid-transfer
    int wake_fd =
        -1;  // readable: looks into the folder now; emptied by reading. Non-blocking (pipe, eventfd)
};

// Returns once stop_fd says so. Sets SIGPIPE to be ignored and SIGCHLD to its default.
void run_uploader(const UploadSettings& settings, const UploaderPorts& ports);

// By hand and from cron: sends all that waits now, without waiting in between. Exit status: 0 nothing waits
// any more, 1 something does (the log says why), 3 modes or owner of the key are in the way. Refuses to work
// beside a running uploader of the same folder. Signals are set as above.
[[nodiscard]] int upload_once(const UploadSettings& settings, const Log& log, int stop_fd = -1);

}  // namespace sie::upload
