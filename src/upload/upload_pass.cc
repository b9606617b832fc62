#include "upload/upload_pass.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "spool/file_name.h"
#include "upload/child_process.h"
#include "upload/key_check.h"
#include "upload/service_lookup.h"

namespace sie::upload {
namespace {

// What one look keeps: enough for several batches, so that a full folder is not walked for each.
constexpr std::size_t kept_batches = 10;

}  // namespace

UploadPass::UploadPass(const UploadSettings& settings, Draw draw, PassHooks hooks)
    : settings_(settings),
      draw_(std::move(draw)),
      hooks_(std::move(hooks)),
      waiting_(settings.waiting_folder, hooks_.log) {}

Result<bool> UploadPass::take_folder() {
    if (folder_.get() >= 0 && spool::is_named(folder_.get(), AT_FDCWD, settings_.waiting_folder)) return true;
    queue_.clear();
    folder_ = spool::Descriptor();
    spool::Descriptor opened = spool::open_folder(settings_.waiting_folder);
    if (opened.get() < 0 && errno == ENOENT) return false;
    if (opened.get() < 0) return spool::refused(settings_.waiting_folder, "cannot be opened", errno);
    switch (spool::lock(opened.get())) {
        case spool::Lock::taken: break;
        case spool::Lock::held:
            return fail(ErrorKind::system, settings_.waiting_folder, "another uploader is at work here",
                        "it sends what waits; stop the service first if you want to do it by hand");
        case spool::Lock::unable:
            return fail(ErrorKind::system, settings_.waiting_folder, "this file system cannot lock a folder",
                        "put the spool on another one");
    }
    folder_ = std::move(opened);
    return true;
}

Result<Waiting> UploadPass::look() {
    auto found = waiting_.look(folder_.get(), settings_.batch_files * kept_batches);
    if (found) queue_ = found->oldest;
    return found;
}

Result<void> UploadPass::check_place() const {
    if (settings_.login.empty())
        return fail(ErrorKind::usage, "login", "is not set", "write the name that the collector gave you");
    struct stat status {};
    const bool is_there = folder_.get() >= 0 && ::fstat(folder_.get(), &status) == 0;
    const uid_t uploader = ::geteuid();
    if (auto sound = check_upload_key(settings_.uploadkey, uploader, is_there ? status.st_uid : uploader);
        !sound)
        return sound;
    if (auto sound = check_known_hosts(settings_.knownhosts); !sound) return sound;
    if (!is_there) return {};
    // Or files would be sent, never removed, and sent again.
    if (::faccessat(folder_.get(), ".", W_OK | X_OK, AT_EACCESS) != 0)
        return fail_errno(settings_.waiting_folder, "sent files could not be removed", errno);
    return {};
}

void UploadPass::tell_failure(const WaitingFile& first, const Error& why) const {
    hooks_.log(Severity::warning,
               "failed to upload " + spool::in_folder(settings_.waiting_folder, first.name));
    hooks_.log(Severity::warning, "upload: " + why.text());
}

PassEnd UploadPass::send_batch() {
    PassEnd end;
    std::vector<WaitingFile> batch =
        waiting_.take_batch(folder_.get(), queue_, settings_.batch_files, settings_.batch_octets);
    if (batch.empty()) return end;
    if (auto sound = check_place(); !sound) {
        end.is_held = true;
        end.fault = sound.error();
        return end;
    }
    const auto targets =
        look_up_targets(settings_.submitserver, draw_, hooks_.stop_fd, settings_.look_up_limit);
    if (!targets) {
        end.stopped = asked_to_stop(hooks_.stop_fd);
        end.fault = targets.error();
        if (!end.stopped) tell_failure(batch.front(), *end.fault);
        return end;
    }
    const UploadHooks hooks{hooks_.on_arrived, hooks_.on_tick, hooks_.stop_fd};
    for (const ServiceTarget& target : *targets) {
        if (hooks_.on_connection) hooks_.on_connection();
        UploadResult result = upload_batch(settings_, target, folder_.get(), std::move(batch), hooks);
        end.anything_sent |= result.arrived > 0;
        end.stopped = result.stopped;
        end.fault = std::move(result.fault);
        if (end.stopped || !end.fault) return end;
        batch = std::move(result.left);
        if (batch.empty()) {
            // All of it arrived, and the fault came after: nothing to mend.
            end.fault.reset();
            return end;
        }
        tell_failure(batch.front(), *end.fault);
    }
    return end;
}

}  // namespace sie::upload
