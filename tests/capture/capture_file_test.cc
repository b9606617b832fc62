// Capture files as tshark reads them (NAME.frames, see make_goldens.sh), and every way of being damaged.
#include "capture/capture_file.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

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

TEST(CaptureFile, NothingThatIsNoCaptureIsOne) {
    for (const char* hex :
         {"", "00", "d4c3b2a1", "4e4d5347000200000000000000000000000000000000000000000000"}) {
        const Seen seen = read(bytes(hex));
        ASSERT_TRUE(seen.error) << hex;
        EXPECT_NE(seen.error->text().find("made.up"), std::string::npos);
        EXPECT_EQ(seen.error->exit_status(), 1);
    }
    const auto missing = CaptureFile::open("/no/such/capture");
    ASSERT_FALSE(missing);
    EXPECT_NE(missing.error().text().find("/no/such/capture"), std::string::npos);
}

// ---- classic

constexpr const char* pcap_head = "d4c3b2a1 0200 0400 00000000 00000000 00000400";

Bytes pcap(const std::string& records, const char* link = "65000000") {
    return bytes(std::string(pcap_head) + link + records);
}

TEST(Pcap, AnUnknownLinkTypeIsAnErrorThatNamesItBeforeTheFirstPacket) {
    const Seen seen = read(pcap("", "93000000"));
    ASSERT_TRUE(seen.error);
    EXPECT_NE(seen.error->text().find("147"), std::string::npos) << seen.error->text();
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
    ASSERT_TRUE(more.error);
    EXPECT_EQ(more.error->offset, 24U);
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
        ASSERT_TRUE(seen.error) << cut;
        EXPECT_EQ(seen.error->offset, cut < 43 ? 24U : 43U) << cut;
        EXPECT_EQ(seen.error->kind, ErrorKind::damaged);
    }
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

TEST(Pcapng, OffsetsAreAddedAndTimesClamped) {
    Ng ng;
    ng.interface(101, ng.option(14, bytes("64 00000000000000"))).enhanced(0, 1'000'000, {1});
    EXPECT_EQ(time_of(read(ng.octets)), "101.000000000");
    Ng negative;
    negative.interface(101, negative.option(14, bytes("ffffffffffffffff"))).enhanced(0, 0, {1});
    EXPECT_EQ(read(negative.octets).frames.size(), 1U);
    Ng far;
    far.interface(101, far.option(9, {0})).enhanced(0, UINT64_MAX, {1});
    EXPECT_EQ(read(far.octets).frames.size(), 1U);
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

TEST(Pcapng, AnUnknownLinkTypeIsAnErrorAtItsFirstPacketOnly) {
    Ng unused;
    unused.interface(101).interface(147).enhanced(0, 1, {1});
    EXPECT_FALSE(read(unused.octets).error);
    Ng used;
    used.interface(101).interface(147).enhanced(0, 1, {1}).enhanced(1, 1, {2});
    const Seen seen = read(used.octets);
    EXPECT_EQ(seen.frames.size(), 1U);
    ASSERT_TRUE(seen.error);
    EXPECT_NE(seen.error->text().find("147"), std::string::npos);
}

TEST(Pcapng, DamageIsNamed) {
    const auto damaged = [](const Bytes& octets, std::uint64_t offset) {
        const Seen seen = read(octets);
        ASSERT_TRUE(seen.error);
        EXPECT_EQ(seen.error->offset, offset) << seen.error->text();
    };
    Ng no_interface;
    no_interface.enhanced(0, 1, {1});
    damaged(no_interface.octets, 28);
    Bytes lengths = Ng().interface(101).octets;
    lengths.back() ^= 1;  // the trailing length differs
    damaged(lengths, 28);
    Bytes odd = Ng().octets;
    const Bytes block = bytes("06000000 0d000000 00000000");
    odd.insert(odd.end(), block.begin(), block.end());
    damaged(odd, 28);
    Bytes order = Ng().octets;
    order[8] = 0;
    EXPECT_TRUE(read(order).error);
    Ng captured;
    captured.interface(101).enhanced(0, 1, {1, 2, 3, 4});
    captured.octets[28 + 20 + 20] = 0xff;  // more octets captured than the block holds
    damaged(captured.octets, 48);
}

TEST(Pcapng, ACutAnywhereGivesAllWholeFrames) {
    Ng ng;
    ng.interface(101).enhanced(0, 1, {1, 2, 3}).enhanced(0, 2, {4, 5});
    for (std::size_t cut = 12; cut < ng.octets.size(); ++cut) {
        const Seen seen = read(Octets(ng.octets).first(cut));
        EXPECT_EQ(seen.frames.size(), cut < 84 ? 0U : 1U) << cut;
        EXPECT_EQ(seen.error.has_value(), cut != 28 && cut != 48 && cut != 84) << cut;
    }
}

}  // namespace
}  // namespace sie::capture
