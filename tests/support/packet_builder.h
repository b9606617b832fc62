// Builds frames and packets for tests, octet by octet, with an implementation of its own (nothing of net is
// used).
//
// Addresses are text; checksums are right unless the test spoils them afterwards. IPv4 and IPv6 headers state
// the length of what is given. All functions return the octets, so that they nest:
//   ethernet(0x0800, ipv4({}, udp({}, {}, 5353, 53, bytes("0001"))))
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/octets.h"

namespace sie::test {

using Bytes = std::vector<std::uint8_t>;

[[nodiscard]] Bytes bytes(std::string_view hex);  // blanks between the digits are skipped
[[nodiscard]] std::string to_hex(Octets octets);
[[nodiscard]] Bytes counting(
    std::size_t n);  // n octets that differ from their neighbours: 0, 1, 2 … 250, 0 …
[[nodiscard]] Bytes joined(std::initializer_list<Octets> pieces);

struct Ipv4 {
    std::string source = "192.0.2.1", destination = "198.51.100.2";
    std::uint8_t protocol = 17;
    std::uint16_t id = 0x1234;
    std::uint16_t flags_and_offset = 0;  // 0x2000: more fragments; offset in units of 8 octets
    Bytes options{};                     // a multiple of 4 octets, at most 40
};
[[nodiscard]] Bytes ipv4(const Ipv4& header, Octets payload);

// `octets` without the first one, which names the next header and is filled in.
struct Extension {
    std::uint8_t type = 0;
    Bytes octets{};
};
[[nodiscard]] Extension extension(std::uint8_t type,
                                  std::uint8_t length);  // 0, 43, 60, and 51 with its own unit; zeros
[[nodiscard]] Extension fragment_header(std::uint32_t id, std::uint32_t offset, bool more);

struct Ipv6 {
    std::string source = "2001:db8::1", destination = "2001:db8::2";
    std::vector<Extension> extensions{};
    std::uint8_t protocol = 17;  // what the last header names
};
[[nodiscard]] Bytes ipv6(const Ipv6& header, Octets payload);

[[nodiscard]] Bytes udp(const std::string& source, const std::string& destination, std::uint16_t source_port,
                        std::uint16_t destination_port, Octets data);
// With the default addresses of the headers above.
[[nodiscard]] Bytes udp4(Octets data);
[[nodiscard]] Bytes udp6(Octets data);

// The packet cut into fragments that carry `piece` octets each (a multiple of 8), in order; `data` is what
// follows the headers: a UDP header and its data.
[[nodiscard]] std::vector<Bytes> fragments4(Ipv4 header, Octets data, std::size_t piece);
[[nodiscard]] std::vector<Bytes> fragments6(const Ipv6& header, std::uint32_t id, Octets data,
                                            std::size_t piece);

[[nodiscard]] Bytes ethernet(std::uint16_t type, Octets payload, const std::vector<std::uint16_t>& tags = {});
[[nodiscard]] Bytes linux_sll(std::uint16_t type, Octets payload,
                              const std::vector<std::uint16_t>& tags = {});
[[nodiscard]] Bytes linux_sll2(std::uint16_t type, Octets payload,
                               const std::vector<std::uint16_t>& tags = {});
[[nodiscard]] Bytes bsd_header(std::uint32_t family, bool little_endian, Octets payload);

}  // namespace sie::test
