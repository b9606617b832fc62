// IPv4 and IPv6 addresses, prefixes and sets of prefixes.
//
// An Address owns its octets (network order, 4 or 16 of them). A PrefixSet answers membership for both
// families in time that grows with the logarithm of its size; it is built once and read from any thread after
// that.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/octets.h"
#include "base/result.h"

namespace sie::net {

enum class Family : std::uint8_t { v4 = 4, v6 = 6 };

[[nodiscard]] constexpr std::size_t address_octets(Family family) { return family == Family::v4 ? 4 : 16; }

struct Address {
    Family family = Family::v4;
    std::array<std::uint8_t, 16> octets{};  // an IPv4 address in the first four, zeros behind

    [[nodiscard]] Octets view() const { return {octets.data(), address_octets(family)}; }
    [[nodiscard]] static Address of(Family family, const std::uint8_t* octets);
    friend auto operator<=>(const Address&, const Address&) = default;
};

struct Prefix {
    Address address;
    std::uint8_t length = 0;  // bits, 0 … 32 or 128; no host bit of the address is set
    friend auto operator<=>(const Prefix&, const Prefix&) = default;
};

// Text: four decimal parts without leading zeros; RFC 4291 for IPv6, no zone. Out: RFC 5952.
[[nodiscard]] Result<Address> parse_address(std::string_view text);
// ADDRESS or ADDRESS/LENGTH. Host bits set: an error whose remedy names the network meant.
[[nodiscard]] Result<Prefix> parse_prefix(std::string_view text);
[[nodiscard]] std::string to_text(const Address& address);
[[nodiscard]] std::string to_text(const Prefix& prefix);

class PrefixSet {
  public:
    PrefixSet() = default;
    explicit PrefixSet(std::span<const Prefix> prefixes);
    [[nodiscard]] bool contains(Family family, const std::uint8_t* address) const;
    [[nodiscard]] bool empty() const { return v4_.empty() && v6_.empty(); }

  private:
    // Disjoint ranges, first and last address inclusive, in ascending order.
    struct Range4 {
        std::uint32_t first, last;
    };
    struct Range6 {
        std::array<std::uint8_t, 16> first, last;
    };
    std::vector<Range4> v4_;
    std::vector<Range6> v6_;
};

}  // namespace sie::net
