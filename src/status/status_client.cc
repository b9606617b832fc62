#include "status/status_client.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <thread>

#include "spool/durable.h"
#include "status/unix_address.h"

namespace sie::status {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* does_it_run =
    "is the sensor running? Its status socket is set at its start; --socket PATH asks at another";

[[nodiscard]] tl::unexpected<Error> denied(const std::string& path) {
    struct stat status {};
    std::string who = "ask as root";
    if (::stat(path.c_str(), &status) == 0) {
        const group* owning = ::getgrgid(status.st_gid);  // NOLINT(concurrency-mt-unsafe)
        who = fmt::format("ask as root, or as a member of the group {}",
                          owning != nullptr ? std::string(owning->gr_name) : std::to_string(status.st_gid));
    }
    return fail(ErrorKind::denied, path, "you may not ask this sensor", who);
}

[[nodiscard]] tl::unexpected<Error> no_answer(const std::string& path, std::chrono::milliseconds most) {
    return fail(ErrorKind::system, path,
                fmt::format("no answer within {:.1f} s: the sensor hangs or is very busy",
                            static_cast<double>(most.count()) / 1000),
                "ask again; if that stays so, restart it");
}

// False: the time is over.
[[nodiscard]] bool wait_for(int fd, short events, Clock::time_point until) {
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
        if (left <= 0) return false;
        pollfd polled{fd, events, 0};
        const int n = ::poll(&polled, 1, static_cast<int>(left));
        if (n > 0) return true;
        if (n < 0 && errno != EINTR) return false;
    }
}

[[nodiscard]] Result<void> connect_to(int fd, const std::string& path, const sockaddr_un& address,
                                      Clock::time_point until, std::chrono::milliseconds most) {
    while (::connect(fd, generic(address), sizeof address) != 0) {
        switch (errno) {
            case EISCONN: return {};
            case EINTR: break;
            case EAGAIN:  // its backlog is full
                if (Clock::now() >= until) return no_answer(path, most);
                std::this_thread::sleep_for(std::chrono::milliseconds(10));
                break;
            case ENOENT:
            case ENOTDIR: return fail(ErrorKind::system, path, "no such socket", does_it_run);
            case ECONNREFUSED:
                return fail(ErrorKind::system, path, "nobody listens on this socket", does_it_run);
            case EACCES:
            case EPERM: return denied(path);
            default: return fail_errno(path, "cannot connect", errno);
        }
    }
    return {};
}

}  // namespace

Result<std::string> ask_status(const std::string& path, const StatusRequest& request,
                               std::chrono::milliseconds most) {
    const Clock::time_point until = Clock::now() + most;
    const auto address = unix_address(path);
    if (!address) return fail(address.error());
    const spool::Descriptor socket(::socket(AF_UNIX, SOCK_STREAM, 0));
    if (socket.get() < 0) return fail_errno(path, "cannot make a socket", errno);
    if (::fcntl(socket.get(), F_SETFL, O_NONBLOCK) != 0 || ::fcntl(socket.get(), F_SETFD, FD_CLOEXEC) != 0)
        return fail_errno(path, "cannot set up a socket", errno);
    if (auto connected = connect_to(socket.get(), path, *address, until, most); !connected)
        return fail(std::move(connected.error()));

    const std::string line = request_line(request);
    for (std::size_t sent = 0; sent < line.size();) {
        const ssize_t n = ::send(socket.get(), line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
        if (n > 0) {
            sent += static_cast<std::size_t>(n);
        } else if (errno == EPIPE || errno == ECONNRESET) {
            break;  // it may have said why
        } else if (errno != EAGAIN && errno != EINTR) {
            return fail_errno(path, "cannot ask", errno);
        } else if (!wait_for(socket.get(), POLLOUT, until)) {
            return no_answer(path, most);
        }
    }
    std::string received;
    std::array<char, 16384> piece;
    for (;;) {
        const ssize_t n = ::recv(socket.get(), piece.data(), piece.size(), 0);
        if (n == 0 || (n < 0 && errno == ECONNRESET)) return parse_answer(path, received);
        if (n > 0) {
            received.append(piece.data(), static_cast<std::size_t>(n));
            if (received.size() > longest_answer)
                return fail(ErrorKind::system, path, "the answer has no end", "is this its status socket?");
            if (Clock::now() >= until) return no_answer(path, most);
        } else if (errno != EAGAIN && errno != EINTR) {
            return fail_errno(path, "cannot read the answer", errno);
        } else if (!wait_for(socket.get(), POLLIN, until)) {
            return no_answer(path, most);
        }
    }
}

std::string safe_for_terminal(const std::string& answer) {
    std::string safe;
    for (std::size_t i = 0; i < answer.size(); ++i) {
        const std::string_view rest = std::string_view(answer).substr(i);
        // U+2581 … U+2588
        if (rest.starts_with("\xe2\x96") && rest.size() >= 3 && static_cast<unsigned char>(rest[2]) >= 0x81 &&
            static_cast<unsigned char>(rest[2]) <= 0x88) {
            safe += rest.substr(0, 3);
            i += 2;
        } else {
            safe += answer[i] == '\n' || (answer[i] >= 0x20 && answer[i] < 0x7f) ? answer[i] : '?';
        }
    }
    return safe;
}

}  // namespace sie::status
