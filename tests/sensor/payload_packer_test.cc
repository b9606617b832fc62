// Containers and the files of their time.
#include "sensor/payload_packer.h"

#include <gtest/gtest.h>

#include "nmsg/reader.h"
#include "sensor/container_writer.h"
#include "support/packet_builder.h"
#include "support/source_of.h"

namespace sie::sensor {
namespace {

using test::Bytes;

class Files final : public ContainerOutput {
  public:
    Result<void> write(Octets container, Time stamp) override {
        if (stamps.empty() || stamps.back() != stamp) {
            stamps.push_back(stamp);
            octets.emplace_back();
        }
        octets.back().insert(octets.back().end(), container.begin(), container.end());
        ++containers;
        return {};
    }
    Result<void> close() override { return {}; }
    spool::FileCounts counts() const override { return {}; }
    // The ids of the payloads of one file.
    [[nodiscard]] std::vector<std::uint32_t> ids(std::size_t file) const {
        std::vector<std::uint32_t> found;
        auto reader = nmsg::Reader::read(source_of(octets[file]));
        nmsg::Payload payload;
        while (reader->next(payload)) found.push_back(nmsg::decode_dnsqr(payload.octets)->payload.id);
        EXPECT_FALSE(reader->error());
        return found;
    }
    std::vector<Time> stamps;
    std::vector<Bytes> octets;
    std::size_t containers = 0;
};

constexpr std::int64_t start = 1'700'000'040;  // a full minute

class Packing {
  public:
    explicit Packing(spool::Rotation rotation, std::size_t capacity = nmsg::most_container)
        : packer(&writer, ledger, rotation, capacity) {}
    void at(std::int64_t second, std::uint32_t nanoseconds = 0) {
        packer.clock(Time::of(start + second, nanoseconds));
    }
    void put(std::uint32_t id, Octets packet = {}) {
        const nmsg::DnsqrPacket packets[] = {{packet, start, 0}};
        nmsg::DnsqrPayload payload;
        payload.type = nmsg::DnsqrType::udp_query_only;
        payload.id = id;
        payload.query_packets = packets;
        packer.payload(payload, Time::of(start, 0), {});
    }
    void end() {
        packer.flush();
        EXPECT_FALSE(writer.finish(ledger));
    }
    Ledger ledger;
    Files files;
    ContainerWriter writer{files, FileCompression::none, 1};
    PayloadPacker packer;
};

using Ids = std::vector<std::uint32_t>;

TEST(PayloadPacker, ANewFileBeginsWithTheFirstPacketAtOrBehindABoundary) {
    Packing p({60, 0});
    p.at(10, 5);
    p.put(1);
    p.at(59, 999'999'999);
    p.put(2);
    p.at(60);
    p.put(3);
    p.at(200, 7);
    p.put(4);
    p.end();
    EXPECT_EQ(p.files.stamps, (std::vector<Time>{Time::of(start + 10, 5), Time::of(start + 60, 0),
                                                 Time::of(start + 200, 7)}));
    EXPECT_EQ(p.files.ids(0), (Ids{1, 2}));
    EXPECT_EQ(p.files.ids(1), (Ids{3}));
    EXPECT_EQ(p.files.ids(2), (Ids{4}));
    EXPECT_EQ(p.ledger.payloads[static_cast<std::size_t>(nmsg::DnsqrType::udp_query_only)], 4U);
}

TEST(PayloadPacker, AnIntervalWithoutAPayloadMakesNoFile) {
    Packing p({60, 0});
    p.at(0);
    p.at(61);
    p.at(130);
    p.put(1);
    p.end();
    EXPECT_EQ(p.files.stamps, std::vector<Time>{Time::of(start + 130, 0)});
}

TEST(PayloadPacker, TheOffsetMovesTheBoundaries) {
    Packing p({60, 30});
    for (const int second : {0, 29, 30, 89, 90}) {
        p.at(second);
        p.put(static_cast<std::uint32_t>(second));
    }
    p.end();
    ASSERT_EQ(p.files.stamps.size(), 3U);
    EXPECT_EQ(p.files.ids(0), (Ids{0, 29}));
    EXPECT_EQ(p.files.ids(1), (Ids{30, 89}));
}

TEST(PayloadPacker, AnOlderPacketStaysInTheOpenFile) {
    Packing p({60, 0});
    p.at(70);
    p.put(1);
    p.at(10);
    p.put(2);
    p.at(119);
    p.put(3);
    p.end();
    EXPECT_EQ(p.files.stamps.size(), 1U);
    EXPECT_EQ(p.files.ids(0), (Ids{1, 2, 3}));
}

TEST(PayloadPacker, TimesBefore1970RotateToo) {
    Packing p({60, 0});
    p.at(-start - 61);
    p.put(1);
    p.at(-start - 60);
    p.put(2);
    p.at(-start - 1);
    p.put(3);
    p.at(-start);
    p.put(4);
    p.end();
    ASSERT_EQ(p.files.stamps.size(), 3U);
    EXPECT_EQ(p.files.ids(1), (Ids{2, 3}));
}

TEST(PayloadPacker, WithoutRotationThereIsOneFile) {
    Packing p({});
    for (int i = 0; i < 10; ++i) {
        p.at(i * 1000);
        p.put(1);
    }
    p.end();
    EXPECT_EQ(p.files.stamps.size(), 1U);
    EXPECT_EQ(p.files.containers, 1U);
}

TEST(PayloadPacker, AFullContainerIsHandedOver) {
    Packing p({}, 1280);
    p.at(0);
    for (std::uint32_t i = 0; i < 100; ++i) p.put(i, test::counting(100));
    p.end();
    EXPECT_GT(p.files.containers, 10U);
    EXPECT_EQ(p.files.ids(0).size(), 100U);
    EXPECT_EQ(p.packer.payload_count(), 100U);
}

TEST(PayloadPacker, AnOversizedPayloadGoesAtOnceAndAlone) {
    Packing p({}, 1280);
    p.at(0);
    p.put(1, test::counting(100));
    p.put(2, test::counting(5'000));
    p.put(3, test::counting(100));
    p.end();
    EXPECT_EQ(p.files.containers, 3U);
    EXPECT_EQ(p.files.ids(0), (Ids{1, 2, 3}));
}

TEST(PayloadPacker, ShowsTheFirstPayloadsOnly) {
    Packing p({});
    Ids shown;
    p.packer.observe([&](const nmsg::DnsqrPayload& payload, Time) { shown.push_back(payload.id); }, 2);
    p.at(0);
    for (std::uint32_t i = 0; i < 5; ++i) p.put(i);
    p.end();
    EXPECT_EQ(shown, (Ids{0, 1}));
}

TEST(PayloadPacker, BlankSeesThePacketsBeforeTheCrc) {
    Packing p({});
    p.at(0);
    const Bytes packet = test::counting(40);
    const nmsg::DnsqrPacket packets[] = {{packet, start, 0}};
    nmsg::DnsqrPayload payload;
    payload.query_packets = packets;
    nmsg::Blank blank;
    blank.apply = [](void*, std::uint8_t* const* placed) { std::memset(placed[0], 0, 40); };
    p.packer.payload(payload, Time::of(start, 0), blank);
    p.end();
    auto reader = nmsg::Reader::read(source_of(p.files.octets[0]));
    nmsg::Payload got;
    ASSERT_TRUE(reader->next(got));  // a CRC of the octets before would drop it
    EXPECT_TRUE(equal(nmsg::decode_dnsqr(got.octets)->payload.query_packets[0].octets, Bytes(40)));
}

}  // namespace
}  // namespace sie::sensor
