// A network namespace of a test's own, with interfaces made by ip(8); Linux, root.
//
//   NetworkNamespace here;
//   if (!here) GTEST_SKIP() << here.why_not();
//   here.ip("link add v0 type veth peer name v1");
//
// The calling thread lives in it until the object goes; interfaces go with it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/octets.h"

namespace sie::test {

class NetworkNamespace {
  public:
    NetworkNamespace();
    ~NetworkNamespace();
    NetworkNamespace(const NetworkNamespace&) = delete;
    NetworkNamespace& operator=(const NetworkNamespace&) = delete;

    [[nodiscard]] explicit operator bool() const { return why_not_.empty(); }
    [[nodiscard]] const std::string& why_not() const { return why_not_; }
    void ip(const std::string& arguments) const;  // fails the test if it fails
    // v0 and v1, joined, up, without IPv6, so that nothing but the test sends.
    void veth_pair() const;

  private:
    int before_ = -1;
    std::string why_not_;
};

// Sends whole frames from an interface.
class FrameSender {
  public:
    explicit FrameSender(const std::string& interface);
    ~FrameSender();
    FrameSender(const FrameSender&) = delete;
    FrameSender& operator=(const FrameSender&) = delete;
    [[nodiscard]] bool send(Octets frame) const;  // waits for room; false: the system refuses it

  private:
    int socket_;
    int index_;
};

}  // namespace sie::test
