// The reassembler against its plain twin.
#include "reassembly/reassembler_twin.h"

#include <gtest/gtest.h>

#include <random>

#include "reassembly/made_fragments.h"

namespace sie::reassembly {
namespace {

using test::Bytes;

// Fragments of few small datagrams, so that they meet: most are true, some lie.
class Hostile {
  public:
    explicit Hostile(unsigned seed) : random_(seed) {}

    [[nodiscard]] std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }
    [[nodiscard]] bool one_in(std::uint32_t n) { return below(n) == 0; }

    Bytes next() {
        if (!sent_.empty() && one_in(8)) {
            Bytes again = sent_[below(static_cast<std::uint32_t>(sent_.size()))];
            if (one_in(2)) again[again[0] >> 4 == 4 ? 8 : 7] ^= 1;  // another time to live
            if (one_in(6)) again.back() ^= 1;                       // other data
            return again;
        }
        const std::uint32_t id = below(5), length = 33 + id % 3 * 16;  // of the datagram
        Piece piece{.offset = below(length / 8 + 1) * 8, .size = 8 + below(4) * 8, .id = id};
        piece.size = std::min(piece.size, length - piece.offset);
        piece.more = piece.offset + piece.size < length;
        if (one_in(40)) piece.offset = 65520 + below(2) * 8;
        if (one_in(30)) piece.more = !piece.more;
        if (one_in(30)) piece.size += below(9);
        if (one_in(30)) piece.size = 0;
        if (one_in(60)) piece.mark = 1;
        if (piece.offset == 0 && piece.size < 8) piece.size = 8;  // the gate of net asks for a UDP header
        if (one_in(4)) piece.options = 8 + below(2) * 8;
        const bool whole = piece.offset == 0 && !piece.more;  // of IPv4 that is no fragment
        sent_.push_back(one_in(2) && !whole ? piece4(piece) : piece6(piece));
        if (sent_.size() > 12) sent_.erase(sent_.begin());
        return sent_.back();
    }

    // Mostly forward by little; at times to the edge of the lifetime, over it, or back.
    Time tick() {
        switch (below(40)) {
            case 0: now_ += 30 * Time::per_second; break;
            case 1: now_ += 30 * Time::per_second + 1; break;
            case 2: now_ -= below(40) * Time::per_second; break;
            case 3: now_ += below(30) * Time::per_second; break;
            default: now_ += below(1000); break;
        }
        return Time{now_};
    }

  private:
    std::mt19937_64 random_;
    std::vector<Bytes> sent_;
    std::int64_t now_ = 1'700'000'000 * Time::per_second;
};

void compare_whole(const Twin& twin, const Datagram& whole) {
    ASSERT_EQ(test::to_hex(whole.packet.ip), test::to_hex(twin.rebuilt));
    ASSERT_EQ(whole.parts.size(), twin.parts.size());
    for (std::size_t i = 0; i < whole.parts.size(); ++i) {
        const Part& part = whole.parts[i];
        const Twin::Held& held = twin.parts[i];
        ASSERT_TRUE(equal(part.ip, held.packet));
        ASSERT_EQ(part.time, held.time);
        ASSERT_EQ(part.offset, held.offset);
        ASSERT_EQ(part.data_at, held.data_at);
    }
}

TEST(ReassemblerTwin, AgreesOnEveryFragmentOfManyHostileSequences) {
    std::uint64_t completed = 0;
    DropCounts all{};
    for (unsigned seed = 1; seed <= 300; ++seed) {
        SCOPED_TRACE(seed);
        Hostile hostile(seed);
        const Limits limits{.octets = 150 + hostile.below(900), .datagrams = 1 + hostile.below(10)};
        Intake intake(limits);
        Twin twin{.limits = limits};
        for (int step = 0; step < 600; ++step) {
            SCOPED_TRACE(step);
            const Bytes packet = hostile.next();
            const Time time = hostile.tick();
            twin.expire(time);
            const auto result = intake.insert(packet, time);
            const std::uint64_t before = twin.drops[index_of(DropReason::fragment_timeout)];
            const Outcome expected = twin.insert(view_of(packet), time);
            ASSERT_EQ(twin.drops[index_of(DropReason::fragment_timeout)], before);
            ASSERT_EQ(result.outcome, expected);
            ASSERT_EQ(intake.drops.of, twin.drops);
            ASSERT_EQ(intake.reassembler.datagrams_waiting(), twin.records.size());
            ASSERT_EQ(intake.reassembler.octets_waiting(), twin.octets());
            ASSERT_LE(intake.reassembler.octets_waiting(), limits.octets);
            ASSERT_LE(intake.reassembler.datagrams_waiting(), limits.datagrams);
            if (expected == Outcome::complete) {
                ++completed;
                ASSERT_NO_FATAL_FAILURE(compare_whole(twin, intake.whole));
            }
        }
        intake.reassembler.finish();
        twin.finish();
        ASSERT_EQ(intake.drops.of, twin.drops);
        ASSERT_EQ(intake.inserted, intake.joined + intake.drops.all());
        for (std::size_t i = 0; i < all.size(); ++i) all[i] += twin.drops[i];
    }
    // The sequences must have met every word often, or the agreement says little.
    EXPECT_GT(completed, 1000U);
    for (const DropReason reason :
         {DropReason::fragment_duplicate, DropReason::fragment_bad_length, DropReason::fragment_overlap,
          DropReason::fragment_timeout, DropReason::fragment_evicted})
        EXPECT_GT(all[index_of(reason)], 1000U) << word_of(reason);
}

}  // namespace
}  // namespace sie::reassembly
