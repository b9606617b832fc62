// The packet builder against octets from elsewhere, so that the tests which use it stand on something.
#include "support/packet_builder.h"

#include <gtest/gtest.h>

namespace sie::test {
namespace {

TEST(PacketBuilder, HexIsReadAndWritten) {
    EXPECT_EQ(bytes("00 0aff"), (Bytes{0, 10, 255}));
    EXPECT_EQ(to_hex(bytes("000aff")), "000aff");
    EXPECT_THROW(static_cast<void>(bytes("0g")), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(bytes("000")), std::invalid_argument);
}

// Header and checksum as a Linux kernel sent them: 192.168.0.1 to 192.168.0.199, the example of many a
// textbook (checksum b861 of "4500 0073 0000 4000 4011 b861 c0a8 0001 c0a8 00c7").
TEST(PacketBuilder, Ipv4HeaderAndChecksumAreThoseOfTheTextbook) {
    const Bytes packet =
        ipv4({.source = "192.168.0.1", .destination = "192.168.0.199", .id = 0, .flags_and_offset = 0x4000},
             Bytes(95));
    EXPECT_EQ(to_hex(Octets(packet).first(20)), "45000073000040004011b861c0a80001c0a800c7");
}

// Summed by hand: c000+0201+c633+6402+0011+000b+9c40+0035+000b+0102+0300 = 28cd4, folded 8cd6, complement
// 7329.
TEST(PacketBuilder, UdpChecksumCoversThePseudoHeaderAndAnOddOctet) {
    EXPECT_EQ(to_hex(udp("192.0.2.1", "198.51.100.2", 40000, 53, bytes("010203"))),
              "9c400035000b"
              "7329"
              "010203");
}

TEST(PacketBuilder, Ipv6ChainNamesEachNextHeader) {
    const Bytes packet =
        ipv6({.extensions = {extension(0, 0), fragment_header(0x01020304, 16, true)}}, bytes("aabb"));
    EXPECT_EQ(to_hex(packet),
              "60000000"
              "0012"
              "00"
              "40"
              "20010db8000000000000000000000001"
              "20010db8000000000000000000000002"
              "2c00000000000000"
              "11000011"
              "01020304"
              "aabb");
}

TEST(PacketBuilder, FragmentsCoverTheDataWithOffsetsInUnitsOfEight) {
    const auto pieces = fragments4({}, counting(20), 8);
    ASSERT_EQ(pieces.size(), 3U);
    EXPECT_EQ(to_hex(Octets(pieces[0]).subspan(6, 2)), "2000");
    EXPECT_EQ(to_hex(Octets(pieces[1]).subspan(6, 2)), "2001");
    EXPECT_EQ(to_hex(Octets(pieces[2]).subspan(6, 2)), "0002");
    EXPECT_EQ(to_hex(Octets(pieces[2]).subspan(20)), "10111213");
}

TEST(PacketBuilder, LinkHeadersHaveTheTypeInItsPlace) {
    EXPECT_EQ(to_hex(ethernet(0x0800, bytes("aa"), {0x88a8, 0x8100})),
              "020000000002020000000001"
              "88a80064"
              "81000065"
              "0800"
              "aa");
    EXPECT_EQ(to_hex(linux_sll(0x86dd, bytes("aa"))),
              "0000000100060200000000010000"
              "86dd"
              "aa");
    EXPECT_EQ(to_hex(linux_sll2(0x0800, bytes("aa"), {0x8100})),
              "8100"
              "0000"
              "00000002"
              "0001"
              "00"
              "06"
              "0200000000010000"
              "00640800"
              "aa");
    EXPECT_EQ(to_hex(bsd_header(2, true, bytes("aa"))), "02000000aa");
    EXPECT_EQ(to_hex(bsd_header(30, false, {})), "0000001e");
}

}  // namespace
}  // namespace sie::test
