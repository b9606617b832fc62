#include "sensor/replay.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "support/packet_builder.h"

namespace sie::sensor {
namespace {

namespace fs = std::filesystem;
using test::Bytes;
using test::bytes;

Bytes message(std::uint8_t id, bool response) {
    Bytes octets = bytes("0000 0100 0001 0000 0000 0000 016100 0001 0001");
    octets[1] = id;
    if (response) octets[2] |= 0x80;
    return response ? test::ipv4({.source = "198.51.100.2", .destination = "192.0.2.1"},
                                 test::udp("198.51.100.2", "192.0.2.1", 53, 4000, octets))
                    : test::ipv4({}, test::udp("192.0.2.1", "198.51.100.2", 4000, 53, octets));
}

class Replay : public ::testing::Test {
  protected:
    Replay() {
        std::string form = (fs::temp_directory_path() / "sie-replay.XXXXXX").string();
        folder = ::mkdtemp(form.data());
        EXPECT_TRUE(dnsqr::find_setting("DNSQR_RES_ADDRS")->apply(options.settings, "", "192.0.2.1"));
    }
    ~Replay() override { fs::remove_all(folder); }
    // One packet a second.
    std::string capture(const char* name, const std::vector<Bytes>& packets, std::size_t cut = 0) {
        Bytes octets = bytes("d4c3b2a1 0200 0400 00000000 00000000 00000400 65000000");
        for (const Bytes& packet : packets) {
            std::uint8_t head[16] = {};
            store_le32(head, ++second);
            store_le32(head + 8, static_cast<std::uint32_t>(packet.size()));
            store_le32(head + 12, static_cast<std::uint32_t>(packet.size()));
            octets.insert(octets.end(), head, head + 16);
            octets.insert(octets.end(), packet.begin(), packet.end());
        }
        octets.resize(octets.size() - cut);
        const fs::path path = folder / name;
        std::ofstream(path, std::ios::binary)
            .write(reinterpret_cast<const char*>(octets.data()), static_cast<std::streamsize>(octets.size()));
        return path;
    }
    [[nodiscard]] std::uint64_t kind(const RunResult& result, dnsqr::TransactionKind of) const {
        return result.ledger.transactions.by_kind[static_cast<std::size_t>(of)];
    }
    fs::path folder;
    ReplayOptions options;
    std::uint32_t second = 1'700'000'000;
};

TEST_F(Replay, SeveralFilesShareOneTableAndOneLedger) {
    options.files = {capture("a", {message(1, false), message(2, false)}), capture("b", {message(1, true)})};
    const RunResult result = replay(options);
    EXPECT_FALSE(result.error);
    EXPECT_EQ(kind(result, dnsqr::TransactionKind::pair), 1U);
    EXPECT_EQ(kind(result, dnsqr::TransactionKind::unanswered), 1U);
    EXPECT_EQ(result.ledger.frames, 3U);
}

TEST_F(Replay, EndsAtTheFirstDamagedFileAndKeepsWhatStoodBefore) {
    options.files = {capture("cut", {message(1, false), message(2, false)}, 3),
                     capture("b", {message(1, true)})};
    const RunResult result = replay(options);
    ASSERT_TRUE(result.error);
    EXPECT_NE(result.error->text().find("cut"), std::string::npos);
    EXPECT_EQ(result.ledger.frames, 1U);
    EXPECT_EQ(kind(result, dnsqr::TransactionKind::unanswered), 1U);
    EXPECT_EQ(result.ledger.balances(), (std::array<std::int64_t, 3>{}));
}

TEST_F(Replay, AMissingFileIsAnError) {
    options.files = {(folder / "gone").string()};
    const RunResult result = replay(options);
    ASSERT_TRUE(result.error);
    EXPECT_EQ(result.error->exit_status(), 1);
}

TEST_F(Replay, StopsAfterThePacketThatMakesTheNthPayload) {
    options.files = {capture("a", {message(1, true), message(2, false), message(3, true), message(4, true)})};
    options.most_payloads = 2;
    const RunResult result = replay(options);
    EXPECT_EQ(result.ledger.frames, 3U);
    EXPECT_EQ(kind(result, dnsqr::TransactionKind::unsolicited), 2U);
    EXPECT_EQ(kind(result, dnsqr::TransactionKind::unanswered), 1U) << "open queries leave after the stop";
}

TEST_F(Replay, AStopIsAnEndWithoutAnError) {
    const std::atomic<bool> stop = true;
    options.files = {capture("a", {message(1, false)})};
    options.stop = &stop;
    const RunResult result = replay(options);
    EXPECT_FALSE(result.error);
    EXPECT_EQ(result.ledger.frames, 0U);
}

TEST_F(Replay, AnOutputThatFailsIsAnErrorAndItsPayloadsAreCounted) {
    options.files = {capture("a", {message(1, false)})};
    SpoolOutput output((folder / "missing").string(), "test");
    options.output = &output;
    const RunResult result = replay(options);
    ASSERT_TRUE(result.error);
    EXPECT_EQ(result.ledger.drops[index_of(DropReason::disk_full)], 1U);
    EXPECT_EQ(result.ledger.balances(), (std::array<std::int64_t, 3>{}));
}

TEST_F(Replay, GivesTheSameFileWithAnyNumberOfThreads) {
    std::vector<Bytes> packets;
    for (int i = 0; i < 20'000; ++i) packets.push_back(message(static_cast<std::uint8_t>(i), i % 2 == 1));
    options.files = {capture("a", packets)};
    options.compression = FileCompression::fast;
    std::string first;
    for (const unsigned threads : {1U, 4U}) {
        const fs::path out = folder / ("out" + std::to_string(threads));
        fs::create_directory(out);
        SpoolOutput output(out.string(), "test");
        options.output = &output;
        options.compression_threads = threads;
        const RunResult result = replay(options);
        EXPECT_FALSE(result.error);
        EXPECT_EQ(result.written.files, 1U);
        std::ifstream in(fs::directory_iterator(out)->path(), std::ios::binary);
        const std::string octets{std::istreambuf_iterator<char>(in), {}};
        EXPECT_EQ(octets.size(), result.written.octets);
        if (!first.empty()) { EXPECT_EQ(octets, first); }
        first = octets;
    }
}

}  // namespace
}  // namespace sie::sensor
