// Fragments for the tests of the reassembler, and what it says of them.
#pragma once

#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <vector>

#include "reassembly/reassembler.h"
#include "support/packet_builder.h"

namespace sie::reassembly {

struct Drops final : DropCounter {
    DropCounts of{};
    void count(DropReason reason, std::uint64_t fragments) override {
        EXPECT_NE(fragments, 0U);
        of[index_of(reason)] += fragments;
    }
    [[nodiscard]] std::uint64_t operator[](DropReason reason) const { return of[index_of(reason)]; }
    [[nodiscard]] std::uint64_t all() const {
        return std::accumulate(of.begin(), of.end(), std::uint64_t{0});
    }
};

// One piece of a datagram; its data are those of `counting`, so that pieces of one datagram fit together.
struct Piece {
    std::uint32_t offset = 0, size = 8;
    bool more = true;
    std::uint32_t id = 1;
    std::size_t options = 0;  // IPv4: octets of them; IPv6: of a hop-by-hop header
    std::uint8_t mark = 0;    // is added to every octet: another content
};

inline test::Bytes data_of(const Piece& piece) {
    const test::Bytes all = test::counting(piece.offset + piece.size);
    test::Bytes data(all.begin() + piece.offset, all.end());
    for (auto& octet : data) octet = static_cast<std::uint8_t>(octet + piece.mark);
    return data;
}

inline test::Bytes piece4(const Piece& piece) {
    return test::ipv4(
        {.id = static_cast<std::uint16_t>(piece.id),
         .flags_and_offset = static_cast<std::uint16_t>(piece.offset / 8 | (piece.more ? 0x2000U : 0U)),
         .options = test::Bytes(piece.options, 1)},
        data_of(piece));
}

inline test::Bytes piece6(const Piece& piece) {
    test::Ipv6 header;
    if (piece.options != 0)
        header.extensions.push_back(test::extension(0, static_cast<std::uint8_t>(piece.options / 8 - 1)));
    header.extensions.push_back(test::fragment_header(piece.id, piece.offset, piece.more));
    return test::ipv6(header, data_of(piece));
}

inline net::PacketView view_of(const test::Bytes& packet, net::Transports wanted = {}) {
    net::PacketView view;
    const auto family = packet[0] >> 4 == 4 ? net::Family::v4 : net::Family::v6;
    const auto drop = net::decode_ip(family, packet, false, wanted, view);
    EXPECT_FALSE(drop.has_value()) << (drop ? word_of(*drop) : "");
    EXPECT_TRUE(view.fragment.has_value());
    return view;
}

// A reassembler with its counts. What went in must come out or be counted: checked at the end.
class Intake {
  public:
    explicit Intake(Limits limits = {}) : reassembler(drops, {1, 2}, limits) {}
    Intake(const Intake&) = delete;
    Intake& operator=(const Intake&) = delete;
    ~Intake() {
        reassembler.finish();
        EXPECT_EQ(inserted, joined + drops.all());
        EXPECT_EQ(reassembler.datagrams_waiting(), 0U);
        EXPECT_EQ(reassembler.octets_waiting(), 0U);
    }

    // As the packet path does: what is due leaves, then the fragment is taken in.
    Reassembler::Inserted insert(const test::Bytes& packet, Time time = {}, net::Transports wanted = {}) {
        reassembler.expire(time);
        ++inserted;
        const auto result = reassembler.insert(view_of(packet, wanted), time, wanted, whole);
        joined += result.joined;
        return result;
    }
    Outcome outcome(const test::Bytes& packet, Time time = {}) { return insert(packet, time).outcome; }

    Drops drops;
    Reassembler reassembler;
    Datagram whole;
    std::uint64_t inserted = 0, joined = 0;
};

}  // namespace sie::reassembly
