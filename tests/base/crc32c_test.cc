#include "base/crc32c.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>
#include <vector>

namespace sie {
namespace {

struct Vector {
    std::vector<std::uint8_t> octets;
    std::uint32_t crc;
};

std::vector<Vector> vectors() {
    std::vector<std::uint8_t> up(32), down(32);
    std::iota(up.begin(), up.end(), std::uint8_t{0});
    std::iota(down.rbegin(), down.rend(), std::uint8_t{0});
    std::vector<std::uint8_t> command(48, 0);
    const std::vector<std::pair<std::size_t, std::uint8_t>> set{
        {0, 0x01}, {1, 0xc0}, {16, 0x14}, {22, 0x04}, {27, 0x14}, {31, 0x18}, {32, 0x28}, {40, 0x02}};
    for (const auto& [place, octet] : set) command[place] = octet;
    const Octets digits = as_octets("123456789");
    return {
        // RFC 3720 B.4, whose CRCs stand there in the order of the wire (lowest octet first).
        {std::vector<std::uint8_t>(32, 0x00), 0x8a9136aa},
        {std::vector<std::uint8_t>(32, 0xff), 0x62a8ab43},
        {up, 0x46dd794e},
        {down, 0x113fdb5c},
        {command, 0xd9963a56},
        {{digits.begin(), digits.end()}, 0xe3069283},
        {{}, 0},
    };
}

TEST(Crc32c, GivesTheVectorsOfRfc3720) {
    for (const Vector& vector : vectors()) EXPECT_EQ(crc32c(vector.octets), vector.crc);
}

TEST(Crc32cPlain, GivesTheVectorsOfRfc3720) {
    for (const Vector& vector : vectors()) EXPECT_EQ(crc32c_plain(vector.octets), vector.crc);
}

// One bit at a time, straight from the definition.
std::uint32_t by_definition(Octets octets) {
    std::uint32_t crc = 0xffffffff;
    for (const std::uint8_t octet : octets) {
        crc ^= octet;
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78 : 0);
    }
    return ~crc;
}

TEST(Crc32c, AgreesWithItsTwinAndTheDefinitionAtEveryLengthAndAlignment) {
    std::mt19937 random(20231114);
    std::vector<std::uint8_t> octets(4096);
    for (std::uint8_t& octet : octets) octet = static_cast<std::uint8_t>(random());
    for (std::size_t length = 0; length <= 1600; ++length) {
        const Octets part = Octets(octets).subspan(length % 9, length);
        const std::uint32_t expected = by_definition(part);
        ASSERT_EQ(crc32c(part), expected) << "length " << length;
        ASSERT_EQ(crc32c_plain(part), expected) << "length " << length;
    }
    EXPECT_EQ(crc32c(octets), by_definition(octets));
}

}  // namespace
}  // namespace sie
