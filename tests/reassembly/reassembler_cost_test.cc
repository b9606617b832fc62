// What an attacker can make the reassembler do costs no more than a few times what honest traffic costs.
#include <gtest/gtest.h>

#include <ctime>
#include <numeric>
#include <random>

#include "reassembly/made_fragments.h"

namespace sie::reassembly {
namespace {

using test::Bytes;

constexpr std::uint32_t fragments = 1'000'000;

void set_id(Bytes& packet, std::uint32_t id) { store_be16(&packet[4], static_cast<std::uint16_t>(id)); }
void set_offset(Bytes& packet, std::uint32_t offset) {
    store_be16(&packet[6], static_cast<std::uint16_t>(0x2000 | offset / 8));
}

// Processor seconds for a million fragments; `next` makes the i-th.
template <class Next>
double seconds_of(Bytes packet, Next next) {
    Drops drops;
    Reassembler reassembler(drops, {3, 4});
    Datagram whole;
    std::uint64_t joined = 0;
    const net::PacketView view = view_of(packet);
    net::PacketView now = view;
    const std::clock_t start = std::clock();
    for (std::uint32_t i = 0; i < fragments; ++i) {
        next(packet, i);
        now.ip = packet;
        now.fragment = net::Fragment{.id = load_be16(&packet[4]),
                                     .offset = (load_be16(&packet[6]) & 0x1fffU) * 8,
                                     .more = (packet[6] & 0x20) != 0};
        const Time time{std::int64_t{i} * 1000};
        reassembler.expire(time);
        joined += reassembler.insert(now, time, {}, whole).joined;
    }
    const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    reassembler.finish();
    EXPECT_EQ(joined + drops.all(), fragments);
    return seconds;
}

// Datagrams of two fragments each, one after the other.
double honest() {
    static const double seconds = seconds_of(piece4({.size = 64}), [](Bytes& packet, std::uint32_t i) {
        set_id(packet, i / 2);
        store_be16(&packet[6], i % 2 == 0 ? 0x2000 : 64 / 8);
    });
    return seconds;
}

// A walk of all that is held would give ratios of several hundreds.
constexpr double generous = 25;

TEST(ReassemblerCost, OfTinyFragmentsOfOneDatagramInAnyOrderIsBounded) {
    // None at offset 0, so that it never completes; once all are there the rest are duplicates of them.
    std::vector<std::uint32_t> order(8180);
    std::iota(order.begin(), order.end(), 1);
    const auto in = [&order](Bytes& packet, std::uint32_t i) {
        set_offset(packet, order[i % order.size()] * 8);
    };
    EXPECT_LE(seconds_of(piece4({.offset = 8}), in), generous * honest()) << "rising";
    std::reverse(order.begin(), order.end());
    EXPECT_LE(seconds_of(piece4({.offset = 8}), in), generous * honest()) << "falling";
    std::shuffle(order.begin(), order.end(), std::mt19937(1));
    EXPECT_LE(seconds_of(piece4({.offset = 8}), in), generous * honest()) << "shuffled";
}

TEST(ReassemblerCost, OfTinyFragmentsOfManyFullDatagramsIsBounded) {
    const auto in = [](Bytes& packet, std::uint32_t i) {
        set_id(packet, i / 8180);
        set_offset(packet, (1 + i % 8180) * 8);
    };
    EXPECT_LE(seconds_of(piece4({.offset = 8}), in), generous * honest());
}

TEST(ReassemblerCost, OfInitialFragmentsThatNobodyFollowsIsBounded) {
    EXPECT_LE(seconds_of(piece4({.size = 8}), set_id), generous * honest());
}

TEST(ReassemblerCost, OfOverlapsIsBounded) {
    // Each datagram is filled with a thousand pieces and then spoiled, again and again.
    const auto in = [](Bytes& packet, std::uint32_t i) {
        set_id(packet, i / 1001);
        set_offset(packet, (1 + i % 1001) * 8);
        packet.back() = 0;
        if (i % 1001 == 1000) {
            set_offset(packet, 8);
            packet.back() = 1;  // other data than what is held there
        }
    };
    EXPECT_LE(seconds_of(piece4({.offset = 8}), in), generous * honest());
}

}  // namespace
}  // namespace sie::reassembly
