#include "reassembly/reassembler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "reassembly/made_fragments.h"

namespace sie::reassembly {
namespace {

using test::Bytes;
using test::counting;
using enum Outcome;

constexpr std::int64_t second = Time::per_second;

// A whole datagram of each family, and its fragments.
struct Cut {
    Bytes whole;
    std::vector<Bytes> fragments;
};
Cut cut4(std::size_t octets = 1000, std::size_t piece = 256, const test::Ipv4& header = {}) {
    const Bytes udp = test::udp4(counting(octets));
    return {test::ipv4(header, udp), test::fragments4(header, udp, piece)};
}
Cut cut6(std::size_t octets = 1000, std::size_t piece = 256, const test::Ipv6& header = {}) {
    const Bytes udp = test::udp6(counting(octets));
    return {test::ipv6(header, udp), test::fragments6(header, 7, udp, piece)};
}

// ---- datagrams that come out

TEST(Reassembler, RebuildsADatagramWhateverTheOrderOfArrival) {
    for (const Cut& cut : {cut4(), cut6()}) {
        std::vector<std::size_t> order{0, 1, 2, 3};
        do {
            Intake intake;
            for (std::size_t i = 0; i < 3; ++i)
                ASSERT_EQ(intake.outcome(cut.fragments[order[i]]), held) << order[0] << order[1] << order[2];
            const auto last = intake.insert(cut.fragments[order[3]]);
            ASSERT_EQ(last.outcome, complete);
            EXPECT_EQ(last.joined, 4U);
            EXPECT_FALSE(last.rebuilt_drop.has_value());
            EXPECT_TRUE(equal(intake.whole.packet.ip, cut.whole));
            EXPECT_FALSE(intake.whole.packet.fragment.has_value());
            EXPECT_EQ(intake.whole.packet.source_port(), 40000);
            EXPECT_EQ(intake.whole.parts.size(), 4U);
            EXPECT_EQ(intake.whole.base, 0U);
            EXPECT_EQ(intake.drops.all(), 0U);
        } while (std::next_permutation(order.begin(), order.end()));
    }
}

TEST(Reassembler, PartsAreTheFragmentsAsTheyCameInOrderOfOffsetsWithTheirTimes) {
    for (const Cut& cut : {cut4(), cut6()}) {
        Intake intake;
        const std::uint32_t data_at = cut.whole[0] == 0x45 ? 20 : 48;
        for (const std::size_t i : {3, 1, 0, 2}) intake.insert(cut.fragments[i], Time::of(100 - i, 5));
        ASSERT_EQ(intake.whole.parts.size(), 4U);
        for (std::size_t i = 0; i < 4; ++i) {
            const Part& part = intake.whole.parts[i];
            EXPECT_TRUE(equal(part.ip, cut.fragments[i]));
            EXPECT_EQ(part.time, Time::of(100 - i, 5));
            EXPECT_EQ(part.data_at, data_at);
            EXPECT_EQ(part.offset, i * 256);
        }
    }
}

// Q19.
TEST(Reassembler, Ipv4HeaderComesFromTheInitialFragmentWithoutItsFlags) {
    Cut cut = cut4(500, 256, {.options = Bytes{1, 1, 1, 0}});
    cut.fragments[0][8] = 17;     // time to live; the header's checksum is not looked at
    cut.fragments[0][6] |= 0x40;  // DF
    Intake intake;
    (void)intake.insert(cut.fragments[1]);
    ASSERT_EQ(intake.outcome(cut.fragments[0]), complete);
    Bytes expected = cut.whole;
    expected[8] = 17;
    // 47 less in the upper half of the fifth word: the checksum grows by 2f00 (RFC 1624).
    unsigned checksum = (expected[10] * 256U + expected[11]) + 0x2f00;
    checksum = (checksum & 0xffff) + (checksum >> 16);
    expected[10] = static_cast<std::uint8_t>(checksum >> 8);
    expected[11] = static_cast<std::uint8_t>(checksum);
    EXPECT_TRUE(equal(intake.whole.packet.ip, expected));
    EXPECT_EQ(intake.whole.packet.transport_at, 24U);
}

TEST(Reassembler, Ipv6FragmentHeaderIsCutOutBehindOtherHeaders) {
    const Cut cut = cut6(600, 256, {.extensions = {test::extension(0, 1), test::extension(60, 0)}});
    Intake intake;
    for (const Bytes& fragment : cut.fragments) (void)intake.insert(fragment);
    EXPECT_TRUE(equal(intake.whole.packet.ip, cut.whole));
    EXPECT_EQ(intake.whole.packet.transport_at, 40U + 16 + 8);
    EXPECT_EQ(intake.whole.parts[1].data_at, 40U + 16 + 8 + 8);
    EXPECT_EQ(intake.whole.base, 0U);
}

// B8: destination options behind the fragment header are part of the fragmented data.
TEST(Reassembler, Ipv6HeadersBehindTheFragmentHeaderMoveTheBase) {
    const Bytes udp = test::udp6(counting(600));
    const Bytes options = test::ipv6({.extensions = {test::extension(60, 2)}}, udp);
    const Bytes data(options.begin() + 40, options.end());
    Intake intake;
    for (const Bytes& fragment : test::fragments6({.protocol = 60}, 7, data, 256))
        (void)intake.insert(fragment);
    EXPECT_TRUE(equal(intake.whole.packet.ip, options));
    EXPECT_EQ(intake.whole.base, 24U);
    EXPECT_EQ(intake.whole.packet.transport_at, 64U);
}

TEST(Reassembler, AtomicFragmentIsWholeAtOnce) {
    const Bytes udp = test::udp6(counting(30));
    Intake intake;
    const auto result =
        intake.insert(test::ipv6({.extensions = {test::fragment_header(7, 0, false)}}, udp), Time{1});
    EXPECT_EQ(result.outcome, complete);
    EXPECT_EQ(result.joined, 1U);
    EXPECT_TRUE(equal(intake.whole.packet.ip, test::ipv6({}, udp)));
    ASSERT_EQ(intake.whole.parts.size(), 1U);
    EXPECT_EQ(intake.whole.parts[0].ip.size(), 40U + 8 + 38);
}

TEST(Reassembler, EmptyLastFragmentCompletesAndIsNotRecorded) {
    for (const auto piece : {piece4, piece6}) {
        Intake intake;
        ASSERT_EQ(intake.outcome(piece({.size = 64})), held);
        const auto last = intake.insert(piece({.offset = 64, .size = 0, .more = false}));
        EXPECT_EQ(last.outcome, complete);
        EXPECT_EQ(last.joined, 2U);
        EXPECT_EQ(intake.whole.parts.size(), 1U);
        EXPECT_TRUE(equal(intake.whole.packet.ip.subspan(intake.whole.packet.transport_at), counting(64)));
    }
}

TEST(Reassembler, EmptyLastFragmentMayComeFirst) {
    Intake intake;
    ASSERT_EQ(intake.outcome(piece4({.offset = 64, .size = 0, .more = false})), held);
    EXPECT_EQ(intake.insert(piece4({.size = 64})).joined, 2U);
    EXPECT_EQ(intake.whole.parts.size(), 1U);
}

TEST(Reassembler, DatagramsOfDifferentKeysDoNotMix) {
    const std::vector<Bytes> initial{
        piece4({.size = 64}),
        piece4({.size = 64, .id = 2}),
        test::ipv4({.source = "192.0.2.9", .id = 1, .flags_and_offset = 0x2000}, counting(64)),
        test::ipv4({.destination = "192.0.2.9", .id = 1, .flags_and_offset = 0x2000}, counting(64)),
        test::ipv4({.protocol = 6, .id = 1, .flags_and_offset = 0x2000}, counting(64)),
        piece6({.size = 64}),
        piece6({.size = 64, .id = 0x10001}),
    };
    Intake intake;
    const net::Transports wanted{.tcp = true};
    for (const Bytes& packet : initial) ASSERT_EQ(intake.insert(packet, {}, wanted).outcome, held);
    EXPECT_EQ(intake.reassembler.datagrams_waiting(), initial.size());
    EXPECT_EQ(intake.outcome(piece4({.offset = 64, .more = false})), complete);
    EXPECT_EQ(intake.outcome(piece6({.offset = 64, .more = false, .id = 0x10001})), complete);
    EXPECT_EQ(intake.reassembler.datagrams_waiting(), initial.size() - 2);
}

TEST(Reassembler, AFragmentBehindAWholeDatagramBeginsAnother) {
    Intake intake;
    (void)intake.insert(piece4({.size = 64}));
    ASSERT_EQ(intake.outcome(piece4({.offset = 64, .more = false})), complete);
    EXPECT_EQ(intake.outcome(piece4({.offset = 64, .more = false})), held);
    EXPECT_EQ(intake.outcome(piece4({.size = 64})), complete);
}

TEST(Reassembler, SaysWhyARebuiltPacketIsDroppedAndCountsItAsJoined) {
    Intake intake;
    const Bytes tcp = test::ipv4({.protocol = 6, .flags_and_offset = 0x2000}, counting(64));
    const Bytes rest = test::ipv4({.protocol = 6, .flags_and_offset = 8}, counting(8));
    ASSERT_EQ(intake.insert(tcp, {}, {.tcp = true}).outcome, held);
    intake.reassembler.expire({});
    const auto view = view_of(rest, {.tcp = true});
    ++intake.inserted;
    const auto result = intake.reassembler.insert(view, {}, {}, intake.whole);  // TCP is not wanted any more
    intake.joined += result.joined;
    EXPECT_EQ(result.outcome, complete);
    EXPECT_EQ(result.joined, 2U);
    EXPECT_EQ(result.rebuilt_drop, DropReason::not_udp);
    EXPECT_EQ(intake.drops.all(), 0U);
}

// ---- fragment_duplicate

TEST(FragmentDuplicate, IsCountedAndTheDatagramComesOutAllTheSame) {
    for (const Cut& cut : {cut4(), cut6()}) {
        Intake intake;
        for (const std::size_t i : {0, 0, 3, 1, 3, 1, 0}) (void)intake.insert(cut.fragments[i]);
        EXPECT_EQ(intake.drops[DropReason::fragment_duplicate], 4U);
        EXPECT_EQ(intake.insert(cut.fragments[2]).joined, 4U);
        EXPECT_TRUE(equal(intake.whole.packet.ip, cut.whole));
    }
}

TEST(FragmentDuplicate, MayHaveAnotherHeaderAndTheFirstIsKept) {
    const Cut cut = cut4(500, 256);
    Bytes later = cut.fragments[0];
    later[8] = 3;  // time to live
    Intake intake;
    (void)intake.insert(cut.fragments[0], Time{1});
    EXPECT_EQ(intake.outcome(later, Time{2}), dropped);
    EXPECT_EQ(intake.drops[DropReason::fragment_duplicate], 1U);
    ASSERT_EQ(intake.outcome(cut.fragments[1], Time{3}), complete);
    EXPECT_TRUE(equal(intake.whole.packet.ip, cut.whole));
    EXPECT_TRUE(equal(intake.whole.parts[0].ip, cut.fragments[0]));
    EXPECT_EQ(intake.whole.parts[0].time, Time{1});
}

TEST(FragmentDuplicate, WithOptionsOfItsOwnIsStillOne) {
    Intake intake;
    (void)intake.insert(piece4({.size = 64}), Time{1});
    EXPECT_EQ(intake.outcome(piece4({.size = 64, .options = 8}), Time{2}), dropped);
    EXPECT_EQ(intake.drops[DropReason::fragment_duplicate], 1U);
    ASSERT_EQ(intake.outcome(piece4({.offset = 64, .more = false}), Time{3}), complete);
    EXPECT_TRUE(equal(intake.whole.parts[0].ip, piece4({.size = 64})));
    EXPECT_EQ(intake.whole.parts[0].time, Time{1});
}

TEST(FragmentDuplicate, OfAnEmptyFragmentIsOne) {
    Intake intake;
    (void)intake.insert(piece4({.offset = 64, .size = 0, .more = false}));
    EXPECT_EQ(intake.outcome(piece4({.offset = 64, .size = 0, .more = false})), dropped);
    EXPECT_EQ(intake.drops[DropReason::fragment_duplicate], 1U);
}

TEST(FragmentDuplicate, IsNoneWithOtherDataOrAnotherMoreBit) {
    for (const Piece& other :
         {Piece{.offset = 8, .size = 64, .mark = 1}, Piece{.offset = 8, .size = 64, .more = false},
          Piece{.offset = 8, .size = 56}, Piece{.offset = 8, .size = 72}}) {
        Intake intake;
        (void)intake.insert(piece4({.offset = 8, .size = 64}));
        EXPECT_EQ(intake.outcome(piece4(other)), dropped);
        EXPECT_EQ(intake.drops[DropReason::fragment_duplicate], 0U);
        EXPECT_EQ(intake.drops.all(), 2U);
    }
}

// ---- fragment_overlap (RFC 5722, RFC 8200 §4.5)

TEST(FragmentOverlap, SpoilsTheDatagramHoweverFragmentsMeet) {
    // Held are 64 … 128 and 192 … 256.
    for (const Piece& other :
         {Piece{.offset = 56, .size = 16}, Piece{.offset = 120, .size = 16}, Piece{.offset = 72, .size = 8},
          Piece{.offset = 56, .size = 80}, Piece{.offset = 64, .size = 8}, Piece{.offset = 64, .size = 72},
          Piece{.offset = 120, .size = 8}, Piece{.offset = 128, .size = 72}, Piece{.offset = 0, .size = 264},
          Piece{.offset = 200, .size = 8, .more = true}, Piece{.offset = 72, .size = 0}}) {
        for (const auto piece : {piece4, piece6}) {
            Intake intake;
            (void)intake.insert(piece({.offset = 64, .size = 64}));
            (void)intake.insert(piece({.offset = 192, .size = 64}));
            EXPECT_EQ(intake.outcome(piece(other)), dropped);
            EXPECT_EQ(intake.drops[DropReason::fragment_overlap], 3U) << other.offset << '+' << other.size;
            EXPECT_EQ(intake.reassembler.octets_waiting(), 0U);
        }
    }
}

TEST(FragmentOverlap, IsNoneWhereFragmentsTouch) {
    Intake intake;
    for (const Piece& touching : {Piece{.offset = 64, .size = 64}, Piece{.offset = 192, .size = 64},
                                  Piece{.offset = 0, .size = 64}, Piece{.offset = 128, .size = 64}})
        EXPECT_EQ(intake.outcome(piece4(touching)), held);
    EXPECT_EQ(intake.outcome(piece4({.offset = 256, .size = 1, .more = false})), complete);
}

TEST(FragmentOverlap, AllLaterOnesAreCountedUnderTheSameWordForThirtySeconds) {
    Intake intake;
    (void)intake.insert(piece4({.size = 64}), Time{0});
    (void)intake.insert(piece4({.size = 72}), Time{5 * second});
    // Whatever is wrong with them, and duplicates too.
    EXPECT_EQ(intake.outcome(piece4({.size = 64}), Time{6 * second}), dropped);
    EXPECT_EQ(intake.outcome(piece4({.size = 64}), Time{6 * second}), dropped);
    EXPECT_EQ(intake.outcome(piece4({.offset = 64, .size = 9}), Time{30 * second}), dropped);
    EXPECT_EQ(intake.drops[DropReason::fragment_overlap], 5U);
    EXPECT_EQ(intake.drops.all(), 5U);
    // 30 s after the fragment that came first, not after the breach.
    EXPECT_EQ(intake.outcome(piece4({.size = 64}), Time{30 * second + 1}), held);
    EXPECT_EQ(intake.outcome(piece4({.offset = 64, .more = false}), Time{31 * second}), complete);
}

// ---- fragment_bad_length

std::uint64_t bad_lengths(std::initializer_list<Bytes> packets) {
    Intake intake;
    for (const Bytes& packet : packets) (void)intake.insert(packet);
    EXPECT_EQ(intake.drops.all(), intake.drops[DropReason::fragment_bad_length]);
    return intake.drops[DropReason::fragment_bad_length];
}

TEST(FragmentBadLength, NoMultipleOfEightBeforeTheEnd) {
    for (const std::uint32_t size : {9U, 15U, 63U, 65U}) {
        EXPECT_EQ(bad_lengths({piece4({.size = size})}), 1U) << size;
        EXPECT_EQ(bad_lengths({piece6({.offset = 8, .size = size}), piece6({.size = 8})}), 2U) << size;
    }
}

TEST(FragmentBadLength, TheLastMayHaveAnyLength) {
    for (std::uint32_t size = 0; size < 10; ++size) {
        Intake intake;
        (void)intake.insert(piece4({.size = 64}));
        EXPECT_EQ(intake.outcome(piece4({.offset = 64, .size = size, .more = false})), complete) << size;
    }
}

TEST(FragmentBadLength, DataPastTheEnd) {
    EXPECT_EQ(bad_lengths({piece4({.offset = 64, .more = false}), piece4({.offset = 72})}), 2U);
    EXPECT_EQ(bad_lengths({piece4({.offset = 64, .more = false}), piece4({.offset = 56, .size = 24})}), 2U);
    EXPECT_EQ(bad_lengths({piece6({.offset = 64, .more = false}), piece6({.offset = 80})}), 2U);
}

TEST(FragmentBadLength, AnEndBeforeWhatIsThere) {
    EXPECT_EQ(bad_lengths({piece4({.offset = 72}), piece4({.offset = 64, .more = false})}), 2U);
    EXPECT_EQ(
        bad_lengths({piece6({.offset = 64, .size = 64}), piece6({.offset = 64, .size = 8, .more = false})}),
        2U);
}

TEST(FragmentBadLength, ASecondEnd) {
    EXPECT_EQ(bad_lengths({piece4({.offset = 64, .more = false}), piece4({.offset = 56, .more = false})}),
              2U);
    EXPECT_EQ(bad_lengths({piece4({.offset = 64, .more = false}), piece4({.offset = 72, .more = false})}),
              2U);
    // The same place with other data.
    EXPECT_EQ(bad_lengths(
                  {piece4({.offset = 64, .more = false}), piece4({.offset = 64, .more = false, .mark = 1})}),
              2U);
    // An empty one at the end that is known.
    EXPECT_EQ(bad_lengths(
                  {piece4({.offset = 64, .more = false}), piece4({.offset = 72, .size = 0, .more = false})}),
              2U);
}

TEST(FragmentBadLength, AllLaterOnesAreCountedUnderTheSameWord) {
    Intake intake;
    (void)intake.insert(piece4({.size = 9}), Time{0});
    (void)intake.insert(piece4({.size = 64}), Time{30 * second});
    (void)intake.insert(piece4({.size = 72}), Time{30 * second});
    EXPECT_EQ(intake.drops[DropReason::fragment_bad_length], 3U);
    EXPECT_EQ(intake.outcome(piece4({.size = 64}), Time{30 * second + 1}), held);
}

// 65,535 with an IPv4 header of 20 leaves 65,515 octets of data; 65,536 with one of IPv6 leaves 65,496.
struct Longest {
    Bytes (*piece)(const Piece&);
    std::uint32_t data;
};
class LongestDatagram : public testing::TestWithParam<Longest> {
  protected:
    // The octets from `at` to `end` in pieces of at most 32,768.
    static void pieces(Intake& intake, std::uint32_t end, std::size_t options = 0) {
        for (std::uint32_t at = 0; at < end; at += 32768) {
            const std::uint32_t size = std::min(32768U, end - at);
            last = intake.outcome(GetParam().piece(
                {.offset = at, .size = size, .more = at + size < end, .options = at == 0 ? options : 0}));
        }
    }
    static inline Outcome last{};
};

TEST_P(LongestDatagram, ComesOut) {
    Intake intake;
    pieces(intake, GetParam().data);
    ASSERT_EQ(last, complete);
    EXPECT_EQ(intake.whole.packet.ip.size(), GetParam().data == 65515 ? 65535U : 65536U);
    EXPECT_TRUE(
        equal(intake.whole.packet.ip.subspan(intake.whole.packet.transport_at), counting(GetParam().data)));
}

TEST_P(LongestDatagram, WithOneOctetMoreIsOfBadLength) {
    Intake intake;
    pieces(intake, GetParam().data + 1);
    EXPECT_EQ(last, dropped);
    EXPECT_EQ(intake.drops[DropReason::fragment_bad_length], 2U);
}

TEST_P(LongestDatagram, MayCloseWithAnEmptyFragmentAtItsEnd) {
    const std::uint32_t even = GetParam().data / 8 * 8;
    Intake intake;
    (void)intake.insert(GetParam().piece({.size = 32768}));
    (void)intake.insert(GetParam().piece({.offset = 32768, .size = even - 32768}));
    EXPECT_EQ(intake.outcome(GetParam().piece({.offset = even, .size = 0, .more = false})), complete);
}

// Each fragment may pass by its own header and the header of the initial one be the longer.
TEST_P(LongestDatagram, CountsTheHeaderOfTheInitialFragment) {
    Intake intake;
    pieces(intake, GetParam().data, 8);
    EXPECT_EQ(last, dropped);
    EXPECT_EQ(intake.drops[DropReason::fragment_bad_length], 2U);
    EXPECT_EQ(intake.reassembler.octets_waiting(), 0U);
    EXPECT_EQ(intake.outcome(GetParam().piece({.size = 64})), dropped);  // spoiled for its 30 s
    EXPECT_EQ(intake.drops[DropReason::fragment_bad_length], 3U);
}

TEST_P(LongestDatagram, AtTheGreatestOffsetThereIsOneOctetTooManyOrNone) {
    Intake intake;
    EXPECT_EQ(intake.outcome(GetParam().piece({.offset = 65528, .size = 8})), dropped);
    EXPECT_EQ(intake.outcome(GetParam().piece({.offset = 65528, .size = 0, .more = false, .id = 2})),
              dropped);
    EXPECT_EQ(intake.drops[DropReason::fragment_bad_length], 2U);
}

INSTANTIATE_TEST_SUITE_P(BothFamilies, LongestDatagram,
                         testing::Values(Longest{piece4, 65515}, Longest{piece6, 65496}),
                         [](const auto& tested) { return tested.param.data == 65515 ? "Ipv4" : "Ipv6"; });

TEST(Reassembler, TakesAsManyPiecesAsADatagramCanHave) {
    Intake intake;
    for (std::uint32_t at = 65496; at > 0; at -= 8)
        ASSERT_EQ(intake.outcome(piece6({.offset = at - 8, .size = 8, .more = at < 65496})),
                  at == 8 ? complete : held);
    EXPECT_EQ(intake.whole.parts.size(), 8187U);
    EXPECT_TRUE(equal(intake.whole.packet.ip.subspan(40), counting(65496)));
}

}  // namespace
}  // namespace sie::reassembly
