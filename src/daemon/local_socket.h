// Datagrams to a Unix socket of another process that may be gone and come back.
//
// The socket is made once and not connected: each datagram looks the address up, so that a receiver that was
// restarted is found again. Sending never waits unless a bound was given. Owns its descriptor (closed by
// exec). Any thread, one at a time.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

namespace sie::daemon {

// A path, or on Linux "@name" for an abstract name. Empty, relative or too long: no address.
class LocalAddress {
  public:
    LocalAddress() = default;
    explicit LocalAddress(std::string_view text);
    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&name_); }
    [[nodiscard]] socklen_t size() const { return size_; }

  private:
    sockaddr_un name_{};
    socklen_t size_ = 0;
};

class LocalSocket {
  public:
    LocalSocket() = default;
    ~LocalSocket();
    LocalSocket(LocalSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    LocalSocket& operator=(LocalSocket&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    LocalSocket(const LocalSocket&) = delete;
    LocalSocket& operator=(const LocalSocket&) = delete;

    // `most`: how long a datagram may wait for room at the receiver.
    [[nodiscard]] static LocalSocket make(std::chrono::milliseconds most = {});
    // 0, or errno: nobody there (ENOENT, ECONNREFUSED), no room (EAGAIN), too long (EMSGSIZE) …
    [[nodiscard]] int send(const LocalAddress& to, std::string_view datagram) const;

  private:
    int fd_ = -1;
};

}  // namespace sie::daemon
