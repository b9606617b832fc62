// What stands in a file for a container, in each of the five ways.
#include "sensor/file_compression.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include "nmsg/container.h"
#include "nmsg/container_reader.h"
#include "support/packet_builder.h"

namespace sie::sensor {
namespace {

using test::Bytes;

constexpr FileCompression all[] = {FileCompression::none, FileCompression::fast, FileCompression::default_,
                                   FileCompression::best, FileCompression::zstd};

Container of_octets(std::size_t octets, bool oversized) {
    Container container;
    container.octets.resize(nmsg::header_octets);
    nmsg::put_container_header(container.octets.data(), 0, octets);
    for (std::size_t i = 0; i < octets; ++i)
        container.octets.push_back(static_cast<std::uint8_t>(i % 251 * (i / 4096 % 7)));
    container.oversized = oversized;
    return container;
}

// The frame's content; empty if these octets are not exactly one frame.
Bytes content_of_frame(Octets frame) {
    if (ZSTD_findFrameCompressedSize(frame.data(), frame.size()) != frame.size()) return {};
    Bytes content(ZSTD_getFrameContentSize(frame.data(), frame.size()));
    const std::size_t n = ZSTD_decompress(content.data(), content.size(), frame.data(), frame.size());
    return n == content.size() ? content : Bytes{};
}

TEST(FileCompression, WordsAreThoseOfTheReference) {
    for (const FileCompression compression : all)
        EXPECT_EQ(file_compression_of(word_of(compression)), compression);
    EXPECT_EQ(word_of(FileCompression::default_), "default");
    EXPECT_EQ(file_compression_of("zstd"), FileCompression::zstd);
    for (const char* word : {"", "ZSTD", "zst", "gzip", "fastest"})
        EXPECT_FALSE(file_compression_of(word)) << word;
}

TEST(FileCompression, TheSuffixTellsZstdApart) {
    for (const FileCompression compression : all)
        EXPECT_EQ(suffix_of(compression), compression == FileCompression::zstd ? ".nmsg.zst" : ".nmsg");
}

TEST(FileCompression, APlainContainerIsWrittenAsItStands) {
    ContainerEncoder encoder(FileCompression::none);
    const Container container = of_octets(1000, false);
    Bytes encoded;
    EXPECT_EQ(encoder.encode(container, encoded).data(), container.octets.data());
    EXPECT_TRUE(encoded.empty());
}

TEST(FileCompression, AZlibContainerHasTheSameBody) {
    for (const auto compression : {FileCompression::fast, FileCompression::default_, FileCompression::best}) {
        ContainerEncoder encoder(compression);
        const Container container = of_octets(300'000, false);
        Bytes encoded, body;
        const Octets written = encoder.encode(container, encoded);
        EXPECT_LT(written.size(), 100'000U);
        EXPECT_EQ(written[4], nmsg::flag_zlib);
        nmsg::Decompressor decompressor;
        ASSERT_EQ(decompressor.inflate(written.subspan(nmsg::header_octets), 1 << 20, body),
                  nmsg::Decompressor::Outcome::done);
        EXPECT_TRUE(equal(body, Octets(container.octets).subspan(nmsg::header_octets)));
    }
}

TEST(FileCompression, ZstdPutsEachPlainContainerIntoAFrameOfItsOwn) {
    ContainerEncoder encoder(FileCompression::zstd);
    Bytes encoded;
    for (const std::size_t octets :
         {std::size_t{0}, std::size_t{1}, std::size_t{5000}, std::size_t{1} << 20}) {
        const Container container = of_octets(octets, false);
        const Octets written = encoder.encode(container, encoded);
        EXPECT_TRUE(equal(content_of_frame(written), container.octets)) << octets;
        // RFC 8878 §3.1.1.1: a checksum of the content (bit 2) and its length stand in the header.
        EXPECT_NE(written[4] & 0x04, 0);
        EXPECT_LE(written.size(), most_octets(FileCompression::zstd));
    }
}

TEST(FileCompression, AnOversizedContainerIsCutIntoFragmentsInOneZstdFrame) {
    ContainerEncoder encoder(FileCompression::zstd);
    const Container container = of_octets(3 << 20, true);
    Bytes encoded;
    const Bytes content = content_of_frame(encoder.encode(container, encoded));
    ASSERT_FALSE(content.empty());
    nmsg::ContainerReader reader{nmsg::ReadLimits{}};
    std::size_t at = 0, fragments = 0;
    for (; at < content.size(); ++fragments) {
        const std::uint8_t* header = content.data() + at;
        EXPECT_EQ(header[4], nmsg::flag_fragment);
        const std::size_t octets = load_be32(header + 6);
        ASSERT_LE(nmsg::header_octets + octets, content.size() - at);
        EXPECT_LE(octets, nmsg::most_container);
        at += nmsg::header_octets + octets;
    }
    EXPECT_EQ(at, content.size());
    EXPECT_GT(fragments, 2U);
}

TEST(FileCompression, OctetsThatDoNotShrinkStayWithinTheBound) {
    Container container = of_octets(nmsg::most_container, false);
    std::uint64_t state = 1;
    for (std::size_t i = nmsg::header_octets; i < container.octets.size(); ++i) {
        state = state * 6364136223846793005ULL + 1442695040888963407ULL;
        container.octets[i] = static_cast<std::uint8_t>(state >> 56);
    }
    for (const FileCompression compression : {FileCompression::fast, FileCompression::zstd}) {
        ContainerEncoder encoder(compression);
        Bytes encoded;
        EXPECT_LE(encoder.encode(container, encoded).size(), most_octets(compression) + 1024);
    }
    ContainerEncoder encoder(FileCompression::zstd);
    Bytes encoded;
    EXPECT_TRUE(equal(content_of_frame(encoder.encode(container, encoded)), container.octets));
}

}  // namespace
}  // namespace sie::sensor
