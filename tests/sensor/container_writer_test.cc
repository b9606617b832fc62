// The threads between containers and their output. Runs under the thread sanitizer too.
#include "sensor/container_writer.h"

#include <gtest/gtest.h>

#include <numeric>

#include "support/packet_builder.h"

namespace sie::sensor {
namespace {

using test::Bytes;

// Keeps what it gets; fails from the `fails_at`-th container on.
class Kept final : public ContainerOutput {
  public:
    explicit Kept(std::size_t fails_at = SIZE_MAX) : fails_at_(fails_at) {}
    Result<void> write(Octets container, Time stamp) override {
        if (containers.size() >= fails_at_) return fail(ErrorKind::system, "the disk", "is full");
        containers.emplace_back(container.begin(), container.end());
        stamps.push_back(stamp);
        return {};
    }
    Result<void> close() override {
        closed = true;
        return {};
    }
    spool::FileCounts counts() const override { return {}; }
    std::vector<Bytes> containers;
    std::vector<Time> stamps;
    bool closed = false;

  private:
    std::size_t fails_at_;
};

// A plain container around a body.
Bytes framed(const Bytes& body) {
    Bytes octets(nmsg::header_octets);
    nmsg::put_container_header(octets.data(), 0, body.size());
    octets.insert(octets.end(), body.begin(), body.end());
    return octets;
}

Container numbered(std::uint32_t i) {
    Container container;
    Bytes body(100 + i % 900 * 10, static_cast<std::uint8_t>(i));
    store_be32(body.data(), i);
    container.octets = framed(body);
    container.file_stamp = Time::of(i, 0);
    container.payloads[1] = 1 + i % 3;
    return container;
}

std::uint64_t payloads_up_to(std::uint32_t count) {
    std::uint64_t sum = 0;
    for (std::uint32_t i = 0; i < count; ++i) sum += 1 + i % 3;
    return sum;
}

constexpr std::uint32_t many = 300;

TEST(ContainerWriter, KeepsTheOrderWithAnyNumberOfThreads) {
    for (const auto level : {FileCompression::none, FileCompression::fast, FileCompression::default_})
        for (const unsigned threads : {1U, 2U, 5U}) {
            Kept output;
            ContainerWriter writer(output, level, threads);
            for (std::uint32_t i = 0; i < many; ++i) {
                Container container = numbered(i);
                writer.submit(container);
                EXPECT_EQ(container.payloads[1], 0U);
            }
            Ledger ledger;
            EXPECT_FALSE(writer.finish(ledger));
            EXPECT_TRUE(output.closed);
            ASSERT_EQ(output.containers.size(), many);
            nmsg::Decompressor decompressor;
            for (std::uint32_t i = 0; i < many; ++i) {
                const Octets framed = Octets(output.containers[i]).subspan(nmsg::header_octets);
                Bytes body(framed.begin(), framed.end());
                if (level != FileCompression::none)
                    ASSERT_EQ(decompressor.inflate(framed, 1 << 20, body), nmsg::Decompressor::Outcome::done);
                ASSERT_TRUE(equal(body, Octets(numbered(i).octets).subspan(nmsg::header_octets))) << i;
                ASSERT_EQ(output.stamps[i], Time::of(i, 0));
            }
            EXPECT_EQ(ledger.payloads[1], payloads_up_to(many));
            EXPECT_EQ(ledger.drops[index_of(DropReason::disk_full)], 0U);
        }
}

TEST(ContainerWriter, AfterAFailureEverythingIsCountedAsDiskFull) {
    for (const auto level : {FileCompression::none, FileCompression::fast})
        for (const std::size_t fails_at : {std::size_t{0}, std::size_t{7}}) {
            Kept output(fails_at);
            ContainerWriter writer(output, level, 3);
            for (std::uint32_t i = 0; i < many; ++i) {
                Container container = numbered(i);
                writer.submit(container);
            }
            Ledger ledger;
            const auto error = writer.finish(ledger);
            ASSERT_TRUE(error);
            EXPECT_EQ(error->what, "the disk");
            EXPECT_TRUE(writer.failed());
            const auto written = payloads_up_to(static_cast<std::uint32_t>(fails_at));
            EXPECT_EQ(ledger.payloads[1], written);
            EXPECT_EQ(ledger.drops[index_of(DropReason::disk_full)], payloads_up_to(many) - written);
        }
}

TEST(ContainerWriter, GivesMemoryBackToBeUsedAgain) {
    Kept output;
    ContainerWriter writer(output, FileCompression::none, 1);
    Container container = numbered(899);
    const std::size_t capacity = container.octets.capacity();
    writer.submit(container);
    EXPECT_EQ(container.octets.capacity(), capacity);
    Ledger ledger;
    EXPECT_FALSE(writer.finish(ledger));
}

TEST(ContainerWriter, MayGoWithoutFinish) {
    Kept output;
    ContainerWriter writer(output, FileCompression::fast, 4);
    for (std::uint32_t i = 0; i < 20; ++i) {
        Container container = numbered(i);
        writer.submit(container);
    }
}

TEST(ContainerWriter, AnOversizedContainerGoesOutAsFragments) {
    Kept output;
    ContainerWriter writer(output, FileCompression::none, 1);
    Container container;
    container.octets = framed(test::counting(3 << 20));
    container.oversized = true;
    container.payloads[4] = 1;
    writer.submit(container);
    Ledger ledger;
    EXPECT_FALSE(writer.finish(ledger));
    ASSERT_EQ(output.containers.size(), 1U);
    EXPECT_EQ(output.containers[0][4], nmsg::flag_fragment);
    EXPECT_EQ(ledger.payloads[4], 1U);
}

}  // namespace
}  // namespace sie::sensor
