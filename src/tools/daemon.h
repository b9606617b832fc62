// Going to the background, a pid file, another user: what -D, -P and -U of nmsgtool do.
//
// The order is: PidFile::open (as whoever started the program), Daemon::start, become_user, then everything
// that can fail with a message, then Daemon::ready and PidFile::write. Until ready() the terminal's process
// waits, so that messages and the exit status reach whoever started it.
#pragma once

#include <string>

#include "base/result.h"

namespace sie::tools {

// Supplementary groups, group and user. Errors: usage (no such user), denied.
[[nodiscard]] Result<void> become_user(const std::string& name);

class PidFile {
  public:
    PidFile() = default;
    ~PidFile();
    PidFile(const PidFile&) = delete;
    PidFile& operator=(const PidFile&) = delete;

    // `owner` may be empty: the file then belongs to who runs the program.
    [[nodiscard]] Result<void> open(const std::string& path, const std::string& owner);
    [[nodiscard]] Result<void> write();  // the pid of this process; nothing if none is open

  private:
    std::string path_;
    int fd_ = -1;
};

class Daemon {
  public:
    Daemon() = default;
    ~Daemon();
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;

    // Forks. The parent stays here until the child is ready or gone, and ends with its status. No thread may
    // have been started yet.
    [[nodiscard]] Result<void> start();
    // In the child: working folder /, standard streams to /dev/null, and the parent may go. Nothing without
    // start().
    [[nodiscard]] Result<void> ready();

  private:
    int parent_ = -1;  // a pipe
};

}  // namespace sie::tools
