#include "net/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <compare>
#include <cstring>
#include <iterator>
#include <utility>

#include "base/address_text.h"
#include "base/number.h"
#include "base/quoted.h"

namespace sie::net {

namespace {

constexpr std::size_t longest_address = 45;  // ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255
constexpr const char* address_forms =
    "write an IPv4 or IPv6 address in numbers, such as 192.0.2.1 or 2001:db8::1";

[[nodiscard]] tl::unexpected<Error> no_address(std::string_view text, std::string why) {
    return fail(ErrorKind::usage, quoted(text), "is not an address" + std::move(why), address_forms);
}

[[nodiscard]] bool has_leading_zero(std::string_view dotted) {
    for (std::size_t i = 0; i + 1 < dotted.size(); ++i) {
        const bool starts_part = i == 0 || dotted[i - 1] == '.' || dotted[i - 1] == ':';
        if (starts_part && dotted[i] == '0' && dotted[i + 1] >= '0' && dotted[i + 1] <= '9') return true;
    }
    return false;
}

[[nodiscard]] std::uint8_t most_bits(Family family) { return family == Family::v4 ? 32 : 128; }

// Clears or sets the bits behind the first `length`.
void fill_host_bits(Address& address, std::size_t length, bool set) {
    for (std::size_t i = 0; i < address_octets(address.family); ++i) {
        const std::size_t bits = length > 8 * i ? std::min<std::size_t>(length - 8 * i, 8) : 0;
        const auto host = static_cast<std::uint8_t>(0xffU >> bits);
        address.octets[i] =
            static_cast<std::uint8_t>(set ? address.octets[i] | host : address.octets[i] & ~host);
    }
}

struct Words {
    std::uint64_t high, low;
    friend auto operator<=>(const Words&, const Words&) = default;
};
[[nodiscard]] Words words_of(const std::uint8_t* octets) {
    return {load_be64(octets), load_be64(octets + 8)};
}

// Puts ranges in order and makes one of those that `touches(last, first)`: overlaps or neighbours.
template <class Range, class Less, class Touches>
void join(std::vector<Range>& ranges, Less less, Touches touches) {
    std::sort(ranges.begin(), ranges.end(),
              [&](const Range& a, const Range& b) { return less(a.first, b.first); });
    std::size_t kept = 0;
    for (std::size_t i = 1; i < ranges.size(); ++i) {
        if (touches(ranges[kept].last, ranges[i].first)) {
            if (less(ranges[kept].last, ranges[i].last)) ranges[kept].last = ranges[i].last;
        } else {
            ranges[++kept] = ranges[i];
        }
    }
    if (!ranges.empty()) ranges.resize(kept + 1);
    ranges.shrink_to_fit();
}

constexpr std::size_t few = 4;  // up to so many ranges a walk beats the binary search

template <class Range, class Key, class Load>
[[nodiscard]] bool within(const std::vector<Range>& ranges, Key key, Load load) {
    if (ranges.size() <= few) {
        for (const Range& range : ranges) {
            if (!(key < load(range.first)) && !(load(range.last) < key)) return true;
        }
        return false;
    }
    const auto behind =
        std::upper_bound(ranges.begin(), ranges.end(), key,
                         [&](Key wanted, const Range& range) { return wanted < load(range.first); });
    return behind != ranges.begin() && !(load(std::prev(behind)->last) < key);
}

}  // namespace

Address Address::of(Family family, const std::uint8_t* octets) {
    Address address;
    address.family = family;
    std::memcpy(address.octets.data(), octets, address_octets(family));
    return address;
}

Result<Address> parse_address(std::string_view text) {
    if (text.empty()) return no_address(text, ": it is empty");
    if (text.find('%') != std::string_view::npos) return no_address(text, ": it has a zone");
    if (text.size() > longest_address ||
        text.find_first_not_of("0123456789abcdefABCDEF:.") != std::string_view::npos) {
        return no_address(text, "");
    }
    if (text.find('.') != std::string_view::npos && has_leading_zero(text.substr(text.rfind(':') + 1))) {
        return no_address(text, ": a part has a leading zero");
    }
    char c_text[longest_address + 1] = {};
    std::memcpy(c_text, text.data(), text.size());
    Address address;
    address.family = text.find(':') == std::string_view::npos ? Family::v4 : Family::v6;
    if (inet_pton(address.family == Family::v4 ? AF_INET : AF_INET6, c_text, address.octets.data()) != 1) {
        return no_address(text, "");
    }
    return address;
}

Result<Prefix> parse_prefix(std::string_view text) {
    const std::size_t slash = text.find('/');
    auto address = parse_address(text.substr(0, slash));
    if (!address) {
        address.error().what = quoted(text);
        return fail(std::move(address.error()));
    }
    Prefix prefix{*address, most_bits(address->family)};
    if (slash == std::string_view::npos) return prefix;

    const std::string_view digits = text.substr(slash + 1);
    const std::string remedy =
        fmt::format("write a prefix length from 0 to {}, or the address alone", prefix.length);
    if (digits.empty())
        return fail(ErrorKind::usage, quoted(text), "has no prefix length behind the slash", remedy);
    if (digits.find_first_not_of("0123456789") != std::string_view::npos) {
        return fail(ErrorKind::usage, quoted(text), "has a prefix length that is not a decimal number",
                    remedy);
    }
    if (digits.size() > 1 && digits[0] == '0') {
        return fail(ErrorKind::usage, quoted(text), "has a prefix length with a leading zero", remedy);
    }
    const auto length = parse_number(digits, 0, prefix.length);
    if (!length)
        return fail(ErrorKind::usage, quoted(text), "has a prefix length that is out of range", remedy);
    prefix.length = static_cast<std::uint8_t>(*length);
    fill_host_bits(prefix.address, prefix.length, false);
    if (prefix.address != *address) {
        return fail(ErrorKind::usage, quoted(text), "has host bits set",
                    fmt::format("write {} for the network or {} for the one address", to_text(prefix),
                                to_text(*address)));
    }
    return prefix;
}

std::string to_text(const Address& address) {
    TextBuffer text;
    address.family == Family::v4 ? append_ipv4(text, address.octets.data())
                                 : append_ipv6(text, address.octets.data());
    return text.str();
}

std::string to_text(const Prefix& prefix) {
    return fmt::format("{}/{}", to_text(prefix.address), prefix.length);
}

PrefixSet::PrefixSet(std::span<const Prefix> prefixes) {
    for (const Prefix& prefix : prefixes) {
        Address first = prefix.address, last = prefix.address;
        fill_host_bits(first, prefix.length, false);
        fill_host_bits(last, prefix.length, true);
        if (first.family == Family::v4) {
            v4_.push_back({load_be32(first.octets.data()), load_be32(last.octets.data())});
        } else {
            v6_.push_back({first.octets, last.octets});
        }
    }
    join(
        v4_, [](std::uint32_t a, std::uint32_t b) { return a < b; },
        [](std::uint32_t last, std::uint32_t first) { return first <= last || first - last == 1; });
    using Octets16 = std::array<std::uint8_t, 16>;
    join(
        v6_, [](const Octets16& a, const Octets16& b) { return a < b; },
        [](const Octets16& last, const Octets16& first) {
            const Words l = words_of(last.data()), f = words_of(first.data());
            return f <= l || Words{l.high + (l.low == UINT64_MAX ? 1 : 0), l.low + 1} == f;
        });
}

bool PrefixSet::contains(Family family, const std::uint8_t* address) const {
    if (family == Family::v4) {
        return within(v4_, load_be32(address), [](std::uint32_t value) { return value; });
    }
    return within(v6_, words_of(address), [](const auto& octets) { return words_of(octets.data()); });
}

}  // namespace sie::net
