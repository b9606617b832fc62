#include "net/checksum.h"

#include <gtest/gtest.h>

#include <random>

#include "support/packet_builder.h"

namespace sie::net {
namespace {

using test::Bytes;
using test::bytes;

TEST(Checksum, ExampleOfRfc1071) {
    EXPECT_EQ(ones_complement_sum(bytes("0001f203f4f5f6f7")), 0xddf2);
    EXPECT_EQ(ones_complement_sum_plain(bytes("0001f203f4f5f6f7")), 0xddf2);
}

TEST(Checksum, NothingSumsToZero) {
    EXPECT_EQ(ones_complement_sum({}), 0);
    EXPECT_EQ(ones_complement_sum(Bytes(1000)), 0);
}

TEST(Checksum, OddLastOctetIsTheUpperHalfOfItsWord) {
    EXPECT_EQ(ones_complement_sum(bytes("ab")), 0xab00);
    EXPECT_EQ(ones_complement_sum(bytes("000102")), 0x0201);
}

TEST(Checksum, AllOnesStayAllOnes) {
    for (const std::size_t n : {2U, 8U, 64U, 65534U})
        EXPECT_EQ(ones_complement_sum(Bytes(n, 0xff)), 0xffff) << n;
}

TEST(Checksum, StartIsAddedWhateverItsSize) {
    EXPECT_EQ(ones_complement_sum(bytes("0001"), 0x10000), 2);
    EXPECT_EQ(ones_complement_sum(bytes("0001"), UINT64_MAX), 1);
    EXPECT_EQ(ones_complement_sum_plain(bytes("0001"), UINT64_MAX), 1);
}

TEST(Checksum, FastAndPlainAgreeOnEveryLengthAndAlignment) {
    constexpr unsigned seed = 7;
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    Bytes pool(2200);
    for (auto& o : pool) o = static_cast<std::uint8_t>(random());
    for (std::size_t length = 0; length < 2100; length = length < 200 ? length + 1 : length + 37) {
        for (std::size_t at = 0; at < 16; ++at) {
            const Octets octets = Octets(pool).subspan(at, length);
            const std::uint64_t start = random() >> (random() % 64);
            ASSERT_EQ(ones_complement_sum(octets, start), ones_complement_sum_plain(octets, start))
                << at << ' ' << length;
        }
    }
}

// The textbook header of tests/net/packet_builder_test.cc: with its checksum in place the sum is all ones.
TEST(Checksum, Ipv4HeaderWithItsChecksumSumsToAllOnes) {
    EXPECT_EQ(ones_complement_sum(bytes("45000073000040004011b861c0a80001c0a800c7")), 0xffff);
}

// Checksum 7329 was summed by hand there.
class UdpChecksum : public testing::Test {
  protected:
    const Bytes source = bytes("c0000201"), destination = bytes("c6336402");
    Bytes udp = bytes("9c400035000b7329010203");
    [[nodiscard]] bool right(std::uint16_t length_field) const {
        return udp_checksum_sum(Family::v4, source.data(), destination.data(), udp, length_field);
    }
};

TEST_F(UdpChecksum, RightOneIsRight) { EXPECT_TRUE(right(11)); }

TEST_F(UdpChecksum, EachFlippedBitMakesItWrong) {
    for (std::size_t bit = 0; bit < udp.size() * 8; ++bit) {
        const auto mask = static_cast<std::uint8_t>(1U << bit % 8);
        udp[bit / 8] ^= mask;
        EXPECT_FALSE(right(11)) << bit;
        udp[bit / 8] ^= mask;
    }
}

TEST_F(UdpChecksum, LengthInThePseudoHeaderIsTheFieldNotTheOctets) {
    EXPECT_FALSE(right(12));
    EXPECT_FALSE(right(0));
}

TEST_F(UdpChecksum, AddressesCount) {
    const Bytes other = bytes("c6336403");
    EXPECT_FALSE(udp_checksum_sum(Family::v4, source.data(), other.data(), udp, 11));
    EXPECT_FALSE(udp_checksum_sum(Family::v4, other.data(), destination.data(), udp, 11));
}

TEST_F(UdpChecksum, Ipv6TakesAllSixteenOctetsOfBothAddresses) {
    const Bytes packet = test::ipv6({}, test::udp6(bytes("010203")));
    const Octets segment = Octets(packet).subspan(40);
    EXPECT_TRUE(udp_checksum_sum(Family::v6, &packet[8], &packet[24], segment, 11));
    for (std::size_t i = 8; i < 40; ++i) {
        Bytes spoiled = packet;
        spoiled[i] ^= 1;
        EXPECT_FALSE(udp_checksum_sum(Family::v6, &spoiled[8], &spoiled[24], segment, 11)) << i;
    }
}

}  // namespace
}  // namespace sie::net
