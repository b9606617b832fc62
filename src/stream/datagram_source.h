// NMSG from UDP sockets (FACTS §4 -l, N4, N17, N20, N24).
//
// One container or fragment a datagram. What is no such thing is dropped and counted, and so is what the
// kernel had no room for (where it tells) and what the sequence numbers of a sender show to be missing. The
// sockets never end: stop() does, within a tenth of a second.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "stream/endpoint.h"
#include "stream/source.h"

namespace sie::stream {

struct DatagramCounts {
    std::uint64_t datagrams = 0, octets = 0;
    std::uint64_t malformed = 0;       // datagrams that are no container
    std::uint64_t kernel_dropped = 0;  // datagrams for which the socket had no room
    std::uint64_t missing = 0;         // containers that a sender numbered and that did not come (N20)
};

// Binds one socket to each. `stop` may be null.
[[nodiscard]] Result<std::unique_ptr<Source>> open_datagrams(const std::vector<Endpoint>& endpoints,
                                                             const std::atomic<bool>* stop);

}  // namespace sie::stream
