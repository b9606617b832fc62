// Sends one batch of files to one target, in one ssh connection.
//
// A file has arrived when rsync says so, and rsync removes it then; at the other side it appears whole under
// its name or not at all. What was cut off stays here and is sent again under the same name, so it cannot be
// there twice. Process rules: child_process.h.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/result.h"
#include "upload/service_targets.h"
#include "upload/settings.h"
#include "upload/waiting_files.h"

namespace sie::upload {

struct UploadHooks {
    std::function<void(const WaitingFile&)> on_arrived;  // as rsync says it
    std::function<void()> on_tick;                       // several times a second
    int stop_fd = -1;
};

struct UploadResult {
    std::vector<WaitingFile> left;  // not known to have arrived, and still here; oldest first
    std::uint64_t arrived = 0;
    bool stopped = false;
    std::optional<Error> fault;  // also where rsync says that all is well and files are left all the same
};

// `batch` is of the folder behind `folder_fd`.
[[nodiscard]] UploadResult upload_batch(const UploadSettings& settings, const ServiceTarget& target,
                                        int folder_fd, std::vector<WaitingFile> batch,
                                        const UploadHooks& hooks);

}  // namespace sie::upload
