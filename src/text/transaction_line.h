// One line for one base:dnsqr payload: time, type, ends, question, rcode, sizes. For people; not an
// interface.
#pragma once

#include <cstdint>
#include <string>

#include "nmsg/dnsqr_payload.h"

namespace sie::text {

[[nodiscard]] std::string transaction_line(const nmsg::DnsqrPayload& payload, std::int64_t seconds,
                                           std::uint32_t nanoseconds);

}  // namespace sie::text
