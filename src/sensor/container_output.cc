#include "sensor/container_output.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace sie::sensor {

Result<void> DiscardOutput::write(Octets container, Time) {
    ++counts_.containers;
    counts_.octets += container.size();
    return {};
}

Result<void> SpoolOutput::write(Octets container, Time file_stamp) {
    if (file_.is_open() && file_stamp != stamp_)
        if (auto closed = close(); !closed) return closed;
    if (!file_.is_open()) {
        if (auto opened = file_.open(file_stamp); !opened) return opened;
        stamp_ = file_stamp;
    }
    return file_.write(container);
}

Result<void> SpoolOutput::close() {
    if (!file_.is_open()) return {};
    if (auto closed = file_.close(); !closed) return fail(closed.error());
    return {};
}

Result<std::unique_ptr<ContainerOutput>> PlainOutput::open(const std::string& path) {
    if (path == "-") return std::make_unique<PlainOutput>(STDOUT_FILENO, "standard output");
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) return fail_errno(path, "cannot be written", errno);
    return std::make_unique<PlainOutput>(fd, path);
}

PlainOutput::~PlainOutput() {
    if (fd_ > STDERR_FILENO) ::close(fd_);
}

Result<void> PlainOutput::write(Octets container, Time) {
    for (Octets rest = container; !rest.empty();) {
        const ssize_t n = ::write(fd_, rest.data(), rest.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) {  // standard output may be shared with who made it so
            pollfd room{fd_, POLLOUT, 0};
            ::poll(&room, 1, -1);
            continue;
        }
        if (n < 0) return fail_errno(name_, "cannot be written", errno);
        rest = rest.subspan(static_cast<std::size_t>(n));
    }
    ++counts_.containers;
    counts_.octets += container.size();
    return {};
}

Result<void> PlainOutput::close() {
    counts_.files = 1;
    if (fd_ <= STDERR_FILENO) return {};
    const int fd = std::exchange(fd_, -1);
    if (::close(fd) != 0) return fail_errno(name_, "cannot be closed", errno);
    return {};
}

}  // namespace sie::sensor
