// A Unix datagram socket of a test's own: what a service manager, syslog or the journal would receive.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "daemon/local_socket.h"

namespace sie::test {

class ReceivingSocket {
  public:
    // A path, or "@name".
    explicit ReceivingSocket(const std::string& name) : name_(name) { open(); }
    ~ReceivingSocket() { close(); }
    ReceivingSocket(const ReceivingSocket&) = delete;
    ReceivingSocket& operator=(const ReceivingSocket&) = delete;

    void open() {
        const daemon::LocalAddress address(name_);
        fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        EXPECT_EQ(::bind(fd_, address.data(), address.size()), 0) << name_;
    }
    void close() {
        if (fd_ >= 0) ::close(fd_);
        fd_ = -1;
        if (name_.front() == '/') ::unlink(name_.c_str());
    }
    // The next datagram; empty if none comes within `most` milliseconds.
    [[nodiscard]] std::string next(int most = 2000) const {
        pollfd waits{fd_, POLLIN, 0};
        if (::poll(&waits, 1, most) != 1) return {};
        std::array<char, 8192> room{};
        const ssize_t n = ::recv(fd_, room.data(), room.size(), 0);
        return n < 0 ? std::string() : std::string(room.data(), static_cast<std::size_t>(n));
    }

  private:
    std::string name_;
    int fd_ = -1;
};

class OwnFolder {
  public:
    OwnFolder() {
        std::string form = (std::filesystem::temp_directory_path() / "sie-daemon-XXXXXX").string();
        path_ = ::mkdtemp(form.data()) != nullptr ? form : "";
        EXPECT_FALSE(path_.empty());
    }
    ~OwnFolder() {
        std::error_code ignored;
        if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
    }
    OwnFolder(const OwnFolder&) = delete;
    OwnFolder& operator=(const OwnFolder&) = delete;
    [[nodiscard]] std::string operator/(const char* name) const { return path_ + "/" + name; }
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    std::string path_;
};

}  // namespace sie::test
