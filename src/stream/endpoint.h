// Addresses and ports as -l, -s and channel files name them (FACTS §4, N26, N70).
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/address.h"

namespace sie::stream {

struct Endpoint {
    net::Address address;
    std::uint16_t port = 0;
};
[[nodiscard]] std::string to_text(const Endpoint& endpoint);  // "192.0.2.1/8430"
// Fills `socket_address` and gives its length.
[[nodiscard]] socklen_t to_socket_address(const Endpoint& endpoint, sockaddr_storage& socket_address);

// "ADDRESS/PORT" or "ADDRESS/LOW..HIGH" with at most 21 ports. Errors: usage.
[[nodiscard]] Result<std::vector<Endpoint>> parse_endpoints(const std::string& option, std::string_view text);

struct Destination {
    std::vector<Endpoint> endpoints;
    std::optional<double> rate;    // containers a second
    std::uint32_t frequency = 10;  // containers between two corrections of the pace
};
// The same with ",RATE" or ",RATE,FREQUENCY" behind it.
[[nodiscard]] Result<Destination> parse_destination(const std::string& option, std::string_view text);

}  // namespace sie::stream
