// The hosts that take uploads, from the answer to a query for SRV records, in the order of RFC 2782. Pure:
// octets in, targets out; the query itself is service_lookup.h's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/octets.h"
#include "base/result.h"
#include "upload/draw.h"

namespace sie::upload {

inline constexpr std::uint16_t standard_port = 49222;  // where no SRV record says another one

struct ServiceTarget {
    std::uint16_t priority = 0, weight = 0, port = standard_port;
    std::string host;  // a host name without its last dot, or an address; never begins with '-'
    friend bool operator==(const ServiceTarget&, const ServiceTarget&) = default;
};

// A name of 1 to 253 octets: labels of letters, digits, '_' and '-' of 1 to 63 octets, none beginning with
// '-'.
[[nodiscard]] bool is_host_name(std::string_view name);

// The SRV records of a DNS message's answer section, in its order, at most 64; other records are passed over.
// Empty: the answer has none. `name` is for messages. Errors (system): octets that are no such message; the
// one target "." (the service is decidedly not there, RFC 2782); no target with a sound host name and port.
[[nodiscard]] Result<std::vector<ServiceTarget>> service_targets_in(Octets answer, const std::string& name);

// RFC 2782: by priority; inside one, drawn by weight, those of weight zero before the others.
void put_in_order(std::vector<ServiceTarget>& targets, const Draw& draw);

}  // namespace sie::upload
