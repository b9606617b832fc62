// Going to the background, a pid file, another user: what SysV init, rc.d and -D, -P and -U of nmsgtool need.
//
// The order is: PidFile::open (as whoever started the program), Background::start, become_user (or
// lower_privileges, privileges.h), then everything that can fail with a message, then Background::ready
// and PidFile::write. Until ready() the terminal's process waits, so that messages and the exit status reach
// whoever started it. `option` is what messages begin with: how the user asked for it. Before there are
// threads.
#pragma once

#include <string>
#include <utility>

#include "base/result.h"

namespace sie::daemon {

// Supplementary groups, group and user. Errors: usage (no such user), denied.
[[nodiscard]] Result<void> become_user(const std::string& name, const std::string& option);

class PidFile {
  public:
    explicit PidFile(std::string option) : option_(std::move(option)) {}
    ~PidFile();
    PidFile(const PidFile&) = delete;
    PidFile& operator=(const PidFile&) = delete;

    // `owner` may be empty: the file then belongs to who runs the program.
    [[nodiscard]] Result<void> open(const std::string& path, const std::string& owner);
    [[nodiscard]] Result<void> write();  // the pid of this process; nothing if none is open

  private:
    std::string option_, path_;
    int fd_ = -1;
    bool written_ = false;
};

// Standard input, output and error are /dev/null from here on.
void leave_terminal();

class Background {
  public:
    explicit Background(std::string option) : option_(std::move(option)) {}
    ~Background();
    Background(const Background&) = delete;
    Background& operator=(const Background&) = delete;

    // Forks. The parent stays here until the child is ready or gone, and ends with its status. No thread may
    // have been started yet.
    [[nodiscard]] Result<void> start();
    // In the child: working folder /, standard streams to /dev/null, and the parent may go. Nothing without
    // start().
    [[nodiscard]] Result<void> ready();

  private:
    std::string option_;
    int parent_ = -1;  // a pipe
};

}  // namespace sie::daemon
