// What is encoded reads back through the decoder, in pieces, flushed, and as a row of streams.
#include "base/stream_encoder.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <random>

#include "base/octet_source.h"

namespace sie {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes some(std::size_t octets) {
    std::mt19937 random(1);
    Bytes made(octets);
    for (auto& octet : made) octet = static_cast<std::uint8_t>(random() % 7);
    return made;
}

Bytes decoded(const Bytes& stream) {
    std::FILE* file = std::tmpfile();
    std::fwrite(stream.data(), 1, stream.size(), file);
    std::fflush(file);
    std::rewind(file);
    auto source = OctetSource::adopt(dup(fileno(file)), "made");
    std::fclose(file);
    Bytes got;
    for (Octets window = source->want(1); !window.empty(); window = source->want(1)) {
        got.insert(got.end(), window.begin(), window.end());
        source->advance(window.size());
    }
    EXPECT_FALSE(source->error()) << source->error()->text();
    return got;
}

class StreamEncoderOf : public testing::TestWithParam<StreamFormat> {};
INSTANTIATE_TEST_SUITE_P(Formats, StreamEncoderOf,
                         testing::Values(StreamFormat::gzip, StreamFormat::xz, StreamFormat::zstd));

TEST_P(StreamEncoderOf, GivesBackWhatCameInAnyPieces) {
    const Bytes whole = some(1'000'000);
    for (const std::size_t size : {std::size_t{1000}, std::size_t{65'536}, whole.size()}) {
        const auto encoder = make_stream_encoder(GetParam());
        Bytes stream;
        for (std::size_t at = 0; at < whole.size(); at += size)
            encoder->append(Octets(whole).subspan(at, std::min(size, whole.size() - at)),
                            at % 3 == 0 ? StreamEncoder::Then::flush : StreamEncoder::Then::more, stream);
        encoder->append({}, StreamEncoder::Then::finish, stream);
        EXPECT_LT(stream.size(), whole.size());
        EXPECT_EQ(decoded(stream), whole) << size;
    }
}

TEST_P(StreamEncoderOf, AFlushMakesEverythingSoFarReadable) {
    const Bytes whole = some(5000);
    const auto encoder = make_stream_encoder(GetParam());
    Bytes stream;
    encoder->append(whole, StreamEncoder::Then::flush, stream);
    const std::size_t flushed = stream.size();
    EXPECT_GT(flushed, 100U);
    encoder->append({}, StreamEncoder::Then::flush, stream);  // nothing new: no harm
    encoder->append({}, StreamEncoder::Then::finish, stream);
    EXPECT_EQ(decoded(stream), whole);
}

TEST_P(StreamEncoderOf, EmptyStreamsAndRowsOfStreamsRead) {
    Bytes row;
    for (int i = 0; i < 3; ++i) {
        const auto encoder = make_stream_encoder(GetParam());
        encoder->append(i == 1 ? Octets{} : as_octets("abc"), StreamEncoder::Then::finish, row);
    }
    EXPECT_EQ(decoded(row), (Bytes{'a', 'b', 'c', 'a', 'b', 'c'}));
}

TEST(StreamFormatOf, IsTheEndOfTheName) {
    EXPECT_EQ(stream_format_of("a.nmsg.gz"), StreamFormat::gzip);
    EXPECT_EQ(stream_format_of("a.xz"), StreamFormat::xz);
    EXPECT_EQ(stream_format_of("/x/a.zst"), StreamFormat::zstd);
    EXPECT_EQ(stream_format_of("a.gz/b"), std::nullopt);
    EXPECT_EQ(stream_format_of("a"), std::nullopt);
}

}  // namespace
}  // namespace sie
