// The uploader as a process beside the sensor, begun anew whenever it dies.
//
//   sensor ── commands ──▶ keeper ── stop, wake ──▶ uploader ─▶ rsync, ssh
//      ◀───────────────── status, once a change ──────────┘
//
// start() forks the keeper: a process with one thread that forks uploaders, one after the other, and does
// nothing else, so that a sensor with threads and a sandbox need not fork. The pipes are all that ties them:
// when the sensor ends, however it does, keeper and uploader end too. Neither takes SIGINT, SIGTERM or
// SIGHUP: who ends the sensor by a signal to all of them leaves it to the sensor. An uploader that died is
// begun anew after 1 s, and later each time, up to five minutes. One thread but for wake(), which any
// may call.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>

#include "base/result.h"
#include "spool/durable.h"
#include "upload/settings.h"
#include "upload/upload_status.h"

namespace sie::upload {

struct UploadWork {
    // In the keeper, at its start and after each reload(): what is to be uploaded. Nothing: nothing is.
    std::function<std::optional<UploadSettings>()> settings;
    // In keeper and uploader. It must not need a thread of the sensor's.
    Log log;
    // In the keeper, once, before its first uploader: gives up what neither needs. May be empty.
    std::function<Result<void>()> confine;
};

class UploadProcess {
  public:
    // In a process that has no second thread yet. Errors: system.
    [[nodiscard]] static Result<UploadProcess> start(const UploadWork& work);
    UploadProcess(UploadProcess&& other) noexcept;
    UploadProcess& operator=(UploadProcess&&) = delete;
    // stop().
    ~UploadProcess();

    // Something new waits.
    void wake() const;
    // The settings are asked for again; an uploader at work is stopped and begun anew.
    void reload() const;
    // What the uploader told last, with the counts of those before it. Never waits.
    [[nodiscard]] const UploadStatus& status();
    // The keeper has gone without being asked to: nothing is uploaded any more.
    [[nodiscard]] bool has_died();
    [[nodiscard]] pid_t keeper() const { return keeper_; }
    // Ends both: within a second when all is well, by SIGKILL after four.
    void stop();

  private:
    UploadProcess(pid_t keeper, spool::Descriptor commands, spool::Descriptor reports)
        : keeper_(keeper), commands_(std::move(commands)), reports_(std::move(reports)) {}
    void command(char what) const;

    pid_t keeper_;
    spool::Descriptor commands_, reports_;
    UploadStatus latest_, told_, before_;  // all together; of the uploader now; of those before it
    bool died_ = false;
};

}  // namespace sie::upload
