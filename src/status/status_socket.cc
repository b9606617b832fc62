#include "status/status_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "status/status_protocol.h"
#include "status/unix_address.h"

namespace sie::status {
namespace {

constexpr int backlog = 64;

[[nodiscard]] spool::Descriptor unix_socket() {
    spool::Descriptor socket(::socket(AF_UNIX, SOCK_STREAM, 0));
    if (socket.get() >= 0) {
        static_cast<void>(::fcntl(socket.get(), F_SETFD, FD_CLOEXEC));
        static_cast<void>(::fcntl(socket.get(), F_SETFL, O_NONBLOCK));
    }
    return socket;
}

[[nodiscard]] tl::unexpected<Error> in_use(const std::string& path) {
    return fail(ErrorKind::denied, path, "a running sensor listens there",
                "stop it, or give this one a socket of its own");
}

// The lock, held: no other process that keeps to it has the socket.
[[nodiscard]] Result<spool::Descriptor> take_lock(const std::string& path) {
    const std::string lock_path = path + ".lock";
    spool::Descriptor file(
        ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600));
    if (file.get() < 0) return spool::refused(lock_path, "cannot lock the status socket", errno);
    switch (spool::lock(file.get())) {
        case spool::Lock::taken: return file;
        case spool::Lock::held: return in_use(path);
        case spool::Lock::unable: break;
    }
    return fail(ErrorKind::system, lock_path, "this file system cannot lock files",
                "put the socket on another one");
}

// What stands at the path and is not ours: nothing, a stale socket (removed), or an error.
[[nodiscard]] Result<void> clear_way(const std::string& path, const sockaddr_un& address) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) {
        if (errno == ENOENT) return {};
        return spool::refused(path, "cannot look at the status socket", errno);
    }
    if (!S_ISSOCK(status.st_mode))
        return fail(ErrorKind::system, path, "is there and is no socket", "move it away");
    const spool::Descriptor probe = unix_socket();
    // A full backlog (EAGAIN) is a listener too.
    if (::connect(probe.get(), generic(address), sizeof address) == 0 || errno == EAGAIN) return in_use(path);
    if (::unlink(path.c_str()) != 0 && errno != ENOENT)
        return spool::refused(path, "cannot remove the socket of a sensor that is gone", errno);
    return {};
}

}  // namespace

Result<StatusSocket> StatusSocket::open(const std::string& path) {
    const auto address = unix_address(path);
    if (!address) return fail(address.error());
    auto lock = take_lock(path);
    if (!lock) return fail(std::move(lock.error()));
    if (auto clear = clear_way(path, *address); !clear) return fail(std::move(clear.error()));
    StatusSocket made(path, std::move(*lock));
    made.socket_ = unix_socket();
    if (made.socket_.get() < 0) return fail_errno(path, "cannot make a socket", errno);
    if (::bind(made.socket_.get(), generic(*address), sizeof *address) != 0)
        return spool::refused(path, "cannot make the status socket", errno);
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0)
        return spool::refused(path, "cannot look at the status socket", errno);
    made.device_ = status.st_dev;
    made.inode_ = status.st_ino;
    // Nobody can connect before listen(2), so the mode is never wider than meant.
    if (::chmod(path.c_str(), 0660) != 0 || ::listen(made.socket_.get(), backlog) != 0)
        return spool::refused(path, "cannot set up the status socket", errno);
    return made;
}

StatusSocket::~StatusSocket() {
    struct stat status {};
    if (lock_.get() >= 0 && inode_ != 0 && ::lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ &&
        status.st_ino == inode_)
        ::unlink(path_.c_str());
}

AnswerListener StatusSocket::listener(const StatusBoard& board) {
    return {std::move(socket_),
            [&board](std::string_view received) { return answer_status(received, board); }};
}

}  // namespace sie::status
