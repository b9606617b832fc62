#include "base/stream_decoder.h"

#include <gtest/gtest.h>
#include <lzma.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <array>
#include <string>
#include <thread>
#include <vector>

#include "support/source_of.h"

namespace sie {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes text(std::size_t size, unsigned seed) {
    Bytes octets(size);
    for (auto& octet : octets) {
        seed = seed * 1664525U + 1013904223U;
        octet = static_cast<std::uint8_t>("abcdefgh"[seed >> 29]);
    }
    return octets;
}

Bytes gzip(Octets plain) {
    z_stream stream{};
    EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    Bytes packed(deflateBound(&stream, plain.size()));
    stream.next_in = const_cast<Bytef*>(plain.data());
    stream.avail_in = static_cast<uInt>(plain.size());
    stream.next_out = packed.data();
    stream.avail_out = static_cast<uInt>(packed.size());
    EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
    packed.resize(packed.size() - stream.avail_out);
    deflateEnd(&stream);
    return packed;
}

Bytes xz(Octets plain) {
    Bytes packed(lzma_stream_buffer_bound(plain.size()));
    std::size_t size = 0;
    EXPECT_EQ(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, nullptr, plain.data(), plain.size(), packed.data(),
                                      &size, packed.size()),
              LZMA_OK);
    packed.resize(size);
    return packed;
}

Bytes zstd(Octets plain) {
    ZSTD_CCtx* context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    Bytes packed(ZSTD_compressBound(plain.size()));
    const std::size_t size =
        ZSTD_compress2(context, packed.data(), packed.size(), plain.data(), plain.size());
    EXPECT_EQ(ZSTD_isError(size), 0U);
    packed.resize(size);
    ZSTD_freeCCtx(context);
    return packed;
}

Bytes operator+(Bytes a, const Bytes& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

const Bytes zstd_skippable{0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 'a', 'b', 'c'};

struct Format {
    const char* name;
    Bytes (*pack)(Octets);
    std::size_t magic_octets;
    bool padding_allowed;
};

class Compressed : public testing::TestWithParam<Format> {
  protected:
    const Bytes one_ = text(700, 1), two_ = text(900, 2);
    const Bytes packed_one_ = GetParam().pack(one_), packed_two_ = GetParam().pack(two_);
    const std::string early_ = std::string("compressed data ends early (") + GetParam().name + ")";
};

INSTANTIATE_TEST_SUITE_P(Formats, Compressed,
                         testing::Values(Format{"gzip", gzip, 2, true}, Format{"xz", xz, 6, true},
                                         Format{"zstd", zstd, 4, false}),
                         [](const auto& p) { return std::string(p.param.name); });

TEST_P(Compressed, MembersInARowAreOneStream) {
    for (const std::size_t buffer : {std::size_t{64}, std::size_t{1} << 20}) {
        OctetSource source = source_of(packed_one_ + packed_two_ + packed_one_, buffer);
        EXPECT_TRUE(source.compressed());
        EXPECT_EQ(drain(source, 5), one_ + two_ + one_);
        EXPECT_FALSE(source.error());
        EXPECT_EQ(source.offset(), one_.size() * 2 + two_.size());
        EXPECT_EQ(source.consumed(), packed_one_.size() * 2 + packed_two_.size());
        EXPECT_EQ(source.size(), source.consumed());
    }
}

TEST_P(Compressed, EmptyMembersAreNoEnd) {
    const Bytes empty = GetParam().pack({});
    OctetSource source = source_of(empty + empty + packed_one_ + empty + packed_two_ + empty);
    EXPECT_EQ(drain(source), one_ + two_);
    EXPECT_FALSE(source.error());
}

TEST_P(Compressed, EmptyStreamIsEmpty) {
    OctetSource source = source_of(GetParam().pack({}));
    EXPECT_TRUE(source.compressed());
    EXPECT_TRUE(source.want(1).empty());
    EXPECT_FALSE(source.error());
}

TEST_P(Compressed, ArrivesOctetByOctet) {
    const Bytes packed = packed_one_ + packed_two_;
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    std::thread writer([&] {
        for (const std::uint8_t octet : packed) EXPECT_EQ(::write(ends[1], &octet, 1), 1);
        ::close(ends[1]);
    });
    auto source = OctetSource::adopt(ends[0], "pipe");
    ASSERT_TRUE(source.has_value());
    EXPECT_EQ(drain(*source), one_ + two_);
    EXPECT_FALSE(source->error());
    writer.join();
}

TEST_P(Compressed, CutAnywhereGivesAPrefixAndSaysThatItEndsEarly) {
    const Bytes packed = packed_one_ + packed_two_, plain = one_ + two_;
    for (std::size_t cut = GetParam().magic_octets; cut < packed.size(); ++cut) {
        OctetSource source = source_of(Octets(packed).first(cut));
        const Bytes got = drain(source, 100);
        ASSERT_LE(got.size(), plain.size());
        ASSERT_TRUE(equal(got, Octets(plain).first(got.size()))) << cut;
        if (cut >= packed_one_.size()) ASSERT_GE(got.size(), one_.size()) << cut;
        // The first octets of a magic number are no member yet: padding, where that is allowed.
        const std::size_t no_member = GetParam().padding_allowed ? GetParam().magic_octets : 1;
        if (cut >= packed_one_.size() && cut < packed_one_.size() + no_member) {
            ASSERT_FALSE(source.error()) << cut;
            ASSERT_EQ(got, one_);
        } else {
            ASSERT_TRUE(source.error()) << cut;
            ASSERT_EQ(source.error()->kind, ErrorKind::damaged);
            ASSERT_EQ(source.error()->what, "made.up");
            ASSERT_EQ(source.error()->why, early_) << cut;
            ASSERT_EQ(source.error()->offset, got.size()) << cut;
        }
    }
}

TEST_P(Compressed, CutInsideTheMagicNumberIsAPlainFile) {
    for (std::size_t cut = 1; cut < GetParam().magic_octets; ++cut) {
        const Octets part = Octets(packed_one_).first(cut);
        OctetSource source = source_of(part);
        EXPECT_FALSE(source.compressed());
        EXPECT_TRUE(equal(drain(source), part));
        EXPECT_FALSE(source.error());
    }
}

TEST_P(Compressed, DamageInTheSecondMemberLeavesTheFirst) {
    Bytes packed = packed_one_ + packed_two_;
    packed[packed_one_.size() + packed_two_.size() / 2] ^= 0x55;
    OctetSource source = source_of(packed);
    const Bytes got = drain(source);
    ASSERT_GE(got.size(), one_.size());
    EXPECT_TRUE(equal(Octets(got).first(one_.size()), one_));
    ASSERT_TRUE(source.error());
    EXPECT_EQ(source.error()->kind, ErrorKind::damaged);
    EXPECT_EQ(
        source.error()->why.rfind("compressed data is damaged (" + std::string(GetParam().name) + ": ", 0),
        0U)
        << source.error()->why;
    EXPECT_EQ(source.error()->offset, got.size());
}

TEST_P(Compressed, AnyChangedOctetIsSeenOrHarmless) {
    for (std::size_t i = 0; i < packed_one_.size(); ++i) {
        Bytes packed = packed_one_;
        packed[i] ^= 0xff;
        OctetSource source = source_of(packed);
        const Bytes got = drain(source);
        if (source.compressed() && !source.error()) EXPECT_EQ(got, one_) << i;
    }
}

TEST_P(Compressed, ZerosBehindTheLastMember) {
    OctetSource source = source_of(packed_one_ + Bytes(5000, 0));
    EXPECT_EQ(drain(source), one_);
    EXPECT_EQ(source.error().has_value(), !GetParam().padding_allowed);
}

TEST_P(Compressed, ZerosBetweenMembers) {
    OctetSource source = source_of(packed_one_ + Bytes(512, 0) + packed_two_);
    const Bytes got = drain(source);
    EXPECT_EQ(source.error().has_value(), !GetParam().padding_allowed);
    EXPECT_EQ(got, GetParam().padding_allowed ? one_ + two_ : one_);
}

TEST_P(Compressed, GarbageBehindTheLastMember) {
    OctetSource source = source_of(packed_one_ + text(300, 9));
    EXPECT_EQ(drain(source), one_);
    EXPECT_EQ(source.error().has_value(), !GetParam().padding_allowed);
}

TEST_P(Compressed, MuchFromLittleStaysInTheBuffer) {
    const std::size_t size = std::size_t{96} << 20;
    const Bytes packed = GetParam().pack(Bytes(size, 0));
    ASSERT_LT(packed.size(), size / 500);
    rusage before{}, after{};
    OctetSource source = source_of(packed);
    ::getrusage(RUSAGE_SELF, &before);
    std::size_t got = 0;
    for (Octets window = source.want(1000); !window.empty(); window = source.want(1000)) {
        ASSERT_LE(window.size(), OctetSource::default_buffer_octets);
        got += window.size();
        source.advance(window.size());
    }
    ::getrusage(RUSAGE_SELF, &after);
    EXPECT_EQ(got, size);
    EXPECT_FALSE(source.error());
    EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 32 * 1024) << "KiB";
}

TEST(Zstd, SkippableFramesAreSkippedWhereverTheyStand) {
    const Bytes one = text(700, 1), two = text(900, 2);
    OctetSource source =
        source_of(zstd_skippable + zstd(one) + zstd_skippable + zstd_skippable + zstd(two) + zstd_skippable);
    EXPECT_TRUE(source.compressed());
    EXPECT_EQ(drain(source), one + two);
    EXPECT_FALSE(source.error());
}

TEST(Zstd, CutSkippableFrameEndsEarly) {
    const Bytes one = text(700, 1);
    Bytes packed = zstd(one) + zstd_skippable;
    packed.pop_back();
    OctetSource source = source_of(packed);
    EXPECT_EQ(drain(source), one);
    ASSERT_TRUE(source.error());
    EXPECT_EQ(source.error()->why, "compressed data ends early (zstd)");
}

TEST(Zstd, WhatStandsBeforeADamagedPlaceDoesNotDependOnHowMuchIsAtHand) {
    const Bytes plain = text(300'000, 1);  // three blocks
    for (const std::size_t from_the_end : {1U, 20'000U}) {
        Bytes packed = zstd(plain);
        packed[packed.size() - from_the_end] ^= 0x55;  // of the checksum, of the last block
        OctetSource whole = source_of(packed), in_pieces = source_of(packed, 64);
        const Bytes got = drain(whole);
        EXPECT_EQ(got, drain(in_pieces));
        EXPECT_GE(got.size(), from_the_end == 1 ? plain.size() : std::size_t{2} << 17);
        for (const OctetSource* source : {&whole, &in_pieces}) {
            ASSERT_TRUE(source->error());
            EXPECT_EQ(source->error()->offset, got.size());
        }
    }
}

TEST(Zstd, ADamagedBlockHeaderLeavesTheBlockBeforeIt) {
    // Frame header; block header (raw, 4 octets), block; a block header of the reserved type.
    const Bytes packed{0x28, 0xb5, 0x2f, 0xfd, 0, 1, 0x20, 0, 0, 'a', 'b', 'c', 'd', 0x06, 0, 0, 0};
    for (const std::size_t piece : {packed.size(), std::size_t{5}, std::size_t{1}}) {
        SCOPED_TRACE(piece);
        const auto decoder = StreamDecoder::for_stream(packed);
        Bytes got, room(64);
        std::size_t begin = 0, end = piece;
        StreamDecoder::Step step;
        do {
            step = decoder->decode(Octets(packed).subspan(begin, end - begin), end == packed.size(), room);
            begin += step.consumed;
            got.insert(got.end(), room.begin(), room.begin() + static_cast<std::ptrdiff_t>(step.produced));
            if (step.consumed == 0 && step.produced == 0) end = std::min(end + piece, packed.size());
        } while (step.state == StreamDecoder::State::more);
        EXPECT_EQ(step.state, StreamDecoder::State::damage);
        EXPECT_EQ(got, (Bytes{'a', 'b', 'c', 'd'}));
    }
}

TEST(Zstd, WindowOverTheBoundIsRefused) {
    // RFC 8878 §3.1.1: magic, descriptor 0, window descriptor (exponent << 3, from 2^10), an empty raw last
    // block
    for (const unsigned log : {27U, 28U}) {
        const Bytes frame{0x28, 0xb5, 0x2f, 0xfd, 0, static_cast<std::uint8_t>((log - 10) << 3), 1, 0, 0};
        OctetSource source = source_of(frame);
        EXPECT_TRUE(source.want(1).empty());
        EXPECT_EQ(source.error().has_value(), log == 28) << log;
    }
}

TEST(Xz, DictionaryOverTheBoundIsRefused) {
    Bytes packed = xz(text(700, 1));
    // Block header behind the 12 octets of the stream header: 0 size | 1 flags | filter 21 01 | dictionary |
    // … | CRC
    const std::size_t header = 12, size = (packed[header] + std::size_t{1}) * 4;
    std::size_t at = header + 2;
    while (packed[at] != 0x21) ++at;
    packed[at + 2] = 32;  // 2^28
    store_le32(&packed[header + size - 4], lzma_crc32(&packed[header], size - 4, 0));
    OctetSource source = source_of(packed);
    EXPECT_TRUE(source.want(1).empty());
    ASSERT_TRUE(source.error());
    EXPECT_EQ(source.error()->why, "compressed data is damaged (xz: needs more than 128 MiB of memory)");
}

TEST(Gzip, ReasonNamesWhatTheLibraryFound) {
    Bytes packed = gzip(text(700, 1));
    packed[packed.size() - 8] ^= 1;
    OctetSource source = source_of(packed);
    EXPECT_EQ(drain(source), text(700, 1));
    ASSERT_TRUE(source.error());
    EXPECT_EQ(source.error()->text(),
              "made.up: offset 700: compressed data is damaged (gzip: incorrect data check)");
}

TEST(StreamDecoder, AnythingElseIsNotCompressed) {
    EXPECT_EQ(StreamDecoder::for_stream({}), nullptr);
    const Bytes pcap{0xd4, 0xc3, 0xb2, 0xa1, 2, 0};
    EXPECT_EQ(StreamDecoder::for_stream(pcap), nullptr);
}

}  // namespace
}  // namespace sie
