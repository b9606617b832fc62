#include "sensor/icmp_quote.h"

#include <gtest/gtest.h>

#include <random>

#include "support/packet_builder.h"

namespace sie::sensor {
namespace {

using test::Bytes;

TEST(IcmpQuote, ReadsTheEndsOfAQuotedDatagram) {
    const Bytes v4 = test::ipv4({}, test::udp("192.0.2.1", "198.51.100.2", 33333, 53, {})),
                v6 = test::ipv6({}, test::udp("2001:db8::1", "2001:db8::2", 33333, 53, {}));
    for (const Bytes& packet : {v4, v6}) {
        const auto quote = read_icmp_quote(packet);
        ASSERT_TRUE(quote);
        EXPECT_TRUE(quote->udp);
        EXPECT_EQ(quote->source_port, 33333);
        EXPECT_EQ(quote->destination_port, 53);
        EXPECT_EQ(quote->source, packet.data() + (packet[0] >> 4 == 4 ? 12 : 8));
    }
    EXPECT_FALSE(read_icmp_quote(test::ipv4({.protocol = 6}, Bytes(8)))->udp);
}

TEST(IcmpQuote, EightOctetsOfTheTransportHeaderAreEnoughAndNeeded) {
    const Bytes packet = test::ipv4({.options = Bytes(12)}, test::udp4(test::counting(30)));
    for (std::size_t n = 0; n <= packet.size(); ++n)
        EXPECT_EQ(read_icmp_quote(Octets(packet).first(n)).has_value(), n >= 40) << n;
}

TEST(IcmpQuote, WalksExtensionHeadersAndRefusesLaterFragments) {
    EXPECT_TRUE(read_icmp_quote(
        test::ipv6({.extensions = {test::extension(0, 1), test::extension(60, 0)}}, test::udp6({}))));
    EXPECT_FALSE(read_icmp_quote(test::ipv4({.flags_and_offset = 1}, test::udp4({}))));
    EXPECT_FALSE(read_icmp_quote(test::ipv4({.protocol = 47}, Bytes(8))));
    EXPECT_FALSE(read_icmp_quote(Bytes(60, 0x55)));
}

TEST(IcmpQuote, RandomOctetsNeverLeadOutside) {
    std::mt19937 random(792);
    for (int i = 0; i < 50'000; ++i) {
        Bytes octets(random() % 80);
        for (auto& octet : octets) octet = static_cast<std::uint8_t>(random());
        if (!octets.empty()) octets[0] = static_cast<std::uint8_t>(random() % 2 == 0 ? 0x45 : 0x60);
        if (octets.size() > 6 && octets[0] == 0x60) octets[6] = static_cast<std::uint8_t>(random() % 61);
        static_cast<void>(read_icmp_quote(octets));  // the sanitizers judge
    }
}

}  // namespace
}  // namespace sie::sensor
