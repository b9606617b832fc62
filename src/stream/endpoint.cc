#include "stream/endpoint.h"

#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "base/number.h"
#include "base/quoted.h"

namespace sie::stream {

namespace {

constexpr std::uint64_t most_ports = 21, highest_port = 65'535;

tl::unexpected<Error> refused(const std::string& option, std::string_view text, const std::string& why) {
    return fail(ErrorKind::usage, option, fmt::format("{}: {}", sie::quoted(text), why),
                "such as 192.0.2.1/8430 or ::1/8430..8437");
}

}  // namespace

std::string to_text(const Endpoint& endpoint) {
    return fmt::format("{}/{}", net::to_text(endpoint.address), endpoint.port);
}

socklen_t to_socket_address(const Endpoint& endpoint, sockaddr_storage& socket_address) {
    socket_address = {};
    const Octets octets = endpoint.address.view();
    if (endpoint.address.family == net::Family::v4) {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(endpoint.port);
        std::memcpy(&to.sin_addr, octets.data(), octets.size());
        std::memcpy(&socket_address, &to, sizeof to);
        return sizeof to;
    }
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    to.sin6_port = htons(endpoint.port);
    std::memcpy(&to.sin6_addr, octets.data(), octets.size());
    std::memcpy(&socket_address, &to, sizeof to);
    return sizeof to;
}

Result<std::vector<Endpoint>> parse_endpoints(const std::string& option, std::string_view text) {
    const auto slash = text.rfind('/');
    if (slash == std::string_view::npos) return refused(option, text, "has no port");
    auto address = net::parse_address(text.substr(0, slash));
    if (!address) return refused(option, text, "the part ahead of the port is no numeric address");
    const std::string_view ports = text.substr(slash + 1);
    const auto dots = ports.find("..");
    const auto low = parse_number(ports.substr(0, dots), 1, highest_port);
    const auto high =
        dots == std::string_view::npos ? low : parse_number(ports.substr(dots + 2), 1, highest_port);
    if (!low || !high) return refused(option, text, "a port is a number from 1 to 65535");
    if (*high < *low || *high - *low >= most_ports)
        return refused(option, text, fmt::format("a row of ports rises and has at most {}", most_ports));
    std::vector<Endpoint> endpoints;
    for (std::uint64_t port = *low; port <= *high; ++port)
        endpoints.push_back({*address, static_cast<std::uint16_t>(port)});
    return endpoints;
}

Result<Destination> parse_destination(const std::string& option, std::string_view text) {
    const auto comma = text.find(',');
    auto endpoints = parse_endpoints(option, text.substr(0, comma));
    if (!endpoints) return fail(std::move(endpoints.error()));
    Destination destination{.endpoints = std::move(*endpoints), .rate = {}};
    if (comma == std::string_view::npos) return destination;
    const std::string_view behind = text.substr(comma + 1);
    const auto second = behind.find(',');
    const auto rate = parse_number(behind.substr(0, second), 1, 1'000'000'000);
    if (!rate) return refused(option, text, "the rate behind the comma is a number of containers a second");
    destination.rate = static_cast<double>(*rate);
    if (second == std::string_view::npos) return destination;
    const auto frequency = parse_number(behind.substr(second + 1), 1, 1'000'000);
    if (!frequency) return refused(option, text, "the frequency behind the rate is a number of containers");
    destination.frequency = static_cast<std::uint32_t>(*frequency);
    return destination;
}

}  // namespace sie::stream
