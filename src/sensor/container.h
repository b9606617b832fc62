// A finished container on its way from the packer to a writer, and who takes it.
#pragma once

#include <cstdint>
#include <vector>

#include "base/time.h"
#include "sensor/ledger.h"

namespace sie::sensor {

struct Container {
    std::vector<std::uint8_t> octets;  // a plain container: header and packed Nmsg
    bool oversized = false;            // one payload larger than a container: goes out as fragments
    Time file_stamp;
    PayloadCounts payloads{};
};

class ContainerSink {
  public:
    // Takes what `container` holds and leaves memory of an earlier one in it, to be used again, without
    // payloads.
    virtual void submit(Container& container) = 0;

  protected:
    ~ContainerSink() = default;
};

}  // namespace sie::sensor
