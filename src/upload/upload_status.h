// How the uploader is doing, as a block of octets that one write(2) carries through a pipe (PIPE_BUF) from
// the uploader's process to the one that shows it. Times are seconds since 1970, 0 for never.
#pragma once

#include <cstdint>
#include <type_traits>

namespace sie::upload {

enum class UploadState : std::uint8_t {
    idle,         // nothing waits
    sending,      // rsync is at work, or about to be
    backing_off,  // the last attempt failed; the next is at next_try_s
    held,  // something here must be mended first (key, known hosts, login, folder); looked at again all the
           // time
};

struct UploadStatus {
    std::int64_t last_success_s = 0;  // a file arrived
    std::int64_t last_failure_s = 0;
    std::int64_t next_try_s = 0;                    // while backing off
    std::uint64_t files_sent = 0, octets_sent = 0;  // since the start, by rsync's word
    std::uint64_t attempts = 0;                     // batches begun: one or more ssh connections each
    std::uint64_t connections = 0;                  // times rsync was started
    std::uint64_t failures = 0;                     // attempts in which no target took all
    std::uint64_t waiting_files = 0, waiting_octets = 0;
    std::uint64_t refused_files = 0;  // in the waiting folder, with names or kinds that are not sent
    std::uint32_t silent_minutes =
        0;  // age of the last success (else of the start) once it is a warning; else 0
    UploadState state = UploadState::idle;
    char last_error[512] = {};  // ends with a zero octet; empty after a success
};
static_assert(std::is_trivially_copyable_v<UploadStatus> && sizeof(UploadStatus) <= 4096);

}  // namespace sie::upload
