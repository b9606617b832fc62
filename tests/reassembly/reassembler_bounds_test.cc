// The bounds of the reassembler: 30 s of packet time, 4 MiB, 4,096 datagrams (DESIGN §5, REFERENCE §7).
#include <gtest/gtest.h>

#include <algorithm>

#include "reassembly/made_fragments.h"
#include "support/allocation_counter.h"

namespace sie::reassembly {
namespace {

using test::Bytes;
using enum Outcome;

constexpr std::int64_t second = Time::per_second;
constexpr std::size_t four_mib = 4'194'304;

TEST(Limits, AreThoseOfTheDesign) {
    EXPECT_EQ(Limits{}.octets, four_mib);
    EXPECT_EQ(Limits{}.datagrams, 4096U);
    EXPECT_EQ(Limits{}.lifetime_ns, 30'000'000'000);
}

// ---- fragment_timeout

TEST(FragmentTimeout, ComesOneNanosecondAfterThirtySeconds) {
    Intake intake;
    const Time first = Time::of(1'700'000'000, 999'999'999);
    (void)intake.insert(piece4({.size = 64}), first);
    intake.reassembler.expire(Time{first.ns + 30 * second});
    EXPECT_EQ(intake.reassembler.datagrams_waiting(), 1U);
    intake.reassembler.expire(Time{first.ns + 30 * second + 1});
    EXPECT_EQ(intake.reassembler.datagrams_waiting(), 0U);
    EXPECT_EQ(intake.drops[DropReason::fragment_timeout], 1U);
}

TEST(FragmentTimeout, AnAnswerAtThirtySecondsStillComesOut) {
    Intake intake;
    (void)intake.insert(piece4({.size = 64}), Time{0});
    EXPECT_EQ(intake.outcome(piece4({.offset = 64, .more = false}), Time{30 * second}), complete);
}

TEST(FragmentTimeout, TheLastPieceAfterThatBeginsAnewAndIsLostToo) {
    Intake intake;
    (void)intake.insert(piece4({.size = 64}), Time{0});
    EXPECT_EQ(intake.outcome(piece4({.offset = 64, .more = false}), Time{30 * second + 1}), held);
    EXPECT_EQ(intake.drops[DropReason::fragment_timeout], 1U);
    intake.reassembler.finish();
    EXPECT_EQ(intake.drops[DropReason::fragment_timeout], 2U);
}

TEST(FragmentTimeout, CountsEveryFragmentHeld) {
    Intake intake;
    for (const std::uint32_t at : {0U, 64U, 128U})
        (void)intake.insert(piece6({.offset = at, .size = 64}), Time{at});
    (void)intake.insert(piece4({.size = 64}), Time{200});
    intake.reassembler.expire(Time{30 * second + 1});
    EXPECT_EQ(intake.drops[DropReason::fragment_timeout], 3U);
    EXPECT_EQ(intake.reassembler.datagrams_waiting(), 1U);
}

TEST(FragmentTimeout, LaterFragmentsDoNotProlongTheLife) {
    Intake intake;
    for (int s = 0; s <= 30; ++s)
        (void)intake.insert(piece4({.offset = static_cast<std::uint32_t>(s) * 8}), Time{s * second});
    EXPECT_EQ(intake.drops.all(), 0U);
    intake.reassembler.expire(Time{31 * second});
    EXPECT_EQ(intake.drops[DropReason::fragment_timeout], 31U);
}

TEST(FragmentTimeout, ATimeThatJumpsBackGivesUpNothing) {
    Intake intake;
    (void)intake.insert(piece4({.size = 64}), Time::of(1000, 0));
    intake.reassembler.expire(Time::of(0, 0));
    intake.reassembler.expire(Time{INT64_MIN});
    EXPECT_EQ(intake.outcome(piece4({.offset = 64, .more = false}), Time::of(900, 0)), complete);
}

TEST(FragmentTimeout, HoldsAcrossTheWholeRangeOfTime) {
    Intake intake;
    (void)intake.insert(piece4({.size = 64}), Time{INT64_MIN});
    intake.reassembler.expire(Time{INT64_MIN + 30 * second});
    EXPECT_EQ(intake.reassembler.datagrams_waiting(), 1U);
    intake.reassembler.expire(Time{INT64_MAX});
    EXPECT_EQ(intake.drops[DropReason::fragment_timeout], 1U);
    (void)intake.insert(piece4({.size = 64}), Time{INT64_MAX});
    EXPECT_EQ(intake.reassembler.datagrams_waiting(), 1U);
}

TEST(FragmentTimeout, WithStampsOutOfOrderEachDatagramGoesByItsOwn) {
    Intake intake;
    const auto at = [&](std::uint32_t id, std::int64_t s) {
        (void)intake.insert(piece4({.size = 64, .id = id}), Time{s * second});
    };
    at(1, 20);
    at(2, 5);
    at(3, 12);
    at(4, 40);  // 2 is 35 s old
    EXPECT_EQ(intake.drops[DropReason::fragment_timeout], 1U);
    EXPECT_EQ(intake.outcome(piece4({.offset = 64, .more = false, .id = 3}), Time{42 * second}), complete);
    EXPECT_EQ(intake.outcome(piece4({.offset = 64, .more = false, .id = 1}), Time{50 * second}), complete);
    EXPECT_EQ(intake.outcome(piece4({.offset = 64, .more = false, .id = 4}), Time{50 * second}), complete);
}

// The life counts from the fragment that came first, not from the one with the least stamp.
TEST(FragmentTimeout, ALaterFragmentWithAnEarlierStampChangesNothing) {
    Intake intake;
    (void)intake.insert(piece4({.size = 64}), Time{100 * second});
    (void)intake.insert(piece4({.offset = 64}), Time{80 * second});
    EXPECT_EQ(intake.outcome(piece4({.offset = 72, .more = false}), Time{130 * second}), complete);
}

TEST(FragmentTimeout, OfASpoiledDatagramCountsNothingTwice) {
    Intake intake;
    (void)intake.insert(piece4({.size = 64}), Time{0});
    (void)intake.insert(piece4({.size = 72}), Time{1});
    intake.reassembler.expire(Time{31 * second});
    EXPECT_EQ(intake.reassembler.datagrams_waiting(), 0U);
    EXPECT_EQ(intake.drops.all(), 2U);
    EXPECT_EQ(intake.drops[DropReason::fragment_timeout], 0U);
}

TEST(FragmentTimeout, IsTheWordForWhatIsUnfinishedAtTheEnd) {
    Intake intake;
    (void)intake.insert(piece4({.size = 64}));
    (void)intake.insert(piece4({.offset = 128}));
    (void)intake.insert(piece6({.offset = 8}));
    intake.reassembler.finish();
    EXPECT_EQ(intake.drops[DropReason::fragment_timeout], 3U);
    EXPECT_EQ(intake.reassembler.datagrams_waiting(), 0U);
    intake.reassembler.finish();
    EXPECT_EQ(intake.drops.all(), 3U);
}

// ---- fragment_evicted

TEST(FragmentEvicted, TheOldestOf4097DatagramsMakesRoom) {
    Intake intake;
    for (const std::uint32_t at : {0U, 64U}) (void)intake.insert(piece4({.offset = at, .size = 64, .id = 0}));
    for (std::uint32_t id = 1; id < 4096; ++id) (void)intake.insert(piece4({.size = 64, .id = id}));
    EXPECT_EQ(intake.drops.all(), 0U);
    EXPECT_EQ(intake.reassembler.datagrams_waiting(), 4096U);
    EXPECT_EQ(intake.outcome(piece4({.size = 64, .id = 4096})), held);
    EXPECT_EQ(intake.drops[DropReason::fragment_evicted], 2U);  // each fragment of it
    EXPECT_EQ(intake.reassembler.datagrams_waiting(), 4096U);
    EXPECT_EQ(intake.outcome(piece4({.offset = 64, .more = false, .id = 1})), complete);
}

TEST(FragmentEvicted, TheOldestIsTheOneThatBeganFirstWhateverItsStamp) {
    Intake intake({.octets = four_mib, .datagrams = 2});
    (void)intake.insert(piece4({.size = 64, .id = 1}), Time{9});
    (void)intake.insert(piece4({.size = 64, .id = 2}), Time{1});
    (void)intake.insert(piece4({.offset = 64, .id = 1}), Time{10});
    (void)intake.insert(piece4({.size = 64, .id = 3}), Time{5});
    EXPECT_EQ(intake.drops[DropReason::fragment_evicted], 2U);
    EXPECT_EQ(intake.outcome(piece4({.offset = 64, .more = false, .id = 2}), Time{11}), complete);
}

TEST(FragmentEvicted, SpoiledDatagramsCountAmongThemAndHaveNothingToLose) {
    Intake intake({.octets = four_mib, .datagrams = 2});
    (void)intake.insert(piece4({.size = 9, .id = 1}));
    (void)intake.insert(piece4({.size = 64, .id = 2}));
    (void)intake.insert(piece4({.size = 64, .id = 3}));
    EXPECT_EQ(intake.reassembler.datagrams_waiting(), 2U);
    EXPECT_EQ(intake.drops[DropReason::fragment_evicted], 0U);
    EXPECT_EQ(intake.outcome(piece4({.size = 64, .id = 1})), held);  // forgotten, so it begins anew
    EXPECT_EQ(intake.drops[DropReason::fragment_evicted], 1U);
}

TEST(FragmentEvicted, ADatagramThatIsSpoiledByItsFirstFragmentMakesRoomToo) {
    Intake intake({.octets = four_mib, .datagrams = 2});
    (void)intake.insert(piece4({.size = 64, .id = 1}));
    (void)intake.insert(piece4({.size = 64, .id = 2}));
    EXPECT_EQ(intake.outcome(piece4({.size = 9, .id = 3})), dropped);
    EXPECT_EQ(intake.reassembler.datagrams_waiting(), 2U);
    EXPECT_EQ(intake.drops[DropReason::fragment_evicted], 1U);
    EXPECT_EQ(intake.drops[DropReason::fragment_bad_length], 1U);
}

TEST(FragmentEvicted, AFragmentThatCompletesItsDatagramNeedsNoRoom) {
    Intake intake({.octets = four_mib, .datagrams = 1});
    (void)intake.insert(piece4({.size = 64, .id = 1}));
    EXPECT_EQ(intake.outcome(piece6({.more = false})), complete);
    EXPECT_EQ(intake.drops.all(), 0U);
}

// Packets of 1,024 octets, header included: 4,096 of them are 4 MiB.
TEST(FragmentEvicted, FourMibWithHeadersMayWaitAndNotOneOctetMore) {
    Intake intake;
    for (std::uint32_t id = 0; id < 64; ++id)
        for (std::uint32_t i = 0; i < 64; ++i)
            (void)intake.insert(piece4({.offset = i * 1000, .size = 1000, .id = id, .options = 4}));
    EXPECT_EQ(intake.reassembler.octets_waiting(), four_mib);
    EXPECT_EQ(intake.drops.all(), 0U);
    EXPECT_EQ(intake.outcome(piece6({.offset = 8, .size = 0})), held);  // 48 octets
    EXPECT_EQ(intake.drops[DropReason::fragment_evicted], 64U);
    EXPECT_EQ(intake.reassembler.octets_waiting(), four_mib - 64 * 1024 + 48);
}

TEST(FragmentEvicted, AsManyDatagramsGoAsThereMustBe) {
    Intake intake({.octets = 2048, .datagrams = 100});
    for (std::uint32_t id = 0; id < 2; ++id)
        (void)intake.insert(piece4({.size = 1000, .id = id, .options = 4}));
    EXPECT_EQ(intake.outcome(piece4({.size = 1600, .id = 2})), held);
    EXPECT_EQ(intake.drops[DropReason::fragment_evicted], 2U);
    EXPECT_EQ(intake.reassembler.datagrams_waiting(), 1U);
}

TEST(FragmentEvicted, ADatagramOverTheBoundByItselfGoes) {
    Intake intake({.octets = 2048, .datagrams = 100});
    (void)intake.insert(piece4({.size = 1000, .id = 1, .options = 4}));
    (void)intake.insert(piece4({.offset = 1000, .size = 1000, .id = 1, .options = 4}));
    EXPECT_EQ(intake.outcome(piece4({.offset = 2000, .size = 8, .id = 1})), dropped);
    EXPECT_EQ(intake.drops[DropReason::fragment_evicted], 3U);
    EXPECT_EQ(intake.reassembler.datagrams_waiting(), 0U);
}

// ---- memory and time under a flood

TEST(Reassembler, HoldsItsBoundsAndAllocatesNothingUnderAFlood) {
    for (const std::uint32_t size : {8U, 1400U}) {
        std::vector<Bytes> packets;
        for (std::uint32_t at : {8U, 8008U, 16008U})
            for (const bool more : {true, false}) {
                packets.push_back(piece4({.offset = at, .size = size, .more = more}));
                packets.push_back(piece6({.offset = at, .size = size, .more = more}));
            }
        Intake intake;
        const std::uint64_t before = AllocationCount::now();
        for (std::uint32_t i = 0; i < 60'000; ++i) {
            Bytes& packet = packets[i % packets.size()];
            // Ids that never repeat: of IPv4 in place 4, of IPv6 at the end of the fragment header.
            const bool four = packet[0] >> 4 == 4;
            store_be16(&packet[four ? 4 : 46], static_cast<std::uint16_t>(i));
            (void)intake.insert(packet, Time{i});
            ASSERT_LE(intake.reassembler.octets_waiting(), four_mib);
            ASSERT_LE(intake.reassembler.datagrams_waiting(), 4096U);
        }
        EXPECT_EQ(AllocationCount::now(), before);
        EXPECT_GT(intake.drops[DropReason::fragment_evicted], 50'000U);
    }
}

}  // namespace
}  // namespace sie::reassembly
