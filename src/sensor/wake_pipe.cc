#include "sensor/wake_pipe.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace sie::sensor {

Result<WakePipe> WakePipe::open() {
    WakePipe made;
    if (::pipe(made.ends_) != 0) return fail_errno("live capture", "cannot make a pipe", errno);
    for (const int fd : made.ends_) {
        // A full pipe wakes as well as one more octet would.
        if (::fcntl(fd, F_SETFL, O_NONBLOCK) != 0 || ::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
            return fail_errno("live capture", "cannot set up a pipe", errno);
    }
    return made;
}

WakePipe::WakePipe(WakePipe&& other) noexcept {
    ends_[0] = std::exchange(other.ends_[0], -1);
    ends_[1] = std::exchange(other.ends_[1], -1);
}

WakePipe::~WakePipe() {
    for (const int fd : ends_)
        if (fd >= 0) ::close(fd);
}

void WakePipe::wake() const {
    const char octet = 0;
    static_cast<void>(!::write(ends_[1], &octet, 1));
}

void WakePipe::clear() const {
    char octets[64];
    while (::read(ends_[0], octets, sizeof octets) > 0) {}
}

}  // namespace sie::sensor
