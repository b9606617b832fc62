// A filter expression in the language of pcap-filter(7), judged on whole IP packets from the IP header on.
#pragma once

#include <memory>
#include <string>

#include "base/octets.h"
#include "base/result.h"

namespace sie::capture {

class PacketFilter {
  public:
    // Error: usage, with what libpcap says about the expression.
    [[nodiscard]] static Result<PacketFilter> compile(const std::string& option,
                                                      const std::string& expression);
    PacketFilter(PacketFilter&&) noexcept;
    PacketFilter& operator=(PacketFilter&&) noexcept;
    ~PacketFilter();
    [[nodiscard]] bool matches(Octets ip) const;

  private:
    struct Program;
    explicit PacketFilter(std::unique_ptr<Program>);
    std::unique_ptr<Program> program_;
};

}  // namespace sie::capture
