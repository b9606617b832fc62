#include "base/slab.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <random>
#include <vector>

#include "support/allocation_counter.h"

namespace sie {
namespace {

constexpr std::size_t chunk = Slab::chunk_octets;

bool aligned(const std::uint8_t* block) { return reinterpret_cast<std::uintptr_t>(block) % 16 == 0; }

std::vector<std::uint8_t*> fill(Slab& slab, std::size_t octets) {
    std::vector<std::uint8_t*> blocks;
    while (std::uint8_t* block = slab.allocate(octets)) blocks.push_back(block);
    return blocks;
}

TEST(Slab, GivesRoomOfEverySizeUpToTheLargest) {
    Slab slab(chunk);
    for (std::size_t octets = 1; octets <= Slab::largest_block; ++octets) {
        std::uint8_t* block = slab.allocate(octets);
        ASSERT_NE(block, nullptr) << octets;
        ASSERT_TRUE(aligned(block)) << octets;
        block[0] = block[octets - 1] = 1;
        slab.release(block);
    }
}

TEST(Slab, RefusesNothingAndMoreThanTheLargest) {
    Slab slab(chunk);
    EXPECT_EQ(slab.allocate(0), nullptr);
    EXPECT_EQ(slab.allocate(Slab::largest_block + 1), nullptr);
    EXPECT_EQ(slab.allocate(SIZE_MAX), nullptr);
    EXPECT_EQ(slab.blocks_in_use(), 0U);
}

TEST(Slab, HoldsAsManyBlocksAsTheBoundHasChunks) {
    for (const std::size_t octets : {16U, 512U, 1024U, 65536U}) {
        Slab slab(3 * chunk);
        EXPECT_EQ(fill(slab, octets).size(), 3 * chunk / octets) << octets;
        EXPECT_EQ(slab.octets_in_chunks(), 3 * chunk);
    }
}

TEST(Slab, WastesLessThanAnEighthAndSixteenOctetsOnABlock) {
    for (std::size_t octets = 1; octets <= 32768; octets += octets < 1100 ? 1 : 111) {
        Slab slab(chunk);
        EXPECT_GE(fill(slab, octets).size(), chunk / (octets + octets / 8 + 16)) << octets;
    }
}

TEST(Slab, RoundsTheBoundUpToWholeChunks) {
    Slab one(1), two(chunk + 1);
    EXPECT_EQ(fill(one, 65536).size(), 2U);
    EXPECT_EQ(fill(two, 65536).size(), 4U);
}

TEST(Slab, WithoutABoundHoldsNothing) {
    Slab slab(0);
    EXPECT_EQ(slab.allocate(1), nullptr);
}

TEST(Slab, GivesBackWhatWasReleased) {
    Slab slab(chunk);
    auto blocks = fill(slab, 1000);
    std::uint8_t* const middle = blocks[blocks.size() / 2];
    slab.release(middle);
    EXPECT_EQ(slab.allocate(1000), middle);
    EXPECT_EQ(slab.allocate(1000), nullptr);
}

TEST(Slab, AChunkWithoutBlocksServesAnotherSize) {
    Slab slab(chunk);
    auto blocks = fill(slab, 16);
    EXPECT_EQ(slab.allocate(4096), nullptr);
    for (std::size_t i = 1; i < blocks.size(); ++i) slab.release(blocks[i]);
    EXPECT_EQ(slab.allocate(4096), nullptr);  // one block keeps the chunk for its class
    EXPECT_EQ(slab.octets_in_chunks(), chunk);
    slab.release(blocks[0]);
    EXPECT_EQ(slab.octets_in_chunks(), 0U);
    EXPECT_EQ(slab.blocks_in_use(), 0U);
    EXPECT_EQ(fill(slab, 4096).size(), chunk / 4096);
}

TEST(Slab, AllocatesNothingOnceItIsMade) {
    Slab slab(8 * chunk);
    std::mt19937 random(1);
    std::vector<std::uint8_t*> blocks;
    blocks.reserve(100'000);
    const std::uint64_t after = AllocationCount::now();
    for (int i = 0; i < 100'000; ++i)
        if (std::uint8_t* block = slab.allocate(1 + random() % 3000)) blocks.push_back(block);
    for (std::uint8_t* block : blocks) slab.release(block);
    EXPECT_EQ(AllocationCount::now(), after);
    EXPECT_GT(blocks.size(), 400U);
}

// Against a map of what is held: blocks never overlap, keep their octets, and all counts agree.
TEST(Slab, BlocksKeepTheirOctetsWhateverComesAndGoes) {
    for (unsigned seed = 1; seed <= 8; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937 random(seed);
        Slab slab(6 * chunk);
        struct Held {
            std::size_t octets;
            std::uint8_t mark;
        };
        std::map<std::uint8_t*, Held> held;
        std::size_t refused = 0;
        for (int step = 0; step < 20'000; ++step) {
            // Phases of growth and of decline, so that chunks change their class.
            const bool grow = (step / 2500) % 2 == 0;
            if (held.empty() || random() % 10 < (grow ? 8U : 2U)) {
                const std::size_t octets = 1 + random() % (random() % 3 == 0 ? Slab::largest_block : 700);
                std::uint8_t* block = slab.allocate(octets);
                if (block == nullptr) {
                    ++refused;
                    continue;
                }
                ASSERT_TRUE(aligned(block));
                const auto next = held.lower_bound(block);
                ASSERT_TRUE(next == held.end() || block + octets <= next->first);
                if (next != held.begin()) {
                    ASSERT_LE(std::prev(next)->first + std::prev(next)->second.octets, block);
                }
                const auto mark = static_cast<std::uint8_t>(random());
                std::memset(block, mark, octets);
                held.emplace(block, Held{octets, mark});
            } else {
                const auto at = std::next(held.begin(), static_cast<std::ptrdiff_t>(random() % held.size()));
                ASSERT_EQ(at->first[0], at->second.mark);
                ASSERT_EQ(std::memcmp(at->first, at->first + 1, at->second.octets - 1), 0);
                slab.release(at->first);
                held.erase(at);
            }
            ASSERT_EQ(slab.blocks_in_use(), held.size());
            ASSERT_LE(slab.octets_in_chunks(), 6 * chunk);
        }
        EXPECT_GT(refused, 0U);
        for (const auto& [block, what] : held) slab.release(block);
        EXPECT_EQ(slab.octets_in_chunks(), 0U);
    }
}

}  // namespace
}  // namespace sie
