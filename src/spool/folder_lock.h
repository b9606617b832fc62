// One sensor for one output folder: a lock on the file .sie-dns-sensor.lock in it.
//
// The lock is flock(2) on an open file description. The kernel lets go of it when the last descriptor of it
// is closed, however its process ends: a file that a crash left behind is no obstacle, and is never removed.
// exec closes the descriptor; a fork inherits it, so that a parent may lock, fork and leave (write_pid() then
// puts the child's number into the file). The number is for the message of the next one alone. The file is
// not followed if it is a link, and writable by its owner only. One thread.
#pragma once

#include <string>
#include <utility>

#include "base/result.h"
#include "spool/durable.h"

namespace sie::spool {

inline constexpr const char* lock_name = ".sie-dns-sensor.lock";

class FolderLock {
  public:
    // Errors: denied, "FOLDER: in use by a sensor with pid N; stop it, or use another folder"; system, if the
    // folder is missing, not ours, or on a file system that cannot lock.
    [[nodiscard]] static Result<FolderLock> take(const std::string& folder);
    // Going lets go of it.

    // This process's number into the file. A disk that is full is no error: the lock holds all the same.
    void write_pid();
    // False once somebody removed the lock file or the folder: a second sensor could begin.
    [[nodiscard]] bool still_in_place() const;

  private:
    FolderLock(Descriptor file, std::string folder) : file_(std::move(file)), folder_(std::move(folder)) {}
    Descriptor file_;
    std::string folder_;
};

}  // namespace sie::spool
