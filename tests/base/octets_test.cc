#include "base/octets.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace sie {
namespace {

// No two octets are the same.
constexpr std::array<std::uint8_t, 16> octets{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
                                              0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10};

TEST(Load, BigEndianPutsTheFirstOctetOnTop) {
    EXPECT_EQ(load_be16(octets.data()), 0x0123);
    EXPECT_EQ(load_be32(octets.data()), 0x01234567U);
    EXPECT_EQ(load_be64(octets.data()), 0x0123456789abcdefU);
}

TEST(Load, LittleEndianPutsTheLastOctetOnTop) {
    EXPECT_EQ(load_le16(octets.data()), 0x2301);
    EXPECT_EQ(load_le32(octets.data()), 0x67452301U);
    EXPECT_EQ(load_le64(octets.data()), 0xefcdab8967452301U);
}

TEST(Load, TakesAnyAlignment) {
    for (std::size_t at = 0; at < 8; ++at) {
        std::uint64_t big = 0, little = 0;
        for (std::size_t i = 0; i < 8; ++i) {
            big = big << 8 | octets[at + i];
            little |= std::uint64_t{octets[at + i]} << (8 * i);
        }
        EXPECT_EQ(load_be64(&octets[at]), big) << at;
        EXPECT_EQ(load_le64(&octets[at]), little) << at;
        EXPECT_EQ(load_be32(&octets[at]), big >> 32) << at;
        EXPECT_EQ(load_le32(&octets[at]), little & 0xffffffff) << at;
        EXPECT_EQ(load_be16(&octets[at]), big >> 48) << at;
        EXPECT_EQ(load_le16(&octets[at]), little & 0xffff) << at;
    }
}

// What stands around the place that is written must stay.
template <class Store>
std::vector<std::uint8_t> stored(std::size_t at, Store store) {
    std::vector<std::uint8_t> out(12, 0xee);
    store(out.data() + at);
    return out;
}

TEST(Store, WritesItsOctetsAndNoOthers) {
    using Bytes = std::vector<std::uint8_t>;
    EXPECT_EQ(stored(1, [](std::uint8_t* p) { store_be16(p, 0x0123); }),
              (Bytes{0xee, 0x01, 0x23, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee}));
    EXPECT_EQ(stored(1, [](std::uint8_t* p) { store_le16(p, 0x0123); }),
              (Bytes{0xee, 0x23, 0x01, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee}));
    EXPECT_EQ(stored(3, [](std::uint8_t* p) { store_be32(p, 0x01234567); }),
              (Bytes{0xee, 0xee, 0xee, 0x01, 0x23, 0x45, 0x67, 0xee, 0xee, 0xee, 0xee, 0xee}));
    EXPECT_EQ(stored(3, [](std::uint8_t* p) { store_le32(p, 0x01234567); }),
              (Bytes{0xee, 0xee, 0xee, 0x67, 0x45, 0x23, 0x01, 0xee, 0xee, 0xee, 0xee, 0xee}));
    EXPECT_EQ(stored(2, [](std::uint8_t* p) { store_le64(p, 0x0123456789abcdef); }),
              (Bytes{0xee, 0xee, 0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01, 0xee, 0xee}));
}

TEST(Equal, ComparesLengthAndOctets) {
    const std::vector<std::uint8_t> a{1, 2, 3}, same{1, 2, 3}, other{1, 2, 4}, shorter{1, 2};
    EXPECT_TRUE(equal(a, same));
    EXPECT_FALSE(equal(a, other));
    EXPECT_FALSE(equal(a, shorter));
    EXPECT_FALSE(equal(shorter, a));
    EXPECT_TRUE(equal({}, {}));
    EXPECT_TRUE(equal({}, Octets(a).first(0)));
    EXPECT_FALSE(equal({}, a));
}

TEST(Text, IsAViewOfTheSameOctets) {
    const std::string_view text("a\0\xff", 3);
    const Octets view = as_octets(text);
    EXPECT_EQ(view.size(), 3U);
    EXPECT_EQ(view[1], 0);
    EXPECT_EQ(view[2], 0xff);
    EXPECT_EQ(static_cast<const void*>(view.data()), static_cast<const void*>(text.data()));
    EXPECT_EQ(as_text(view), text);
}

}  // namespace
}  // namespace sie
