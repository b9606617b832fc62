#include "base/siphash.h"

#include <gtest/gtest.h>

#include <numeric>
#include <set>
#include <vector>

namespace sie {
namespace {

std::vector<std::uint8_t> counting(std::size_t n) {
    std::vector<std::uint8_t> octets(n);
    std::iota(octets.begin(), octets.end(), std::uint8_t{0});
    return octets;
}

std::uint64_t hash(HashKey key, Octets octets) {
    SipHash sip(key);
    sip.octets(octets);
    return sip.finish();
}

struct Vector {
    std::size_t octets;  // 0, 1, 2 … 255, 0 …
    std::uint64_t hash;
};

// Key 00 01 … 0f, from OpenSSL 3.0:
//   openssl mac -macopt hexkey:000102…0f -macopt size:8 -macopt c-rounds:1 -macopt d-rounds:3 SIPHASH
TEST(SipHash, GivesTheValuesOfOpenSsl) {
    constexpr HashKey key{0x0706050403020100, 0x0f0e0d0c0b0a0908};
    for (const Vector v :
         {Vector{0, 0xabac0158050fc4dc}, Vector{8, 0x369095118d299a8e}, Vector{16, 0xcc4fdd1a7d908b66},
          Vector{24, 0xf464aeb267349c8c}, Vector{32, 0x81157b6c16a7b60d}, Vector{40, 0xc1d2363299e41531},
          Vector{64, 0xf17997ec4b4a6065}, Vector{128, 0xe17a5d57cbfa3a8f}, Vector{256, 0x75b3e64e167de370}})
        EXPECT_EQ(hash(key, counting(v.octets)), v.hash) << v.octets;
}

// CPython 3.11 hashes bytes objects with SipHash-1-3: all-zero key with PYTHONHASHSEED=0, and with 42 the one
// that its generator makes.
TEST(SipHash, GivesTheValuesOfPython) {
    for (const Vector v :
         {Vector{8, 0xead411e67ebe2eea}, Vector{16, 0x8972188433a5c5b7}, Vector{24, 0x31185a47af932f3a},
          Vector{64, 0x75e05fd5bbc870c6}, Vector{248, 0x00e391372be2fc80}})
        EXPECT_EQ(hash({}, counting(v.octets)), v.hash) << v.octets;
    constexpr HashKey key{0xdc504fd368cd90af, 0xb920bb9ffe99e9c1};
    for (const Vector v :
         {Vector{8, 0x60866c3c108c6afb}, Vector{16, 0x339176f3ac59ce05}, Vector{24, 0xae431c6fb201ce8b},
          Vector{64, 0x91639ef7de8d52cb}, Vector{248, 0x5c5ee2072fb4e5b6}})
        EXPECT_EQ(hash(key, counting(v.octets)), v.hash) << v.octets;
}

TEST(SipHash, WordsAreTheOctetsInLittleEndianOrder) {
    SipHash words({1, 2});
    words.word(0x0706050403020100);
    words.word(0x0f0e0d0c0b0a0908);
    EXPECT_EQ(words.finish(), hash({1, 2}, counting(16)));
}

TEST(SipHash, WholeWordsMayComeInPieces) {
    const auto octets = counting(64);
    SipHash pieces({3, 4});
    pieces.octets(Octets(octets).first(8));
    pieces.octets(Octets(octets).subspan(8, 40));
    pieces.octets({});
    pieces.octets(Octets(octets).subspan(48));
    EXPECT_EQ(pieces.finish(), hash({3, 4}, octets));
}

TEST(SipHash, ZerosBehindTheEndAreNoPadding) {
    std::set<std::uint64_t> seen;
    for (std::size_t n = 0; n <= 24; ++n) seen.insert(hash({5, 6}, std::vector<std::uint8_t>(n)));
    EXPECT_EQ(seen.size(), 25U);
}

TEST(SipHash, EveryOctetOfTheRestCounts) {
    for (std::size_t n = 1; n <= 16; ++n) {
        auto octets = counting(n);
        std::set<std::uint64_t> seen{hash({7, 8}, octets)};
        for (std::size_t i = 0; i < n; ++i) {
            octets[i] ^= 0x80;
            seen.insert(hash({7, 8}, octets));
            octets[i] ^= 0x80;
        }
        EXPECT_EQ(seen.size(), n + 1);
    }
}

TEST(SipHash, BothHalvesOfTheKeyCount) {
    const auto octets = counting(16);
    EXPECT_NE(hash({1, 0}, octets), hash({0, 0}, octets));
    EXPECT_NE(hash({0, 1}, octets), hash({0, 0}, octets));
    EXPECT_NE(hash({0, 1}, octets), hash({1, 0}, octets));
}

TEST(HashKey, IsAnotherOneAtEachStart) {
    const HashKey a = HashKey::random(), b = HashKey::random();
    EXPECT_NE(a.k0, b.k0);
    EXPECT_NE(a.k1, b.k1);
    EXPECT_NE(a.k0, a.k1);
}

}  // namespace
}  // namespace sie
