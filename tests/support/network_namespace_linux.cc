#include "support/network_namespace.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace sie::test {

NetworkNamespace::NetworkNamespace() {
    if (::geteuid() != 0) {
        why_not_ = "only root makes network namespaces";
    } else if (std::system("ip -V >/dev/null 2>&1") != 0) {  // NOLINT(concurrency-mt-unsafe)
        why_not_ = "ip(8) is not installed";
    } else if ((before_ = ::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)) < 0 ||
               ::unshare(CLONE_NEWNET) != 0) {
        why_not_ = std::string("no network namespace: ") + std::strerror(errno);
        if (before_ >= 0) ::close(before_);
        before_ = -1;
    }
}

NetworkNamespace::~NetworkNamespace() {
    if (before_ < 0) return;
    EXPECT_EQ(::setns(before_, CLONE_NEWNET), 0);
    ::close(before_);
}

void NetworkNamespace::ip(const std::string& arguments) const {
    EXPECT_EQ(std::system(("ip " + arguments).c_str()), 0) << arguments;  // NOLINT(concurrency-mt-unsafe)
}

void NetworkNamespace::veth_pair() const {
    ip("link add v0 type veth peer name v1");
    for (const char* end : {"v0", "v1"}) {
        ip(std::string("link set dev ") + end + " addrgenmode none");
        ip(std::string("link set dev ") + end + " up");
    }
}

FrameSender::FrameSender(const std::string& interface)
    : socket_(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)),
      index_(static_cast<int>(::if_nametoindex(interface.c_str()))) {
    EXPECT_GE(socket_, 0);
    EXPECT_NE(index_, 0);
}

FrameSender::~FrameSender() { ::close(socket_); }

bool FrameSender::send(Octets frame) const {
    sockaddr_ll to{};
    to.sll_family = AF_PACKET;
    to.sll_ifindex = index_;
    to.sll_protocol = frame.size() >= 14 ? htons(load_be16(frame.data() + 12)) : 0;
    return ::sendto(socket_, frame.data(), frame.size(), 0, reinterpret_cast<const sockaddr*>(&to),
                    sizeof to) == static_cast<ssize_t>(frame.size());
}

}  // namespace sie::test
