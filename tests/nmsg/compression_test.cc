// Compression against zlib: what we write zlib inflates, what zlib writes we inflate, and what lies is
// refused before memory is taken.
#include "nmsg/compression.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <random>
#include <stdexcept>
#include <string>

#include "support/packet_builder.h"

namespace sie::nmsg {
namespace {

using test::Bytes;
using Outcome = Decompressor::Outcome;

constexpr std::size_t bound = std::size_t{16} << 20;

// Records that resemble each other, as payloads do.
Bytes records(std::size_t size, unsigned seed) {
    std::mt19937 random(seed);
    Bytes out;
    while (out.size() < size) {
        const Bytes name = test::counting(5 + random() % 40);
        out.insert(out.end(), name.begin(), name.end());
        for (unsigned n = random() % 12; n > 0; --n) out.push_back(static_cast<std::uint8_t>(random()));
    }
    out.resize(size);
    return out;
}

// Length and stream as zlib makes them.
Bytes framed_by_zlib(Octets body, std::size_t stated, int level = 6) {
    Bytes out(4 + ::compressBound(body.size()));
    uLongf size = out.size() - 4;
    EXPECT_EQ(::compress2(out.data() + 4, &size, body.data(), body.size(), level), Z_OK);
    out.resize(4 + size);
    store_be32(out.data(), static_cast<std::uint32_t>(stated));
    return out;
}

TEST(Compression, WordsGoBothWays) {
    for (const char* word : {"none", "fast", "default", "best"}) {
        const auto level = compression_of(word);
        ASSERT_TRUE(level) << word;
        EXPECT_EQ(word_of(*level), word);
    }
    for (const char* word : {"", "Fast", "zlib", "none ", "6"}) EXPECT_FALSE(compression_of(word)) << word;
}

TEST(Compressor, EachLevelGivesAStreamThatZlibInflatesToTheBody) {
    for (const Compression level : {Compression::fast, Compression::default_, Compression::best}) {
        Compressor compressor(level);
        EXPECT_EQ(compressor.level(), level);
        for (const std::size_t size : {0U, 1U, 2U, 511U, 65'536U, 1'048'576U, 1'300'000U}) {
            const Bytes body = records(size, 1);
            Bytes out{0xaa, 0xbb};
            compressor.append(body, out);
            ASSERT_EQ(out[0], 0xaa) << "what stood there stays";
            ASSERT_EQ(out[1], 0xbb);
            ASSERT_EQ(load_be32(out.data() + 2), size);
            ASSERT_EQ(out[6], 0x78) << "RFC 1950: deflate, a window of 32 KiB";
            Bytes got(size + 1);
            uLongf length = got.size(), used = out.size() - 6;
            ASSERT_EQ(::uncompress2(got.data(), &length, out.data() + 6, &used), Z_OK)
                << word_of(level) << ' ' << size;
            ASSERT_EQ(used, out.size() - 6) << "nothing behind the stream";
            got.resize(length);
            ASSERT_EQ(got, body);
        }
    }
}

TEST(Compressor, ASlowerLevelIsNoLarger) {
    const Bytes body = records(1'048'576, 2);
    std::size_t last = body.size() / 2;
    for (const Compression level : {Compression::fast, Compression::default_, Compression::best}) {
        Bytes out;
        Compressor(level).append(body, out);
        EXPECT_LT(out.size(), last) << word_of(level);
        last = out.size();
    }
}

TEST(Compressor, WhatDoesNotCompressGrowsByLittle) {
    std::mt19937 random(3);
    Bytes body(200'000);
    for (auto& octet : body) octet = static_cast<std::uint8_t>(random());
    for (const Compression level : {Compression::fast, Compression::default_, Compression::best}) {
        Bytes out, back;
        Compressor(level).append(body, out);
        EXPECT_LT(out.size(), body.size() + 200) << word_of(level);
        ASSERT_EQ(Decompressor().inflate(out, bound, back), Outcome::done);
        EXPECT_EQ(back, body);
    }
}

TEST(Compressor, LevelNoneIsNotToBeAsked) {
    Compressor compressor(Compression::none);
    Bytes out;
    EXPECT_THROW(compressor.append(test::counting(3), out), std::logic_error);
}

TEST(Compressor, KeepsNothingOfAnEarlierBody) {
    for (const Compression level : {Compression::fast, Compression::default_, Compression::best}) {
        Compressor used(level);
        Bytes first, second, fresh;
        used.append(records(300'000, 4), first);
        used.append(records(5'000, 5), second);
        Compressor(level).append(records(5'000, 5), fresh);
        EXPECT_EQ(second, fresh) << word_of(level);
    }
}

TEST(Decompressor, InflatesWhatZlibWrites) {
    Decompressor decompressor;
    Bytes out;
    for (const int level : {0, 1, 6, 9})
        for (const std::size_t size : {0U, 1U, 700U, 1'048'576U}) {
            const Bytes body = records(size, 6);
            ASSERT_EQ(decompressor.inflate(framed_by_zlib(body, size, level), bound, out), Outcome::done)
                << level << ' ' << size;
            ASSERT_EQ(out, body);
        }
}

TEST(Decompressor, OctetsBehindTheStreamAreIgnored) {  // N11
    const Bytes body = records(900, 7);
    Bytes framed = framed_by_zlib(body, body.size()), out;
    framed.insert(framed.end(), {1, 2, 3});
    EXPECT_EQ(Decompressor().inflate(framed, bound, out), Outcome::done);
    EXPECT_EQ(out, body);
}

TEST(Decompressor, TheStatedLengthMustBeTheOneOfTheStream) {  // N11
    const Bytes body = records(900, 8);
    Bytes out;
    for (const std::size_t stated : {0U, 1U, 899U, 901U, 5'000U})
        EXPECT_EQ(Decompressor().inflate(framed_by_zlib(body, stated), bound, out), Outcome::damaged)
            << stated;
    EXPECT_EQ(Decompressor().inflate(framed_by_zlib({}, 1), bound, out), Outcome::damaged);
}

TEST(Decompressor, AStreamThatIsCutAnywhereIsDamage) {
    const Bytes body = records(600, 9), framed = framed_by_zlib(body, body.size());
    Bytes out;
    for (std::size_t cut = 0; cut < framed.size(); ++cut)
        ASSERT_EQ(Decompressor().inflate(Octets(framed).first(cut), bound, out), Outcome::damaged) << cut;
}

TEST(Decompressor, AnyOctetOfTheStreamThatChangesIsDamageOrGivesTheSame) {  // its Adler-32 is checked
    const Bytes body = records(600, 10), framed = framed_by_zlib(body, body.size());
    Bytes out;
    int damaged = 0;
    for (std::size_t at = 4; at < framed.size(); ++at) {
        Bytes changed = framed;
        changed[at] ^= 0x10;
        if (Decompressor().inflate(changed, bound, out) == Outcome::done)
            ASSERT_EQ(out, body) << at;
        else
            ++damaged;
    }
    EXPECT_GT(damaged, 100);
}

TEST(Decompressor, TheBoundIsInclusiveAndAskedBeforeMemoryIsTaken) {
    const Bytes body = records(5'000, 11), framed = framed_by_zlib(body, body.size());
    Bytes out;
    EXPECT_EQ(Decompressor().inflate(framed, 5'000, out), Outcome::done);
    Bytes untouched;
    EXPECT_EQ(Decompressor().inflate(framed, 4'999, untouched), Outcome::too_large);
    EXPECT_EQ(Decompressor().inflate(framed_by_zlib(body, UINT32_MAX), bound, untouched), Outcome::too_large);
    EXPECT_EQ(untouched.capacity(), 0U);
}

TEST(Decompressor, ALengthThatNoStreamOfThatSizeCanGiveTakesNoMemory) {
    Bytes out;
    EXPECT_EQ(Decompressor().inflate(framed_by_zlib(test::counting(10), bound), bound, out),
              Outcome::damaged);
    EXPECT_EQ(out.capacity(), 0U);
    // The most that deflate can give is taken for true.
    const Bytes zeros(bound);
    EXPECT_EQ(Decompressor().inflate(framed_by_zlib(zeros, bound, 9), bound, out), Outcome::done);
    EXPECT_EQ(out, zeros);
}

}  // namespace
}  // namespace sie::nmsg
