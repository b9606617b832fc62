#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>

#include "upload/child_setup.h"

namespace sie::upload {

void end_with_parent(pid_t parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(1);  // it went before the call above
}

void close_all_but_standard_streams() {
    if (::close_range(3, ~0U, 0) == 0) return;
    // A kernel before 5.9, or a sandbox that does not know the call.
    for (int fd = 3; fd < 1'024; ++fd) ::close(fd);
}

}  // namespace sie::upload
