// What salvage() makes of part files: of a crash, of a power cut, and of somebody who means harm.
#include "spool/salvage.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>

#include "base/stream_encoder.h"
#include "nmsg/reader.h"
#include "spool/output_file.h"
#include "spool/whole_containers.h"
#include "spool_folder.h"
#include "support/seed.h"

namespace sie::spool {
namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<std::uint8_t>;

constexpr const char* part = ".test.20231114.2213.1700000000.000000005.part";
constexpr const char* name = "test.20231114.2213.1700000000.000000005.nmsg";
constexpr const char* zstd_name = "test.20231114.2213.1700000000.000000005.nmsg.zst";

// Rows of writes, and where each of them ends.
struct Row {
    Bytes octets;
    std::vector<std::size_t> ends{0};
    void add(const Bytes& write) {
        octets.insert(octets.end(), write.begin(), write.end());
        ends.push_back(octets.size());
    }
    [[nodiscard]] std::size_t last_end_within(std::size_t octets_there) const {
        return *std::prev(std::upper_bound(ends.begin(), ends.end(), octets_there));
    }
};

enum class Kind { plain, zlib, fragments, zlib_fragments, zstd };

Row made_row(Kind kind, std::uint64_t seed, int writes = 6) {
    std::mt19937_64 random(seed);
    Row row;
    for (int i = 0; i < writes; ++i) {
        const std::size_t octets = 20 + random() % 3000;
        const auto level = kind == Kind::zlib || kind == Kind::zlib_fragments ? nmsg::Compression::fast
                                                                              : nmsg::Compression::none;
        const bool oversized = kind == Kind::fragments || kind == Kind::zlib_fragments;
        Bytes write = made_container(seed * 1000 + static_cast<std::uint64_t>(i), octets, level, oversized);
        if (kind == Kind::zstd) {
            Bytes frame;
            make_stream_encoder(StreamFormat::zstd)->append(write, StreamEncoder::Then::finish, frame);
            write = frame;
        }
        row.add(write);
    }
    return row;
}

constexpr Kind all_kinds[] = {Kind::plain, Kind::zlib, Kind::fragments, Kind::zlib_fragments, Kind::zstd};

// Our own reader reads all of it, without an error and without a payload that it drops.
void expect_readable(const fs::path& path) {
    auto reader = nmsg::Reader::open(path);
    ASSERT_TRUE(reader);
    nmsg::Payload payload;
    while (reader->next(payload)) {}
    EXPECT_FALSE(reader->error()) << reader->error()->text();
    const auto& counts = reader->counts();
    EXPECT_EQ(counts.crc_failures + counts.malformed_payloads + counts.fragments_incomplete +
                  counts.fragments_rejected,
              0U);
}

class Salvage : public InFolder {
  protected:
    SalvageReport salvaged() {
        auto report = salvage(folder);
        EXPECT_TRUE(report);
        return report ? std::move(*report) : SalvageReport{};
    }
    [[nodiscard]] WholeContainers found_in(Octets octets) const {
        put("judged", octets);
        std::FILE* file = std::fopen((folder / "judged").c_str(), "rb");
        const auto found = whole_containers(::fileno(file), octets.size());
        std::fclose(file);
        EXPECT_TRUE(found);
        return found ? *found : WholeContainers{};
    }
    // The one part file that must stay, and the reason.
    std::string left() {
        const auto report = salvaged();
        EXPECT_TRUE(report.files.empty());
        EXPECT_EQ(report.left.size(), 1U);
        return report.left.empty() ? "" : report.left[0].text();
    }
};

TEST_F(Salvage, AnEmptyFolderGivesNothing) {
    put("other", as_octets("x"));
    put(".sie-dns-sensor.lock", {});
    put(".test.part", as_octets("no stamp"));
    const auto report = salvaged();
    EXPECT_TRUE(report.files.empty() && report.left.empty());
    EXPECT_EQ(listing().size(), 3U);
}

TEST_F(Salvage, AMissingFolderIsAnError) {
    const auto report = salvage((folder / "gone").string());
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().remedy, "make the folder");
}

TEST_F(Salvage, AWholeFileGetsItsName) {
    for (const Kind kind : all_kinds) {
        const Row row = made_row(kind, 1);
        put(part, row.octets);
        const auto report = salvaged();
        ASSERT_EQ(report.files.size(), 1U);
        const auto& file = report.files[0];
        const char* final = kind == Kind::zstd ? zstd_name : name;
        EXPECT_EQ(file.part_path, folder / part);
        EXPECT_EQ(file.final_path, folder / final);
        EXPECT_EQ(file.containers, 6U);
        EXPECT_EQ(file.octets, row.octets.size());
        EXPECT_EQ(file.lost, 0U);
        EXPECT_EQ(listing(), std::vector<std::string>{final});
        EXPECT_EQ(content(final), std::string(row.octets.begin(), row.octets.end()));
        expect_readable(folder / final);
        fs::remove(folder / final);
    }
}

TEST_F(Salvage, ATornTailIsCutAtEveryPlace) {
    for (const Kind kind : all_kinds) {
        const Row row = made_row(kind, 2, 3);
        const std::size_t last = row.ends[2];
        for (std::size_t there = last; there < row.octets.size(); there += there < last + 12 ? 1 : 307) {
            put(part, Octets(row.octets).first(there));
            const auto report = salvaged();
            ASSERT_EQ(report.files.size(), 1U) << there;
            EXPECT_EQ(report.files[0].octets, last);
            EXPECT_EQ(report.files[0].lost, there - last);
            EXPECT_EQ(report.files[0].containers, 2U);
            const char* final = kind == Kind::zstd ? zstd_name : name;
            ASSERT_EQ(content(final).size(), last);
            expect_readable(folder / final);
            fs::remove(folder / final);
        }
    }
}

// After a power cut the length may be there while the octets are not.
TEST_F(Salvage, ZerosInTheLastContainerAreSeen) {
    for (const Kind kind : all_kinds) {
        const Row row = made_row(kind, 3);
        const std::size_t last = row.ends[row.ends.size() - 2];
        for (std::size_t from = last; from < row.octets.size(); from += 97) {
            Bytes torn = row.octets;
            const std::size_t zeros = std::min<std::size_t>(torn.size() - from, 512);
            std::fill_n(torn.begin() + static_cast<std::ptrdiff_t>(from), zeros, 0);
            if (torn == row.octets) continue;
            put(part, torn);
            const auto report = salvaged();
            ASSERT_EQ(report.files.size(), 1U);
            EXPECT_EQ(report.files[0].octets, last) << from;
            const char* final = kind == Kind::zstd ? zstd_name : name;
            expect_readable(folder / final);
            fs::remove(folder / final);
        }
    }
}

TEST_F(Salvage, NothingWholeIsRemovedAndTold) {
    const Row row = made_row(Kind::plain, 4, 1);
    Bytes zeros(5000, 0);
    Bytes damaged = row.octets;
    damaged.back() ^= 1;  // the CRC of its last payload
    for (const Bytes& octets : {Bytes{}, Bytes{'N', 'M'}, Bytes(row.octets.begin(), row.octets.end() - 1),
                                zeros, Bytes{0x28, 0xb5}, damaged}) {
        put(part, octets);
        const auto report = salvaged();
        ASSERT_EQ(report.files.size(), 1U);
        EXPECT_EQ(report.files[0].final_path, "");
        EXPECT_EQ(report.files[0].lost, octets.size());
        EXPECT_NE(report.files[0].text().find(std::to_string(octets.size()) + " octets were lost"),
                  std::string::npos);
        EXPECT_TRUE(listing().empty());
    }
}

TEST_F(Salvage, WhatIsNoneOfOursIsLeft) {
    Bytes version_3 = made_row(Kind::plain, 4, 2).octets;
    version_3[5] = 3;
    Bytes json_frame;
    make_stream_encoder(StreamFormat::zstd)
        ->append(as_octets("{\"time\": 1}\n"), StreamEncoder::Then::finish, json_frame);
    const Bytes text{'{', '"', 't', '"'};
    for (const Bytes& octets : {version_3, json_frame, text}) {
        put(part, octets);
        EXPECT_NE(left().find("does not begin with a container"), std::string::npos);
        EXPECT_EQ(content(part), std::string(octets.begin(), octets.end()));
    }
}

TEST_F(Salvage, ADamagedFirstContainerWithMoreBehindIsLeft) {
    Row row = made_row(Kind::plain, 5);
    row.octets[row.ends[1] - 1] ^= 1;
    put(part, row.octets);
    EXPECT_NE(left().find("first container is damaged"), std::string::npos);
    EXPECT_EQ(content(part).size(), row.octets.size());
}

TEST_F(Salvage, AFinalNameThatIsTakenIsNeverOverwritten) {
    Row row = made_row(Kind::plain, 6);
    row.octets.push_back('N');
    put(part, row.octets);
    put(name, as_octets("mine"));
    const std::string why = left();
    EXPECT_NE(why.find("taken; move that file away"), std::string::npos) << why;
    EXPECT_EQ(content(name), "mine");
    EXPECT_EQ(content(part).size(), row.octets.size());  // not even cut
    fs::remove(folder / name);
    EXPECT_EQ(salvaged().files.size(), 1U);
}

TEST_F(Salvage, AFileThatIsWrittenIsLeftAlone) {
    OutputFile file(folder, "test");
    ASSERT_TRUE(file.open(Time::of(1'700'000'000, 5)));
    EXPECT_EQ(salvaged().held, 1U);
    ASSERT_TRUE(file.write(made_container(1, 100)));
    const auto report = salvaged();
    EXPECT_EQ(report.held, 1U);
    EXPECT_TRUE(report.files.empty() && report.left.empty());
    ASSERT_TRUE(file.close());
    EXPECT_EQ(listing(), std::vector<std::string>{name});
}

TEST_F(Salvage, ARenameByLinkThatWasCutOffIsEnded) {
    const Row row = made_row(Kind::plain, 7);
    put(part, row.octets);
    fs::create_hard_link(folder / part, folder / name);
    const auto report = salvaged();
    ASSERT_EQ(report.files.size(), 1U);
    EXPECT_EQ(report.files[0].final_path, folder / name);
    EXPECT_EQ(report.files[0].containers, 6U);
    EXPECT_EQ(listing(), std::vector<std::string>{name});
    EXPECT_EQ(content(name).size(), row.octets.size());
}

TEST_F(Salvage, AnotherNameOfAFileElsewhereIsNotTouched) {
    Row row = made_row(Kind::plain, 7);
    row.octets.push_back(0);
    put("victim", row.octets);
    fs::create_hard_link(folder / "victim", folder / part);
    EXPECT_NE(left().find("second name"), std::string::npos);
    EXPECT_EQ(content("victim").size(), row.octets.size());
}

TEST_F(Salvage, LinksFifosFoldersAndSocketsAreNotOpened) {
    put("victim", made_row(Kind::plain, 8).octets);
    fs::create_symlink(folder / "victim", folder / part);
    EXPECT_NE(left().find("no plain file"), std::string::npos);
    fs::remove(folder / part);
    ASSERT_EQ(::mkfifo((folder / part).c_str(), 0644), 0);
    EXPECT_NE(left().find("no plain file"), std::string::npos);
    fs::remove(folder / part);
    fs::create_directory(folder / part);
    EXPECT_NE(left().find("no plain file"), std::string::npos);
    EXPECT_TRUE(fs::exists(folder / "victim"));
    if (::geteuid() == 0) {
        fs::remove(folder / part);
        ASSERT_EQ(::mknod((folder / part).c_str(), S_IFCHR | 0600, 0), 0);
        EXPECT_NE(left().find("no plain file"), std::string::npos);
    }
}

TEST_F(Salvage, AFileOfAnotherUserIsLeft) {
    if (::geteuid() != 0) SIE_SKIP("giving a file away needs root");
    put(part, made_row(Kind::plain, 9).octets);
    ASSERT_EQ(::chown((folder / part).c_str(), 12345, 12345), 0);
    EXPECT_NE(left().find("belongs to user 12345"), std::string::npos);
    ASSERT_EQ(::chown(folder.c_str(), 12345, 12345), 0);
    EXPECT_EQ(salvaged().files.size(), 1U);  // the owner of the folder
}

TEST_F(Salvage, TenGigabytesOfHolesCostNothing) {
    const Row row = made_row(Kind::plain, 10);
    put(part, row.octets);
    fs::resize_file(folder / part, 10ULL << 30);
    auto report = salvaged();
    ASSERT_EQ(report.files.size(), 1U);
    EXPECT_EQ(report.files[0].octets, row.octets.size());
    EXPECT_EQ(report.files[0].lost, (10ULL << 30) - row.octets.size());
    // A header that states the most that is allowed, and holes behind it.
    put(part, Bytes{'N', 'M', 'S', 'G', 0, 2, 1, 0, 0, 0});
    fs::resize_file(folder / part, 10ULL << 30);
    EXPECT_NE(left().find("damaged"), std::string::npos);
}

TEST_F(Salvage, AFrameThatSwellsWithoutBoundIsGivenUp) {
    // 400 MB of empty containers in 37 kB.
    const auto encoder = make_stream_encoder(StreamFormat::zstd);
    const Bytes empty{'N', 'M', 'S', 'G', 0, 2, 0, 0, 0, 0};
    Bytes many, frame;
    for (int i = 0; i < 100'000; ++i) many.insert(many.end(), empty.begin(), empty.end());
    for (int i = 0; i < 400; ++i) encoder->append(many, StreamEncoder::Then::more, frame);
    encoder->append({}, StreamEncoder::Then::finish, frame);
    ASSERT_LT(frame.size() * 1000, 400'000'000U);
    put(part, frame);
    const std::string why = left();
    EXPECT_NE(why.find("damaged"), std::string::npos) << why << frame.size();
}

TEST_F(Salvage, TheOrderIsThatOfTheNames) {
    const Row row = made_row(Kind::plain, 11, 1);
    for (const int second : {3, 1, 2})
        put(part_name("test." + file_stamp(Time::of(1'700'000'000 + second, 0))), row.octets);
    const auto report = salvaged();
    ASSERT_EQ(report.files.size(), 3U);
    EXPECT_LT(report.files[0].final_path, report.files[1].final_path);
    EXPECT_LT(report.files[1].final_path, report.files[2].final_path);
}

TEST_F(Salvage, TellsWhatWasKeptAndLost) {
    Row row = made_row(Kind::plain, 12, 2);
    const std::size_t whole = row.octets.size();
    row.octets.insert(row.octets.end(), 7, 0);
    put(part, row.octets);
    EXPECT_EQ(salvaged().files.at(0).text(),
              (folder / name).string() + ": salvaged from " + (folder / part).string() + ": 2 containers, " +
                  std::to_string(whole) + " octets; 7 octets behind them were lost");
}

// A length in a header that is wrong ends the container behind its stream, between two of its payloads or
// CRCs, or in the next container: whatever it says, the file is cut in front of it.
TEST_F(Salvage, AWrongLengthEndsTheFileInFrontOfIt) {
    for (const Kind kind : {Kind::plain, Kind::zlib, Kind::fragments, Kind::zlib_fragments}) {
        const Row row = made_row(kind, 13, 3);
        const std::size_t length_at = row.ends[1] + 8;  // its lower half
        for (int wrong = 0; wrong < 65536; wrong += wrong < 4096 ? 3 : 257) {
            Bytes octets = row.octets;
            if (load_be16(octets.data() + length_at) == wrong) continue;
            store_be16(octets.data() + length_at, static_cast<std::uint16_t>(wrong));
            const auto found = found_in(octets);
            ASSERT_EQ(found.octets, row.ends[1]) << static_cast<int>(kind) << ' ' << wrong;
        }
    }
}

// Whatever is cut or changed: what is kept is a row of whole writes from the start of the original, and reads
// without an error; or nothing is kept, and the file is removed or stays.
TEST_F(Salvage, AnyDamageLeavesABeginningOfTheOriginal) {
    std::mt19937_64 random(test::seed());
    int kept = 0, cut = 0;
    for (int round = 0; round < 300; ++round) {
        const Kind kind = all_kinds[random() % std::size(all_kinds)];
        const Row row = made_row(kind, random() % 1000 + 20);
        Bytes octets = row.octets;
        std::size_t first_change = octets.size();
        const auto changes = random() % 4;
        for (std::uint64_t i = 0; i < changes; ++i) {
            const std::size_t at = random() % octets.size();
            const std::uint8_t old = octets[at];
            octets[at] = static_cast<std::uint8_t>(random());
            if (octets[at] != old) first_change = std::min(first_change, at);
        }
        if (random() % 2 == 0) octets.resize(random() % (octets.size() + 1));
        first_change = std::min(first_change, octets.size());
        if (random() % 4 == 0)
            octets.insert(octets.end(), random() % 5000, static_cast<std::uint8_t>(random()));
        put(part, octets);
        const auto report = salvaged();
        ASSERT_EQ(report.files.size() + report.left.size(), 1U);
        SCOPED_TRACE(::testing::Message()
                     << "round " << round << " kind " << static_cast<int>(kind) << " size " << octets.size()
                     << " change " << first_change << (report.left.empty() ? "" : report.left[0].text()));
        const char* final = kind == Kind::zstd ? zstd_name : name;
        if (report.files.empty() || report.files[0].final_path.empty()) {
            EXPECT_EQ(row.last_end_within(first_change), 0U)
                << "round " << round << ": whole ones were thrown away";
        } else {
            const std::string got = content(final);
            ASSERT_EQ(got.size(), report.files[0].octets);
            EXPECT_EQ(got.size() + report.files[0].lost, octets.size());
            EXPECT_EQ(row.last_end_within(got.size()), got.size())
                << "round " << round << ": not between writes";
            EXPECT_GE(got.size(), row.last_end_within(first_change));
            if (got.size() <= first_change)
                EXPECT_TRUE(
                    std::equal(got.begin(), got.end(), row.octets.begin(),
                               [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; }));
            expect_readable(folder / final);
            ++kept;
            cut += got.size() < row.octets.size() ? 1 : 0;
        }
        for (const auto& entry : listing()) fs::remove(folder / entry);
    }
    std::printf("%d kept, %d of them cut\n", kept, cut);
    EXPECT_GT(kept, 60);
    EXPECT_GT(cut, 30);
}

}  // namespace
}  // namespace sie::spool
