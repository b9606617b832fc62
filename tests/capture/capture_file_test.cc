// Capture files as tshark reads them (NAME.frames, see make_goldens.sh), and every way of being damaged.
#include "capture/capture_file.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <random>
#include <sstream>
#include <thread>

#include "capture/pcapng.h"
#include "support/packet_builder.h"
#include "support/source_of.h"

namespace sie::capture {
namespace {

using test::Bytes;
using test::bytes;

struct Seen {
    std::vector<std::string> frames;  // "SECONDS.NANOSECONDS CAPTURED WIRE HEX"
    std::vector<net::LinkType> links;
    std::optional<Error> error;
};

std::string line_of(const Frame& frame) {
    return fmt::format("{}.{:09} {} {} {}", frame.time.seconds(), frame.time.nanoseconds(),
                       frame.octets.size(), frame.wire_length, test::to_hex(frame.octets));
}

Seen drained(Result<CaptureFile> file) {
    Seen seen;
    if (!file) {
        seen.error = file.error();
        return seen;
    }
    for (Frame frame; file->next(frame);) {
        seen.frames.push_back(line_of(frame));
        seen.links.push_back(frame.link);
    }
    seen.error = file->error();
    Frame again;
    EXPECT_FALSE(file->next(again));
    return seen;
}

Seen read(Octets octets, std::size_t buffer = OctetSource::default_buffer_octets) {
    return drained(CaptureFile::read(source_of(octets, buffer)));
}

// An error of the exit status 1 that names the file, the place and the reason.
void expect_damage(const Seen& seen, std::uint64_t offset, std::string_view why) {
    ASSERT_TRUE(seen.error) << why;
    EXPECT_EQ(seen.error->kind, ErrorKind::damaged);
    EXPECT_EQ(seen.error->what, "made.up");
    EXPECT_EQ(seen.error->offset, offset) << seen.error->text();
    EXPECT_NE(seen.error->text().find(why), std::string::npos) << seen.error->text();
}

Bytes file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

const std::filesystem::path data = std::string(SIE_TEST_DATA) + "/capture/data";

// As tshark prints them, without its number of the encapsulation.
std::vector<std::string> expected_frames(const std::filesystem::path& capture) {
    std::ifstream in(capture.string() + ".frames");
    EXPECT_TRUE(in) << capture;
    std::vector<std::string> frames;
    for (std::string line; std::getline(in, line);) {
        std::istringstream words(line);
        std::string time, captured, wire, encapsulation, hex;
        words >> time >> captured >> wire >> encapsulation >> hex;
        frames.push_back(time + ' ' + captured + ' ' + wire + ' ' + hex);
    }
    return frames;
}

std::vector<std::filesystem::path> goldens() {
    std::vector<std::filesystem::path> names;
    for (const auto& entry : std::filesystem::directory_iterator(data))
        if (entry.path().extension() != ".frames") names.push_back(entry.path());
    std::sort(names.begin(), names.end());
    return names;
}

TEST(CaptureFile, ReadsEveryGoldenAsTsharkDoes) {
    const auto names = goldens();
    EXPECT_GT(names.size(), 30U);
    for (const auto& name : names) {
        const Seen seen = drained(CaptureFile::open(name));
        EXPECT_EQ(seen.frames, expected_frames(name)) << name;
        EXPECT_FALSE(seen.error) << name << ": " << seen.error->text();
    }
}

TEST(CaptureFile, ReadsThroughAPipeInOddPiecesTheSame) {
    for (const auto& name : goldens()) {
        const Bytes octets = file(name);
        int ends[2];
        ASSERT_EQ(::pipe(ends), 0);
        std::thread writer([&] {
            for (std::size_t at = 0; at < octets.size();) {
                const ssize_t n =
                    ::write(ends[1], octets.data() + at, std::min<std::size_t>(7, octets.size() - at));
                if (n <= 0) break;
                at += static_cast<std::size_t>(n);
            }
            ::close(ends[1]);
        });
        Seen seen;
        if (auto source = OctetSource::adopt(ends[0], "pipe", 64))
            seen = drained(CaptureFile::read(std::move(*source)));
        writer.join();
        EXPECT_EQ(seen.frames, expected_frames(name)) << name;
    }
}

TEST(CaptureFile, AnUnknownMagicIsNoCapture) {
    expect_damage(read(bytes("4e4d5347000200000000000000000000000000000000000000000000")), 0,
                  "not a capture file");
    expect_damage(read(bytes("a1b2c3d5 0002 0004 00000000 00000000 00040000 00000065")), 0,
                  "not a capture file");
}

TEST(CaptureFile, AFileHeaderCutAnywhereIsNoCapture) {
    const Bytes header = bytes("d4c3b2a1 0200 0400 00000000 00000000 00000400 65000000");
    for (std::size_t cut = 0; cut < header.size(); ++cut)
        expect_damage(read(Octets(header).first(cut)), 0, "not a capture file");
    EXPECT_FALSE(read(header).error);
}

TEST(CaptureFile, AMissingFileIsNamed) {
    const auto missing = CaptureFile::open("/no/such/capture");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().kind, ErrorKind::system);
    EXPECT_NE(missing.error().text().find("/no/such/capture"), std::string::npos);
}

TEST(CaptureFile, ACompressedFileCutAnywhereGivesFramesAndAnError) {
    for (const char* name : {"two_members.pcap.gz", "two_members.pcap.xz", "two_members.pcap.zst"}) {
        const Bytes whole = file(data / name);
        const auto expected = expected_frames(data / name);
        std::size_t most = 0;
        for (std::size_t cut = 0; cut < whole.size(); ++cut) {
            const Seen seen = read(Octets(whole).first(cut));
            ASSERT_TRUE(seen.error) << name << " cut at " << cut;
            EXPECT_EQ(seen.error->what, "made.up");
            ASSERT_LE(seen.frames.size(), expected.size());
            EXPECT_TRUE(std::equal(seen.frames.begin(), seen.frames.end(), expected.begin()))
                << name << " cut at " << cut;
            most = std::max(most, seen.frames.size());
        }
        EXPECT_GE(most, expected.size() / 2) << name;
    }
}

// An octet changed anywhere: what stood whole in front of it is delivered as before, and reading ends.
TEST(CaptureFile, AChangedOctetTouchesNoFrameBeforeIt) {
    constexpr unsigned seed = 20'261'124;
    std::mt19937 random(seed);
    for (const auto& name : goldens()) {
        const Bytes whole = file(name);
        if (name.filename().string().starts_with("two_members") || whole.size() < 24) continue;
        std::vector<std::uint64_t> ends;
        {
            auto capture = CaptureFile::read(source_of(whole));
            for (Frame frame; capture->next(frame);) ends.push_back(capture->source().offset());
        }
        const auto expected = expected_frames(name);
        for (int i = 0; i < 100; ++i) {
            const std::size_t at = random() % whole.size();
            Bytes changed = whole;
            changed[at] ^= static_cast<std::uint8_t>(1 + random() % 255);
            const Seen seen = read(changed);
            const auto untouched = static_cast<std::size_t>(
                std::count_if(ends.begin(), ends.end(), [at](std::uint64_t end) { return end <= at; }));
            ASSERT_GE(seen.frames.size(), untouched) << name << " octet " << at << " seed " << seed;
            EXPECT_TRUE(std::equal(expected.begin(),
                                   expected.begin() + static_cast<std::ptrdiff_t>(untouched),
                                   seen.frames.begin()))
                << name << " octet " << at << " seed " << seed;
            if (!seen.error) continue;
            ASSERT_TRUE(seen.error->offset) << seen.error->text();
            EXPECT_LE(*seen.error->offset, whole.size()) << name << " octet " << at << " seed " << seed;
            if (untouched != 0)
                EXPECT_GE(*seen.error->offset, ends[untouched - 1]) << name << " octet " << at;
        }
    }
}

// ---- classic

constexpr const char* pcap_head = "d4c3b2a1 0200 0400 00000000 00000000 00000400";

Bytes pcap(const std::string& records, const char* link = "65000000") {
    return bytes(std::string(pcap_head) + link + records);
}

TEST(Pcap, AnUnknownLinkTypeIsAnErrorThatNamesItBeforeTheFirstPacket) {
    const auto opened = CaptureFile::read(source_of(pcap("", "93000000")));
    ASSERT_FALSE(opened) << "an error at opening already";
    expect_damage(read(pcap("01000000 00000000 01000000 01000000 00", "93000000")), 20,
                  "unknown link type 147");
}

TEST(Pcap, HighBitsOfTheLinkTypeMeanSomethingElse) { EXPECT_FALSE(read(pcap("", "65000014")).error); }

TEST(Pcap, ARecordOfMoreThan262144OctetsIsDamage) {
    const Seen most =
        read(pcap("01000000 00000000 00000400 00000400" + test::to_hex(test::counting(262'144))));
    EXPECT_EQ(most.frames.size(), 1U);
    EXPECT_FALSE(most.error);
    const Seen more =
        read(pcap("01000000 00000000 01000400 01000400" + test::to_hex(test::counting(262'145))));
    EXPECT_TRUE(more.frames.empty());
    expect_damage(more, 24, "record of 262145 octets");
}

TEST(Pcap, ACutAnywhereGivesAllWholeFramesAndTheOffsetOfTheDamage) {
    const Bytes whole =
        pcap("01000000 02000000 03000000 03000000 010203 05000000 06000000 02000000 09000000 0405");
    ASSERT_EQ(read(whole).frames.size(), 2U);
    for (std::size_t cut = 24; cut < whole.size(); ++cut) {
        const Seen seen = read(Octets(whole).first(cut));
        EXPECT_EQ(seen.frames.size(), cut < 43 ? 0U : 1U) << cut;
        if (cut == 24 || cut == 43) {
            EXPECT_FALSE(seen.error) << cut;
            continue;
        }
        const std::size_t record = cut < 43 ? 24 : 43;
        expect_damage(seen, record, cut - record < 16 ? "cut inside a record header" : "cut inside a record");
    }
}

TEST(Pcap, AModifiedCaptureCutAnywhereNamesTheOffsetToo) {
    const Bytes whole = file(data / "modified.pcap");
    const auto expected = expected_frames(data / "modified.pcap");
    const std::size_t first = 24 + 24 + load_le32(whole.data() + 32);
    for (std::size_t cut = 25; cut < whole.size(); ++cut) {
        if (cut == first) continue;
        const Seen seen = read(Octets(whole).first(cut));
        EXPECT_EQ(seen.frames.size(), cut < first ? 0U : 1U) << cut;
        expect_damage(seen, cut < first ? 24 : first, "cut inside a record");
    }
    ASSERT_EQ(expected.size(), 2U);
}

TEST(Pcap, KeepsNanosecondsAndCarriesTooManyMicroseconds) {
    EXPECT_EQ(
        read(
            bytes(
                "4d3cb2a1 0200 0400 00000000 00000000 00000400 65000000 01000000 ffc99a3b 00000000 00000000"))
            .frames[0]
            .substr(0, 11),
        "1.999999999");
    EXPECT_EQ(read(pcap("01000000 40420f00 00000000 00000000")).frames[0].substr(0, 11), "2.000000000");
}

// ---- pcapng

class Ng {
  public:
    explicit Ng(bool big_endian = false) : big_endian_(big_endian) { section(big_endian); }
    Ng& section(bool big_endian) {
        big_endian_ = big_endian;
        Bytes body;
        put(body, 0x1a2b3c4d);
        put16(body, 1);
        put16(body, 0);
        put(body, UINT32_MAX);
        put(body, UINT32_MAX);
        return block(0x0a0d0d0a, body);
    }
    Ng& interface(std::uint16_t link, const Bytes& options = {}, std::uint32_t snap = 0) {
        Bytes body;
        put16(body, link);
        put16(body, 0);
        put(body, snap);
        body.insert(body.end(), options.begin(), options.end());
        return block(1, body);
    }
    Ng& enhanced(std::uint32_t interface, std::uint64_t stamp, const Bytes& packet, std::uint32_t wire = 0) {
        Bytes body;
        for (const std::uint64_t v :
             {std::uint64_t{interface}, stamp >> 32, stamp, std::uint64_t{packet.size()},
              wire == 0 ? std::uint64_t{packet.size()} : wire})
            put(body, static_cast<std::uint32_t>(v));
        body.insert(body.end(), packet.begin(), packet.end());
        return block(6, body);
    }
    Ng& simple(const Bytes& packet, std::uint32_t wire) {
        Bytes body;
        put(body, wire);
        body.insert(body.end(), packet.begin(), packet.end());
        return block(3, body);
    }
    Ng& block(std::uint32_t type, Bytes body) {
        body.resize((body.size() + 3) / 4 * 4);
        put(octets, type);
        put(octets, static_cast<std::uint32_t>(12 + body.size()));
        octets.insert(octets.end(), body.begin(), body.end());
        put(octets, static_cast<std::uint32_t>(12 + body.size()));
        return *this;
    }
    // An option: if_tsresol is 9, if_tsoffset 14.
    [[nodiscard]] Bytes option(std::uint16_t code, const Bytes& value) const {
        Bytes out;
        put16(out, code);
        put16(out, static_cast<std::uint16_t>(value.size()));
        out.insert(out.end(), value.begin(), value.end());
        out.resize((out.size() + 3) / 4 * 4);
        return out;
    }
    Bytes octets;

  private:
    void put(Bytes& to, std::uint32_t v) const {
        for (int i = 0; i < 4; ++i)
            to.push_back(static_cast<std::uint8_t>(v >> 8 * (big_endian_ ? 3 - i : i)));
    }
    void put16(Bytes& to, std::uint16_t v) const {
        for (int i = 0; i < 2; ++i)
            to.push_back(static_cast<std::uint8_t>(v >> 8 * (big_endian_ ? 1 - i : i)));
    }
    bool big_endian_;
};

std::string time_of(const Seen& seen, std::size_t i = 0) {
    return seen.frames.size() > i ? seen.frames[i].substr(0, seen.frames[i].find(' ')) : "none";
}

TEST(Pcapng, ResolutionsInPowersOfTenAndTwo) {
    struct Row {
        std::uint8_t octet;
        std::uint64_t stamp;
        const char* time;
    };
    for (const Row& row : {Row{6, 1'700'000'000'000'001, "1700000000.000001000"},
                           {9, 1'700'000'000'000'000'001, "1700000000.000000001"},
                           {0, 1'700'000'000, "1700000000.000000000"},
                           {3, 5, "0.005000000"},
                           {12, 1'234'567'890'123, "1.234567890"},
                           {19, 12'345'678'901'234'567'890ULL, "1.234567890"},
                           {30, UINT64_MAX, "0.000000000"},
                           {127, UINT64_MAX, "0.000000000"},
                           {0x80, 7, "7.000000000"},
                           {0x80 | 20, (5 << 20) + (1 << 19), "5.500000000"},
                           {0x80 | 63, std::uint64_t{3} << 62, "1.500000000"},
                           {0x80 | 127, UINT64_MAX, "0.000000000"}}) {
        Ng ng;
        ng.interface(101, ng.option(9, {row.octet})).enhanced(0, row.stamp, {1});
        EXPECT_EQ(time_of(read(ng.octets)), row.time) << int{row.octet};
    }
}

__extension__ using Wide = __int128;
__extension__ using UnsignedWide = unsigned __int128;

// The plain twin of TimeScale: one division for each power, then the offset, then the range of Time.
Time plain_time(std::uint8_t resolution, std::int64_t offset, std::uint64_t stamp) {
    UnsignedWide ns = UnsignedWide{stamp} * 1'000'000'000U;
    for (int e = resolution & 0x7f; e > 0; --e) ns /= (resolution & 0x80) != 0 ? 2 : 10;
    Wide sum = static_cast<Wide>(ns) + Wide{offset} * 1'000'000'000;
    sum = std::min<Wide>(sum, std::numeric_limits<std::int64_t>::max());
    sum = std::max<Wide>(sum, std::numeric_limits<std::int64_t>::min());
    return Time{static_cast<std::int64_t>(sum)};
}

TEST(Pcapng, EveryResolutionAgreesWithOneDivisionForEachPower) {
    constexpr unsigned seed = 1762;
    std::mt19937_64 random(seed);
    for (unsigned resolution = 0; resolution < 256; ++resolution)
        for (int i = 0; i < 200; ++i) {
            const std::uint64_t stamp = random() >> random() % 64;
            const auto offset = static_cast<std::int64_t>(random()) >> random() % 64;
            TimeScale scale;
            scale.set_resolution(static_cast<std::uint8_t>(resolution));
            scale.set_offset(offset);
            ASSERT_EQ(scale.time_of(stamp), plain_time(static_cast<std::uint8_t>(resolution), offset, stamp))
                << "resolution " << resolution << " offset " << offset << " stamp " << stamp << " seed "
                << seed;
        }
}

TEST(Pcapng, WithoutAResolutionItIsMicroseconds) {
    Ng ng;
    ng.interface(101).enhanced(0, 1'700'000'000'000'001, {1});
    EXPECT_EQ(time_of(read(ng.octets)), "1700000000.000001000");
}

TEST(Pcapng, AnOffsetIsAdded) {
    Ng ng;
    ng.interface(101, ng.option(14, bytes("64 00000000000000"))).enhanced(0, 1'000'000, {1});
    EXPECT_EQ(time_of(read(ng.octets)), "101.000000000");
    Ng negative;
    negative.interface(101, negative.option(14, bytes("ffffffffffffffff"))).enhanced(0, 500'000, {1});
    EXPECT_EQ(time_of(read(negative.octets)), "-1.500000000");
}

TEST(Pcapng, TimesBeyondTheRangeAreClamped) {
    Ng late;
    late.interface(101, late.option(9, {0})).enhanced(0, UINT64_MAX, {1});
    EXPECT_EQ(time_of(read(late.octets)), "9223372036.854775807");
    Ng early;
    early.interface(101, early.option(14, bytes("0000000000000080"))).enhanced(0, 0, {1});
    EXPECT_EQ(time_of(read(early.octets)), "-9223372037.145224192");
}

TEST(Pcapng, OptionsBehindTheEndMarkMeanNothing) {
    Ng ng;
    Bytes options = ng.option(0, {});
    const Bytes behind = ng.option(9, {9});
    options.insert(options.end(), behind.begin(), behind.end());
    ng.interface(101, options).enhanced(0, 1'000'000, {1});
    EXPECT_EQ(time_of(read(ng.octets)), "1.000000000");
}

TEST(Pcapng, SimplePacketsHaveTheTimeOfTheOffsetAndTheSnapLength) {
    Ng ng;
    ng.interface(101, ng.option(14, bytes("0a00000000000000")), 4)
        .simple({1, 2, 3, 4}, 100)
        .simple({9, 9, 9, 9}, 3);
    const Seen seen = read(ng.octets);
    ASSERT_EQ(seen.frames.size(), 2U) << (seen.error ? seen.error->text() : "");
    EXPECT_EQ(seen.frames[0], "10.000000000 4 100 01020304");
    EXPECT_EQ(seen.frames[1], "10.000000000 3 3 090909");
}

TEST(Pcapng, EachSectionHasItsOwnOrderAndInterfaces) {
    Ng ng;
    ng.interface(101).interface(1).enhanced(1, 1, {1}).section(true).interface(113).enhanced(0, 2, {2});
    const Seen seen = read(ng.octets);
    ASSERT_EQ(seen.frames.size(), 2U);
    EXPECT_EQ(seen.links[0], net::LinkType::ethernet);
    EXPECT_EQ(seen.links[1], net::LinkType::linux_sll);
    Ng gone;
    gone.interface(101).interface(1).section(false).interface(101).enhanced(1, 1, {1});
    EXPECT_TRUE(read(gone.octets).error);
}

TEST(Pcapng, OtherBlocksAreSkippedWhateverTheirSize) {
    Ng ng;
    ng.interface(101).block(5, Bytes(100)).block(0x80000bad, Bytes(300'000, 7)).enhanced(0, 1, {1});
    EXPECT_EQ(read(ng.octets, 64).frames.size(), 1U);
}

TEST(Pcapng, InterfaceStatisticsAreNoPackets) {
    Ng ng;
    ng.interface(101).block(5, Bytes(12)).enhanced(0, 1, {1}).block(5, Bytes(12)).enhanced(0, 2, {2});
    EXPECT_EQ(read(ng.octets).frames, (std::vector<std::string>{"0.000001000 1 1 01", "0.000002000 1 1 02"}));
}

TEST(Pcapng, ObsoletePacketsAreReadAsEnhancedOnes) {
    Ng ng;  // interface 1 and 7 drops in 16 bits each, stamp 5, captured 2, wire 9
    ng.interface(1).interface(101).block(2, bytes("0100 0700 00000000 05000000 02000000 09000000 aabb0000"));
    const Seen seen = read(ng.octets);
    EXPECT_EQ(seen.frames, std::vector<std::string>{"0.000005000 2 9 aabb"});
    EXPECT_EQ(seen.links, std::vector<net::LinkType>{net::LinkType::raw});
}

TEST(Pcapng, AnUnknownLinkTypeIsAnErrorAtItsFirstPacketOnly) {
    Ng unused;
    unused.interface(101).interface(147).enhanced(0, 1, {1});
    EXPECT_FALSE(read(unused.octets).error);
    Ng used;
    used.interface(101).interface(147).enhanced(0, 1, {1}).enhanced(1, 1, {2});
    const Seen seen = read(used.octets);
    EXPECT_EQ(seen.frames.size(), 1U);
    expect_damage(seen, 104, "unknown link type 147");
}

// ---- pcapng, damaged: a section header takes 28 octets, an interface 20, a packet of up to four octets 36.

TEST(Pcapng, APacketOfAnUnknownInterfaceIsDamage) {
    Ng enhanced;
    enhanced.interface(101).enhanced(0, 1, {1}).enhanced(1, 1, {2});
    expect_damage(read(enhanced.octets), 84, "interface 1 is not described");
    Ng simple;
    simple.simple({1}, 1);
    expect_damage(read(simple.octets), 28, "interface 0 is not described");
    Ng obsolete;
    obsolete.block(2, Bytes(20));
    expect_damage(read(obsolete.octets), 28, "interface 0 is not described");
}

TEST(Pcapng, ABlockLengthThatIsNoneIsDamage) {
    for (const char* length : {"00000000", "0b000000", "0d000000", "08000000"}) {
        Ng ng;
        const Bytes block = bytes(std::string("06000000 ") + length + "00000000 00000000");
        ng.octets.insert(ng.octets.end(), block.begin(), block.end());
        expect_damage(read(ng.octets), 28, "block length");
    }
}

TEST(Pcapng, APacketBlockLargerThanAnythingIsDamageAndNotRead) {
    Ng ng;
    const Bytes block = bytes("06000000 fcffffff 00000000");
    ng.octets.insert(ng.octets.end(), block.begin(), block.end());
    expect_damage(read(ng.octets), 28, "block length 4294967292");
}

TEST(Pcapng, TrailingLengthsMustAgree) {
    Ng read_block;
    read_block.interface(101);
    read_block.octets[44] ^= 4;
    expect_damage(read(read_block.octets), 28, "the two block lengths differ");
    Ng skipped_block;
    skipped_block.interface(101).block(5, Bytes(12));
    skipped_block.octets[68] ^= 4;
    expect_damage(read(skipped_block.octets), 48, "the two block lengths differ");
    Ng section;
    section.octets[24] ^= 4;
    expect_damage(read(section.octets), 0, "the two block lengths differ");
}

TEST(Pcapng, AnUnknownByteOrderMagicIsDamage) {
    Ng first;
    first.octets[8] = 0;
    expect_damage(read(first.octets), 0, "bad section header");
    Ng second;
    second.interface(101).enhanced(0, 1, {1}).section(true);
    second.octets[84 + 8] = 0;
    const Seen seen = read(second.octets);
    EXPECT_EQ(seen.frames.size(), 1U);
    expect_damage(seen, 84, "bad section header");
}

TEST(Pcapng, APacketLongerThanItsBlockIsDamage) {
    Ng enhanced;
    enhanced.interface(101).enhanced(0, 1, {1, 2, 3, 4});
    enhanced.octets[48 + 20] = 5;
    expect_damage(read(enhanced.octets), 48, "packet longer than its block");
    Ng simple;
    simple.interface(101).simple({1, 2, 3, 4}, 5);
    expect_damage(read(simple.octets), 48, "packet longer than its block");
}

TEST(Pcapng, APacketBlockWithoutRoomForItsHeadIsDamage) {
    for (const std::uint32_t type : {2U, 3U, 6U}) {
        Ng ng;
        ng.interface(101).block(type, Bytes(type == 3 ? 0 : 16));
        expect_damage(read(ng.octets), 48, "short packet block");
    }
}

TEST(Pcapng, AnInterfaceDescriptionWithoutItsHeadIsDamage) {
    Ng ng;  // skipped, it would give the next one its number
    ng.block(1, Bytes(4)).interface(101).enhanced(0, 1, {1});
    expect_damage(read(ng.octets), 28, "short interface description");
}

TEST(Pcapng, ARecordOfMoreThan262144OctetsIsDamage) {
    Ng most;
    most.interface(101).enhanced(0, 1, Bytes(262'144));
    EXPECT_EQ(read(most.octets).frames.size(), 1U);
    Ng more;
    more.interface(101).enhanced(0, 1, Bytes(262'145));
    expect_damage(read(more.octets), 48, "record of 262145 octets");
}

TEST(Pcapng, MoreInterfacesThan65536AreDamage) {
    Ng ng;
    for (std::size_t i = 0; i < Pcapng::most_interfaces; ++i) ng.interface(101);
    EXPECT_FALSE(read(ng.octets).error);
    const std::size_t at = ng.octets.size();
    ng.interface(101);
    expect_damage(read(ng.octets), at, "more than 65536 interfaces");
}

TEST(Pcapng, ACutAnywhereGivesAllWholeFramesAndTheOffsetOfTheDamage) {
    Ng ng;
    ng.interface(101).enhanced(0, 1, {1, 2, 3}).block(5, Bytes(12)).enhanced(0, 2, {4, 5});
    const std::vector<std::size_t> blocks{0, 28, 48, 84, 108, ng.octets.size()};
    ASSERT_EQ(blocks.back(), 144U);
    for (std::size_t cut = 4; cut < ng.octets.size(); ++cut) {
        const Seen seen = read(Octets(ng.octets).first(cut));
        EXPECT_EQ(seen.frames.size(), cut < 84 ? 0U : 1U) << cut;
        const std::size_t block = *std::prev(std::upper_bound(blocks.begin(), blocks.end(), cut));
        if (cut == block)
            EXPECT_FALSE(seen.error) << cut;
        else
            expect_damage(seen, block, cut - block < 12 ? "cut inside a block header" : "cut inside a block");
    }
}

}  // namespace
}  // namespace sie::capture
