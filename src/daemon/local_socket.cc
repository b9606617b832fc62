#include "daemon/local_socket.h"

#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

namespace sie::daemon {

LocalAddress::LocalAddress(std::string_view text) {
    if (text.size() < 2 || text.size() >= sizeof name_.sun_path) return;
#ifdef __linux__
    const bool abstract = text.front() == '@';
#else
    const bool abstract = false;
#endif
    if (!abstract && text.front() != '/') return;
    name_.sun_family = AF_UNIX;
    std::memcpy(name_.sun_path, text.data(), text.size());
    if (abstract) name_.sun_path[0] = '\0';
    // An abstract name ends with the size, a path with a NUL.
    size_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + text.size() + (abstract ? 0 : 1));
}

LocalSocket::~LocalSocket() {
    if (fd_ >= 0) ::close(fd_);
}

LocalSocket LocalSocket::make(std::chrono::milliseconds most) {
    LocalSocket made;
    const bool waits = most.count() > 0;
    made.fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | (waits ? 0 : SOCK_NONBLOCK), 0);
    if (made.fd_ >= 0 && waits) {
        const timeval bound{most.count() / 1000, most.count() % 1000 * 1000};
        if (::setsockopt(made.fd_, SOL_SOCKET, SO_SNDTIMEO, &bound, sizeof bound) != 0) made = LocalSocket();
    }
    return made;
}

int LocalSocket::send(const LocalAddress& to, std::string_view datagram) const {
    if (fd_ < 0) return EBADF;
    if (to.empty()) return EDESTADDRREQ;
    for (;;) {
        if (::sendto(fd_, datagram.data(), datagram.size(), MSG_NOSIGNAL, to.data(), to.size()) >= 0)
            return 0;
        if (errno != EINTR) return errno;
    }
}

}  // namespace sie::daemon
