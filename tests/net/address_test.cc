#include "net/address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <array>
#include <initializer_list>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "support/golden_rows.h"

namespace sie::net {
namespace {

using test::hex_of;
using test::octets_of;

struct Reading {
    const char* text;
    const char* octets;  // hexadecimal, "-" if refused
};

// Made with Python's ipaddress.ip_address().packed.
constexpr Reading readings[] = {
    {"0.0.0.0", "00000000"},
    {"255.255.255.255", "ffffffff"},
    {"192.0.2.1", "c0000201"},
    {"198.18.0.1", "c6120001"},
    {"1.2.3", "-"},
    {"1.2.3.4.5", "-"},
    {"256.1.1.1", "-"},
    {"1.2.3.4.", "-"},
    {".1.2.3.4", "-"},
    {"1..2.3", "-"},
    {"01.2.3.4", "-"},
    {"1.2.3.04", "-"},
    {"00.0.0.0", "-"},
    {"1.2.3.-4", "-"},
    {"+1.2.3.4", "-"},
    {"0x1.2.3.4", "-"},
    {"1.2.3.4a", "-"},
    {"1,2,3,4", "-"},
    {"16909060", "-"},
    {"::", "00000000000000000000000000000000"},
    {"::1", "00000000000000000000000000000001"},
    {"1::", "00010000000000000000000000000000"},
    {"1::8", "00010000000000000000000000000008"},
    {"1:2:3:4:5:6:7:8", "00010002000300040005000600070008"},
    {"1:2:3:4:5:6:7::", "00010002000300040005000600070000"},
    {"::2:3:4:5:6:7:8", "00000002000300040005000600070008"},
    {"1:2:3:4::5:6:7:8", "-"},
    {"1:2:3:4:5:6:7", "-"},
    {"1:2:3:4:5:6:7:8:9", "-"},
    {"2001:db8::1", "20010db8000000000000000000000001"},
    {"2001:DB8::aB", "20010db80000000000000000000000ab"},
    {"2001:db8:0:0:1:0:0:1", "20010db8000000000001000000000001"},
    {"2001:db8::0:1", "20010db8000000000000000000000001"},
    {"12345::1", "-"},
    {"g::1", "-"},
    {":1", "-"},
    {"1:", "-"},
    {":::", "-"},
    {"1::2::3", "-"},
    {":1::", "-"},
    {"1:2:3:4:5:6:1.2.3.4", "00010002000300040005000601020304"},
    {"::1.2.3.4", "00000000000000000000000001020304"},
    {"::ffff:192.0.2.128", "00000000000000000000ffffc0000280"},
    {"::ffff:192.0.2.01", "-"},
    {"::ffff:256.1.1.1", "-"},
    {"1:2:3:4:5:6:7:1.2.3.4", "-"},
    {"1.2.3.4::1", "-"},
    {"::1.2.3", "-"},
    {"64:ff9b::192.0.2.33", "0064ff9b0000000000000000c0000221"},
    {"fe80::1", "fe800000000000000000000000000001"},
    {"::ffff:0:0", "00000000000000000000ffff00000000"},
    {"::fffe:1.2.3.4", "00000000000000000000fffe01020304"},
    {"::1:0", "00000000000000000000000000010000"},
    {"0:0:1::", "00000000000100000000000000000000"},
    {"00001::1", "-"},
    {"0001::0a", "0001000000000000000000000000000a"},
};

TEST(ParseAddress, AgreesWithTheTableOfPythonsIpaddress) {
    for (const Reading& reading : readings) {
        const auto address = parse_address(reading.text);
        EXPECT_EQ(address ? hex_of(address->view()) : "-", reading.octets) << reading.text;
    }
}

TEST(ParseAddress, AgreesWithInetPtonOnRandomText) {
    std::mt19937 random(4711);
    const std::string_view alphabet = "0001129af::::....";
    int good = 0;
    for (int i = 0; i < 200'000; ++i) {
        std::string text;
        for (std::size_t n = 2 + random() % 14; n > 0; --n) text += alphabet[random() % alphabet.size()];
        std::array<std::uint8_t, 16> octets{};
        const bool v6 = text.find(':') != std::string::npos;
        const bool taken = inet_pton(v6 ? AF_INET6 : AF_INET, text.c_str(), octets.data()) == 1;
        const auto address = parse_address(text);
        ASSERT_EQ(address.has_value(), taken) << text;
        if (!taken) continue;
        ++good;
        ASSERT_EQ(hex_of(address->view()), hex_of(Octets(octets).first(v6 ? 16U : 4U))) << text;
    }
    EXPECT_GT(good, 100);
}

TEST(ParseAddress, LeavesZerosBehindAnIPv4Address) {
    const auto address = parse_address("192.0.2.1").value();
    EXPECT_EQ(address.family, Family::v4);
    EXPECT_EQ(hex_of(address.octets), "c0000201000000000000000000000000");
}

std::string refusal_of(std::string_view text) {
    const auto address = parse_address(text);
    EXPECT_FALSE(address.has_value()) << text;
    if (address) return {};
    EXPECT_EQ(address.error().kind, ErrorKind::usage);
    EXPECT_FALSE(address.error().remedy.empty());
    return address.error().what + ' ' + address.error().why;
}

TEST(ParseAddress, RefusesEmptyText) { EXPECT_EQ(refusal_of(""), R"("" is not an address: it is empty)"); }

TEST(ParseAddress, RefusesAZone) {
    EXPECT_EQ(refusal_of("fe80::1%eth0"), R"("fe80::1%eth0" is not an address: it has a zone)");
}

TEST(ParseAddress, RefusesLeadingZerosWithTheReason) {
    EXPECT_EQ(refusal_of("192.0.02.1"), R"("192.0.02.1" is not an address: a part has a leading zero)");
    EXPECT_EQ(refusal_of("::ffff:010.0.0.1"),
              R"("::ffff:010.0.0.1" is not an address: a part has a leading zero)");
}

TEST(ParseAddress, RefusesNamesAndJunk) {
    EXPECT_EQ(refusal_of("ns1.example.net"), R"("ns1.example.net" is not an address)");
    EXPECT_EQ(refusal_of("192.0.2.300"), R"("192.0.2.300" is not an address)");
    EXPECT_EQ(refusal_of("192.0.2.1 "), R"("192.0.2.1 " is not an address)");
    EXPECT_EQ(refusal_of("[::1]"), R"("[::1]" is not an address)");
}

TEST(ParseAddress, RefusesWhatFollowsANulOctet) {
    EXPECT_EQ(refusal_of(std::string_view("192.0.2.1\0x", 11)), R"("192.0.2.1\x00x" is not an address)");
    EXPECT_EQ(refusal_of(std::string_view("192.0.2.1\0", 10)), R"("192.0.2.1\x00" is not an address)");
}

TEST(ParseAddress, TakesTheLongestTextAndRefusesLongerOnes) {
    const std::string longest = "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255";
    EXPECT_EQ(hex_of(parse_address(longest).value().view()), std::string(32, 'f'));
    EXPECT_FALSE(parse_address(longest + "0").has_value());
    EXPECT_FALSE(parse_address(std::string(100'000, ':')).has_value());
}

struct Network {
    const char* text;
    const char* canonical;
};

TEST(ParsePrefix, TakesAddressesAndPrefixes) {
    for (const Network& network :
         {Network{"192.0.2.1", "192.0.2.1/32"}, Network{"198.18.0.0/15", "198.18.0.0/15"},
          Network{"0.0.0.0/0", "0.0.0.0/0"}, Network{"192.0.2.1/32", "192.0.2.1/32"},
          Network{"2001:db8::1", "2001:db8::1/128"}, Network{"2001:DB8::/126", "2001:db8::/126"},
          Network{"::/0", "::/0"}, Network{"::1/128", "::1/128"}}) {
        const auto prefix = parse_prefix(network.text);
        ASSERT_TRUE(prefix.has_value()) << network.text;
        EXPECT_EQ(to_text(*prefix), network.canonical);
    }
}

TEST(ParsePrefix, OffersTheNetworkWhenHostBitsAreSet) {
    const auto check = [](const char* text, const char* remedy) {
        const auto prefix = parse_prefix(text);
        ASSERT_FALSE(prefix.has_value()) << text;
        EXPECT_EQ(prefix.error().what, '"' + std::string(text) + '"');
        EXPECT_EQ(prefix.error().why, "has host bits set");
        EXPECT_EQ(prefix.error().remedy, remedy);
    };
    // Networks as Python's ipaddress.ip_network(text, strict=False) gives them.
    check("198.18.0.1/15", "write 198.18.0.0/15 for the network or 198.18.0.1 for the one address");
    check("192.0.2.1/24", "write 192.0.2.0/24 for the network or 192.0.2.1 for the one address");
    check("10.255.255.255/1", "write 0.0.0.0/1 for the network or 10.255.255.255 for the one address");
    check("1.2.3.4/0", "write 0.0.0.0/0 for the network or 1.2.3.4 for the one address");
    check("1.2.3.7/29", "write 1.2.3.0/29 for the network or 1.2.3.7 for the one address");
    check("2001:db8::1/32", "write 2001:db8::/32 for the network or 2001:db8::1 for the one address");
    check("2001:db8:ffff::/33",
          "write 2001:db8:8000::/33 for the network or 2001:db8:ffff:: for the one address");
    check("::3/127", "write ::2/127 for the network or ::3 for the one address");
}

std::string prefix_refusal_of(std::string_view text) {
    const auto prefix = parse_prefix(text);
    EXPECT_FALSE(prefix.has_value()) << text;
    return prefix ? std::string() : prefix.error().what + ' ' + prefix.error().why;
}

TEST(ParsePrefix, RefusesALengthOutOfRange) {
    EXPECT_EQ(prefix_refusal_of("198.18.0.0/33"),
              R"("198.18.0.0/33" has a prefix length that is out of range)");
    EXPECT_EQ(prefix_refusal_of("::/129"), R"("::/129" has a prefix length that is out of range)");
    EXPECT_EQ(prefix_refusal_of("::/" + std::string(500, '9')).substr(0, 10), R"("::/999999)");
    EXPECT_EQ(parse_prefix("198.18.0.0/33").error().remedy,
              "write a prefix length from 0 to 32, or the address alone");
    EXPECT_EQ(parse_prefix("::/129").error().remedy,
              "write a prefix length from 0 to 128, or the address alone");
}

TEST(ParsePrefix, RefusesAMissingLength) {
    EXPECT_EQ(prefix_refusal_of("198.18.0.1/"), R"("198.18.0.1/" has no prefix length behind the slash)");
}

TEST(ParsePrefix, RefusesALengthThatIsNoDecimalNumber) {
    for (const char* text :
         {"198.18.0.0/255.254.0.0", "198.18.0.0/0xf", "198.18.0.0/-1", "198.18.0.0/ 15", "198.18.0.0/15/1"}) {
        EXPECT_EQ(prefix_refusal_of(text),
                  '"' + std::string(text) + "\" has a prefix length that is not a decimal number");
    }
}

TEST(ParsePrefix, RefusesALengthWithALeadingZero) {
    EXPECT_EQ(prefix_refusal_of("198.18.0.0/015"),
              R"("198.18.0.0/015" has a prefix length with a leading zero)");
}

TEST(ParsePrefix, RefusesABadAddressAndNamesTheWholeItem) {
    EXPECT_EQ(prefix_refusal_of("foo/8"), R"("foo/8" is not an address)");
    EXPECT_EQ(prefix_refusal_of("/8"), R"("/8" is not an address: it is empty)");
    EXPECT_EQ(prefix_refusal_of("fe80::%1/64"), R"("fe80::%1/64" is not an address: it has a zone)");
}

std::string text_of(const std::string& hex) {
    const auto octets = octets_of(hex);
    return to_text(Address::of(octets.size() == 4 ? Family::v4 : Family::v6, octets.data()));
}

TEST(ToText, FollowsTheExamplesOfRfc5952) {
    EXPECT_EQ(to_text(parse_address("2001:db8:0:0:0:0:2:1").value()), "2001:db8::2:1");  // §2, §4.2.1
    EXPECT_EQ(to_text(parse_address("2001:0db8::0001").value()), "2001:db8::1");         // §4.1
    EXPECT_EQ(to_text(parse_address("2001:db8:0:1:1:1:1:1").value()), "2001:db8:0:1:1:1:1:1");  // §4.2.2
    EXPECT_EQ(to_text(parse_address("2001:0:0:1:0:0:0:1").value()), "2001:0:0:1::1");           // §4.2.3
    EXPECT_EQ(to_text(parse_address("2001:db8:0:0:1:0:0:1").value()), "2001:db8::1:0:0:1");     // §4.2.3
    EXPECT_EQ(to_text(parse_address("2001:DB8:AAAA:BBBB:CCCC:DDDD:EEEE:AAAA").value()),
              "2001:db8:aaaa:bbbb:cccc:dddd:eeee:aaaa");  // §4.3
}

TEST(ToText, ShowsMappedAndCompatibleAddressesWithADottedPart) {
    EXPECT_EQ(text_of("00000000000000000000ffffc0000280"), "::ffff:192.0.2.128");
    EXPECT_EQ(text_of("000000000000000000000000c0000280"), "::192.0.2.128");
    EXPECT_EQ(text_of("00000000000000000000ffff00000000"), "::ffff:0.0.0.0");
    EXPECT_EQ(text_of("00000000000000000000fffec0000280"), "::fffe:c000:280");
    EXPECT_EQ(text_of("00000000000000000000000000000001"), "::1");
    EXPECT_EQ(text_of("00000000000000000000000000000000"), "::");
}

TEST(ToText, ShowsIPv4WithDots) {
    EXPECT_EQ(text_of("c0000201"), "192.0.2.1");
    EXPECT_EQ(text_of("00000000"), "0.0.0.0");
    EXPECT_EQ(text_of("ffffffff"), "255.255.255.255");
}

TEST(ToText, AgreesWithInetNtopOnEveryPatternOfZeroGroups) {
    for (unsigned last : {0x1U, 0x111U, 0xffffU, 0xc000U}) {
        for (unsigned zeros = 0; zeros < 256; ++zeros) {
            Address address;
            address.family = Family::v6;
            for (unsigned i = 0; i < 8; ++i) {
                const bool zero = (zeros >> i & 1) != 0;
                store_be16(address.octets.data() + 2 * i, static_cast<std::uint16_t>(zero ? 0 : last));
            }
            char wanted[INET6_ADDRSTRLEN];
            ASSERT_NE(inet_ntop(AF_INET6, address.octets.data(), wanted, sizeof wanted), nullptr);
            EXPECT_EQ(to_text(address), wanted);
            EXPECT_EQ(parse_address(wanted).value(), address);
        }
    }
}

bool holds(const PrefixSet& set, std::string_view text) {
    const auto address = parse_address(text).value();
    return set.contains(address.family, address.octets.data());
}

PrefixSet set_of(std::initializer_list<const char*> texts) {
    std::vector<Prefix> prefixes;
    for (const char* text : texts) prefixes.push_back(parse_prefix(text).value());
    return PrefixSet(prefixes);
}

TEST(PrefixSet, HoldsNothingWhenEmpty) {
    EXPECT_TRUE(PrefixSet().empty());
    EXPECT_TRUE(set_of({}).empty());
    EXPECT_FALSE(holds(PrefixSet(), "0.0.0.0"));
    EXPECT_FALSE(holds(PrefixSet(), "::"));
}

TEST(PrefixSet, HoldsExactlyTheAddressesOfItsPrefixes) {
    const PrefixSet set = set_of({"198.18.0.0/15", "2001:db8::/126", "192.0.2.1"});
    EXPECT_FALSE(set.empty());
    for (const char* in : {"198.18.0.0", "198.19.255.255", "192.0.2.1", "2001:db8::", "2001:db8::3"})
        EXPECT_TRUE(holds(set, in)) << in;
    for (const char* out : {"198.17.255.255", "198.20.0.0", "192.0.2.0", "192.0.2.2", "2001:db8::4",
                            "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff"}) {
        EXPECT_FALSE(holds(set, out)) << out;
    }
}

TEST(PrefixSet, KeepsFamiliesApart) {
    EXPECT_FALSE(holds(set_of({"0.0.0.0/0"}), "::"));
    EXPECT_FALSE(holds(set_of({"::/0"}), "192.0.2.1"));
    EXPECT_FALSE(holds(set_of({"192.0.2.1"}), "::ffff:192.0.2.1"));
}

TEST(PrefixSet, HoldsTheWholeSpaceAndItsEnds) {
    for (const char* address : {"0.0.0.0", "255.255.255.255"})
        EXPECT_TRUE(holds(set_of({"0.0.0.0/0", "255.255.255.255"}), address));
    const PrefixSet ends =
        set_of({"::/128", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "255.255.255.255", "0.0.0.0"});
    EXPECT_TRUE(holds(ends, "::"));
    EXPECT_TRUE(holds(ends, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
    EXPECT_FALSE(holds(ends, "8000::"));
    EXPECT_FALSE(holds(ends, "128.0.0.0"));
    EXPECT_TRUE(holds(ends, "0.0.0.0"));
}

TEST(PrefixSet, JoinsWhatOverlapsOrTouches) {
    const PrefixSet set =
        set_of({"10.0.0.0/9", "10.0.0.0/8", "10.128.0.0/9", "11.0.0.0/8", "10.1.2.3", "10.1.2.3",
                "2001:db8::/65", "2001:db8:0:0:8000::/65", "2001:db8:0:1::/64"});
    EXPECT_TRUE(holds(set, "10.0.0.0"));
    EXPECT_TRUE(holds(set, "11.255.255.255"));
    EXPECT_FALSE(holds(set, "12.0.0.0"));
    EXPECT_TRUE(holds(set, "2001:db8:0:1:ffff::"));
    EXPECT_FALSE(holds(set, "2001:db8:0:2::"));
}

// The plain twin: every prefix is compared bit by bit.
bool holds_plainly(const std::vector<Prefix>& prefixes, const Address& address) {
    for (const Prefix& prefix : prefixes) {
        if (prefix.address.family != address.family) continue;
        bool same = true;
        for (unsigned bit = 0; bit < prefix.length; ++bit) {
            const unsigned mask = 0x80U >> bit % 8;
            same = same && (prefix.address.octets[bit / 8] & mask) == (address.octets[bit / 8] & mask);
        }
        if (same) return true;
    }
    return false;
}

TEST(PrefixSet, AgreesWithAPlainWalkForEverySize) {
    std::mt19937 random(20240229);
    int hits = 0;
    for (std::size_t size = 0; size <= 40; ++size) {
        for (int round = 0; round < 20; ++round) {
            std::vector<Prefix> prefixes;
            const auto octet = [&] {
                return static_cast<std::uint8_t>(random() % 3 == 0 ? 0xff : random() % 4);
            };
            const auto draw = [&](Family family) {
                Address address;
                address.family = family;
                for (std::size_t i = 0; i < address_octets(family); ++i) address.octets[i] = octet();
                return address;
            };
            for (std::size_t i = 0; i < size; ++i) {
                Prefix prefix{draw(random() % 2 == 0 ? Family::v4 : Family::v6), 0};
                const unsigned bits = 8 * static_cast<unsigned>(address_octets(prefix.address.family));
                prefix.length = static_cast<std::uint8_t>(4 + random() % (bits - 3));
                for (unsigned bit = prefix.length; bit < bits; ++bit) {
                    auto& o = prefix.address.octets[bit / 8];
                    o = static_cast<std::uint8_t>(o & ~(0x80U >> bit % 8));
                }
                prefixes.push_back(prefix);
            }
            const PrefixSet set(prefixes);
            for (int probe = 0; probe < 50; ++probe) {
                Address address = draw(random() % 2 == 0 ? Family::v4 : Family::v6);
                if (!prefixes.empty() && random() % 2 == 0) {
                    address =
                        prefixes[random() % prefixes.size()].address;  // its first address, or one beside it
                    auto& o = address.octets[address_octets(address.family) - 1];
                    o = static_cast<std::uint8_t>(o + random() % 3 - 1);
                }
                const bool held = set.contains(address.family, address.octets.data());
                hits += held ? 1 : 0;
                ASSERT_EQ(held, holds_plainly(prefixes, address)) << to_text(address) << " of " << size;
            }
        }
    }
    EXPECT_GT(hits, 1000);
}

}  // namespace
}  // namespace sie::net
