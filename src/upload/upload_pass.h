// One attempt to send what waits: from the settings and the folder as they are now to files that are gone, or
// a reason. The uploader (uploader.h) makes attempts for as long as it runs; this keeps nothing but what it
// has told already.
//
// An attempt sends one batch, the oldest files: it checks key, known hosts and folder, asks the DNS, and
// tries the targets in their order until the batch is gone. It waits no longer than its bounds, and ends soon
// after stop_fd.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/result.h"
#include "spool/durable.h"
#include "upload/draw.h"
#include "upload/one_upload.h"
#include "upload/settings.h"
#include "upload/waiting_files.h"

namespace sie::upload {

struct PassHooks {
    Log log;
    std::function<void(const WaitingFile&)> on_arrived;
    std::function<void()> on_connection;  // rsync is about to be started
    std::function<void()> on_tick;
    int stop_fd = -1;
};

struct PassEnd {
    bool anything_sent = false;
    bool stopped = false;
    bool is_held = false;        // the fault is here, and looking again costs nothing
    std::optional<Error> fault;  // none: the batch is gone
};

class UploadPass {
  public:
    UploadPass(const UploadSettings& settings, Draw draw, PassHooks hooks);

    // The lock on the waiting folder: one uploader at a time. True: this one has it, and the folder is there.
    // False: no folder yet. Errors (system): another one has it; the folder cannot be used.
    [[nodiscard]] Result<bool> take_folder();

    // Is all here that an attempt needs: login, key, known hosts, a folder that can be written? Errors: the
    // first that is not, with what mends it.
    [[nodiscard]] Result<void> check_place() const;

    // What waits, counted now. Only with the folder.
    [[nodiscard]] Result<Waiting> look();
    // Sends the next batch of what the last look() found. Only with the folder.
    [[nodiscard]] PassEnd send_batch();
    // No batch is left of what the last look() found.
    [[nodiscard]] bool is_exhausted() const { return queue_.empty(); }

  private:
    void tell_failure(const WaitingFile& first, const Error& why) const;

    const UploadSettings& settings_;
    Draw draw_;
    PassHooks hooks_;
    WaitingFiles waiting_;
    spool::Descriptor folder_;
    std::vector<WaitingFile> queue_;
};

}  // namespace sie::upload
