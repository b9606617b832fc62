// Fragments one by one against protobuf, and the sets in which they wait: what completes one, what spoils
// one, and their bounds.
#include "nmsg/fragments.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "base/crc32c.h"
#include "nmsg.pb.h"
#include "support/packet_builder.h"

namespace sie::nmsg {
namespace {

using test::bytes;
using test::Bytes;

std::uint32_t stored_crc(Octets data) { return __builtin_bswap32(crc32c_plain(data)); }  // N7

// `data` in pieces of `piece` octets; the views point into `data`.
std::vector<Fragment> pieces_of(Octets data, std::size_t piece, std::uint32_t id = 1) {
    const auto last = static_cast<std::uint32_t>((data.size() + piece - 1) / piece - 1);
    std::vector<Fragment> pieces;
    for (std::uint32_t i = 0; i <= last; ++i)
        pieces.push_back({id, i, last, data.subspan(i * piece, std::min(piece, data.size() - i * piece)),
                          stored_crc(data)});
    return pieces;
}

Bytes bytes_of(const std::optional<Octets>& octets) {
    return octets ? Bytes(octets->begin(), octets->end()) : Bytes{};
}

struct Sets {
    ReadCounts counts;
    FragmentSets sets;
    explicit Sets(const ReadLimits& limits = {}) : sets(limits, counts) {}
    // What the last of these gives.
    std::optional<Octets> add(const std::vector<Fragment>& fragments) {
        std::optional<Octets> whole;
        for (const Fragment& fragment : fragments) whole = sets.add(fragment);
        return whole;
    }
};

TEST(DecodeFragment, ReadsWhatProtobufWrites) {
    for (const std::uint32_t number : {0U, 127U, 128U, UINT32_MAX}) {
        oracle::NmsgFragment made;
        made.set_id(number);
        made.set_current(number / 2);
        made.set_last(number);
        made.set_fragment(std::string(number % 300, 'x'));
        if (number != 127) made.set_crc(number);
        const std::string text = made.SerializeAsString();
        const auto got = decode_fragment(as_octets(text));
        ASSERT_TRUE(got);
        EXPECT_EQ(got->id, number);
        EXPECT_EQ(got->current, number / 2);
        EXPECT_EQ(got->last, number);
        EXPECT_EQ(as_text(got->octets), made.fragment());
        EXPECT_EQ(got->crc.has_value(), made.has_crc());
        EXPECT_EQ(got->crc.value_or(0), made.crc());
    }
}

TEST(DecodeFragment, EachRequiredFieldIsAskedFor) {
    const std::vector<std::string> fields{"0801", "1000", "1800", "220161"};
    EXPECT_TRUE(decode_fragment(bytes("0801 1000 1800 220161")));
    EXPECT_TRUE(decode_fragment(bytes("220161 1800 1000 0801 5a0161"))) << "any order, unknown fields";
    for (std::size_t missing = 0; missing < fields.size(); ++missing) {
        std::string without;
        for (std::size_t i = 0; i < fields.size(); ++i)
            if (i != missing) without += fields[i];
        EXPECT_FALSE(decode_fragment(bytes(without))) << missing + 1;
    }
}

TEST(DecodeFragment, AnotherWireOrACutIsMalformed) {
    for (const char* field : {"0d01000000", "120100", "1d00000000", "2001", "2a0100", "2501000000", "2d0100"})
        EXPECT_FALSE(decode_fragment(bytes(std::string("0801 1000 1800 220161") + field))) << field;
    const Bytes whole = bytes("0801 1000 1800 220161 2805");
    for (std::size_t cut = 0; cut < whole.size(); ++cut)
        EXPECT_EQ(decode_fragment(Octets(whole).first(cut)).has_value(), cut == 9) << cut;  // CRC: optional
}

TEST(FragmentSets, OnePieceIsAWhole) {
    Sets sets;
    const Bytes data = test::counting(10);
    EXPECT_EQ(bytes_of(sets.add(pieces_of(data, 100))), data);
    EXPECT_EQ(sets.counts.fragments_rejected + sets.counts.fragments_incomplete, 0U);
}

TEST(FragmentSets, EveryOrderOfFourPiecesGivesTheSame) {
    const Bytes data = test::counting(35);
    std::vector<Fragment> pieces = pieces_of(data, 10);
    ASSERT_EQ(pieces.size(), 4U);
    const auto earlier = [](const Fragment& a, const Fragment& b) { return a.current < b.current; };
    int orders = 0;
    do {
        Sets sets;
        for (std::size_t i = 0; i < 3; ++i) ASSERT_FALSE(sets.sets.add(pieces[i]));
        ASSERT_EQ(bytes_of(sets.sets.add(pieces[3])), data);
        ++orders;
    } while (std::next_permutation(pieces.begin(), pieces.end(), earlier));
    EXPECT_EQ(orders, 24);
}

TEST(FragmentSets, TheFirstCopyOfAPieceIsKept) {
    const Bytes data = test::counting(30), other(10, 0xee);
    std::vector<Fragment> pieces = pieces_of(data, 10);
    Fragment twin = pieces[1];
    twin.octets = other;
    Sets sets;
    EXPECT_EQ(bytes_of(sets.add({pieces[1], twin, twin, pieces[0], pieces[2]})), data);
    EXPECT_EQ(sets.counts.fragments_rejected, 0U);
}

TEST(FragmentSets, IdAndCrcTellSetsApart) {
    const Bytes one = test::counting(30), two = bytes("ffeeddccbbaa99887766");
    const std::vector<Fragment> a = pieces_of(one, 15, 7), b = pieces_of(two, 5, 7),
                                c = pieces_of(one, 15, 8);
    Sets sets;
    EXPECT_FALSE(sets.add({a[0], b[0], c[1]}));
    EXPECT_EQ(bytes_of(sets.sets.add(b[1])), two);
    EXPECT_EQ(bytes_of(sets.sets.add(c[0])), one);
    EXPECT_EQ(bytes_of(sets.sets.add(a[1])), one);
}

TEST(FragmentSets, AnAbsentCrcIsNotAsked) {
    const Bytes data = test::counting(30);
    std::vector<Fragment> pieces = pieces_of(data, 15);
    for (Fragment& piece : pieces) piece.crc.reset();
    Sets sets;
    EXPECT_EQ(bytes_of(sets.add(pieces)), data);
}

TEST(FragmentSets, AWrongCrcRejectsTheSet) {
    const Bytes data = test::counting(30);
    std::vector<Fragment> pieces = pieces_of(data, 10);
    for (Fragment& piece : pieces) *piece.crc ^= 1;
    Sets sets;
    EXPECT_FALSE(sets.add(pieces));
    EXPECT_EQ(sets.counts.fragments_rejected, 3U);
    sets.sets.give_up();
    EXPECT_EQ(sets.counts.fragments_incomplete, 0U);
}

TEST(FragmentSets, APieceBehindTheLastIsRejected) {  // N24: an overrun in the reference
    Sets sets;
    EXPECT_FALSE(sets.sets.add({1, 2, 1, {}, {}}));
    EXPECT_FALSE(sets.sets.add({1, UINT32_MAX, 0, {}, {}}));
    EXPECT_EQ(sets.counts.fragments_rejected, 2U);
    sets.sets.give_up();
    EXPECT_EQ(sets.counts.fragments_incomplete, 0U) << "no set began with it";
}

TEST(FragmentSets, APieceWithAnotherLastIsRejectedAndTheSetGoesOn) {  // N24: an assertion in the reference
    const Bytes data = test::counting(30);
    const std::vector<Fragment> pieces = pieces_of(data, 10);
    Fragment contrary = pieces[1];
    contrary.last = 9;
    Sets sets;
    EXPECT_EQ(bytes_of(sets.add({pieces[0], contrary, pieces[2], pieces[1]})), data);
    EXPECT_EQ(sets.counts.fragments_rejected, 1U);
}

TEST(FragmentSets, MorePiecesThanTheBoundAllowsAreRejected) {
    Sets sets(ReadLimits{.fragment_octets = 128'000});  // a piece costs 128 octets at least
    const Octets none;
    EXPECT_FALSE(sets.sets.add({1, 0, 1'000, none, {}}));
    EXPECT_EQ(sets.counts.fragments_rejected, 1U);
    EXPECT_FALSE(sets.sets.add({2, 0, 999, none, {}}));
    EXPECT_EQ(sets.counts.fragments_rejected, 1U);
}

TEST(FragmentSets, ASetLargerThanAContainerIsRejected) {
    const Bytes data = test::counting(1'000);
    Sets within(ReadLimits{.container_octets = 1'000});
    EXPECT_EQ(bytes_of(within.add(pieces_of(data, 300))), data);
    Sets beyond(ReadLimits{.container_octets = 999});
    EXPECT_FALSE(beyond.add(pieces_of(data, 300)));
    EXPECT_EQ(beyond.counts.fragments_rejected, 4U);
}

TEST(FragmentSets, PastTheNumberOfSetsTheOldestGoes) {
    const Bytes data = test::counting(20);
    Sets sets(ReadLimits{.fragment_sets = 3});
    std::vector<std::vector<Fragment>> all;
    for (std::uint32_t id = 0; id < 4; ++id) {
        all.push_back(pieces_of(data, 10, id));
        EXPECT_FALSE(sets.sets.add(all.back()[0]));
    }
    EXPECT_EQ(sets.counts.fragments_incomplete, 1U);
    for (std::uint32_t id = 1; id < 4; ++id) EXPECT_TRUE(sets.sets.add(all[id][1])) << id;
    EXPECT_FALSE(sets.sets.add(all[0][1])) << "its first piece is gone";
}

TEST(FragmentSets, PastTheOctetsTheOldestGoes) {
    const Bytes data = test::counting(20'000);
    // Two sets of half their octets fit, with what their keeping costs; a third does not.
    Sets sets(ReadLimits{.fragment_octets = 2 * 10'128});
    std::vector<std::vector<Fragment>> all;
    for (std::uint32_t id = 0; id < 3; ++id) all.push_back(pieces_of(data, 10'000, id));
    EXPECT_FALSE(sets.add({all[0][0], all[1][0]}));
    EXPECT_EQ(sets.counts.fragments_incomplete, 0U);
    EXPECT_FALSE(sets.sets.add(all[2][0]));
    EXPECT_EQ(sets.counts.fragments_incomplete, 1U);
    EXPECT_TRUE(sets.sets.add(all[2][1]));
    EXPECT_TRUE(sets.sets.add(all[1][1]));
}

TEST(FragmentSets, PiecesWithoutOctetsFillTheBoundToo) {
    Sets sets(ReadLimits{.fragment_octets = 128 * 100});
    for (std::uint32_t i = 0; i < 5'000; ++i) EXPECT_FALSE(sets.sets.add({i % 40, i / 40 % 100, 99, {}, {}}));
    EXPECT_GE(sets.counts.fragments_incomplete, 4'900U);
    sets.sets.give_up();
    EXPECT_EQ(sets.counts.fragments_incomplete + sets.counts.fragments_rejected, 5'000U);
}

TEST(FragmentSets, WhatIsUnfinishedAtTheEndIsCountedPieceByPiece) {
    const Bytes data = test::counting(50);
    Sets sets;
    const std::vector<Fragment> one = pieces_of(data, 10, 1), two = pieces_of(data, 25, 2);
    EXPECT_FALSE(sets.add({one[0], one[1], one[1], one[4], two[1]}));
    sets.sets.give_up();
    EXPECT_EQ(sets.counts.fragments_incomplete, 4U);
    sets.sets.give_up();
    EXPECT_EQ(sets.counts.fragments_incomplete, 4U);
}

TEST(FragmentSets, EachPieceThatComesIsUsedOrCounted) {
    constexpr unsigned seed = 20231114;
    std::mt19937 random(seed);
    const Bytes data = test::counting(600);
    for (int round = 0; round < 300; ++round) {
        Sets sets(ReadLimits{.container_octets = 500, .fragment_sets = 4, .fragment_octets = 2'000});
        std::uint64_t used = 0;
        std::vector<Fragment> stream;
        for (std::uint32_t id = 0; id < 12; ++id) {
            const Octets part = Octets(data).first(1 + random() % data.size());
            for (Fragment piece : pieces_of(part, 1 + random() % 200, id)) {
                if (random() % 20 == 0) piece.last += random() % 3;
                stream.push_back(piece);
            }
        }
        // Neighbours change places, so that sets are interleaved.
        for (std::size_t i = 0; i + 5 < stream.size(); ++i) std::swap(stream[i], stream[i + random() % 5]);
        for (const Fragment& piece : stream)
            if (const auto whole = sets.sets.add(piece)) {
                ASSERT_TRUE(equal(*whole, Octets(data).first(whole->size())));
                used += piece.last + 1;
            }
        sets.sets.give_up();
        ASSERT_EQ(used + sets.counts.fragments_incomplete + sets.counts.fragments_rejected, stream.size())
            << "seed " << seed << ", round " << round;
    }
}

}  // namespace
}  // namespace sie::nmsg
