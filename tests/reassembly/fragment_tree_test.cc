#include "reassembly/fragment_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <random>
#include <vector>

namespace sie::reassembly {
namespace {

constexpr std::uint32_t none = FragmentPool::none;
constexpr HashKey key{1, 2};

std::uint32_t add(FragmentPool& pool, std::uint32_t& root, std::uint64_t order) {
    const std::uint32_t index = pool.take();
    pool[index].order = order;
    pool.insert(root, index);
    return index;
}

std::size_t depth(const FragmentPool& pool, std::uint32_t root) {
    std::size_t deepest = 0;
    std::vector<std::pair<std::uint32_t, std::size_t>> open{{root, 1}};
    while (!open.empty()) {
        const auto [at, level] = open.back();
        open.pop_back();
        if (at == none) continue;
        deepest = std::max(deepest, level);
        open.emplace_back(pool[at].left, level + 1);
        open.emplace_back(pool[at].right, level + 1);
    }
    return deepest;
}

TEST(HeldFragment, OrderKeepsOffsetSizeAndMore) {
    HeldFragment fragment{};
    fragment.order = HeldFragment::order_of(65528, 65535, true);
    EXPECT_EQ(fragment.offset(), 65528U);
    EXPECT_EQ(fragment.size(), 65535U);
    EXPECT_EQ(fragment.end(), 131063U);
    EXPECT_LT(HeldFragment::order_of(8, 65535, true), HeldFragment::order_of(16, 0, false));
    EXPECT_LT(HeldFragment::order_of(8, 0, true), HeldFragment::order_of(8, 8, false));
    EXPECT_NE(HeldFragment::order_of(8, 8, true), HeldFragment::order_of(8, 8, false));
}

TEST(FragmentPool, FindsNothingInAnEmptyTree) {
    FragmentPool pool(1, key);
    EXPECT_EQ(pool.find(none, 0), none);
    EXPECT_EQ(pool.last_before(none, UINT32_MAX), none);
    EXPECT_EQ(pool.flatten(none), none);
}

TEST(FragmentPool, LastBeforeIsStrict) {
    FragmentPool pool(3, key);
    std::uint32_t root = none;
    const std::uint32_t at8 = add(pool, root, HeldFragment::order_of(8, 8, true));
    const std::uint32_t empty_at16 = add(pool, root, HeldFragment::order_of(16, 0, true));
    const std::uint32_t at16 = add(pool, root, HeldFragment::order_of(16, 8, true));
    EXPECT_EQ(pool.last_before(root, 8), none);
    EXPECT_EQ(pool.last_before(root, 9), at8);
    EXPECT_EQ(pool.last_before(root, 16), at8);
    EXPECT_EQ(pool.last_before(root, 17), at16);
    EXPECT_NE(at16, empty_at16);
}

TEST(FragmentPool, TakesReleasedNodesAgain) {
    FragmentPool pool(2, key);
    const std::uint32_t a = pool.take(), b = pool.take();
    pool.release(a);
    EXPECT_EQ(pool.take(), a);
    pool.release(b);
    pool.release(a);
    EXPECT_NE(pool.take(), pool.take());
}

TEST(FragmentPool, AgreesWithAMapInAnyOrderOfArrival) {
    for (unsigned seed = 1; seed <= 30; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937 random(seed);
        FragmentPool pool(500, key);
        for (int round = 0; round < 3; ++round) {  // the later ones in nodes that came back
            std::map<std::uint64_t, std::uint32_t> twin;
            std::uint32_t root = none;
            const std::size_t n = 1 + random() % 500;
            while (twin.size() < n) {
                const std::uint64_t order =
                    HeldFragment::order_of(random() % 300 * 8, random() % 3 * 8, random() % 2 == 0);
                const std::uint32_t found = pool.find(root, order);
                if (const auto at = twin.find(order); at != twin.end()) {
                    ASSERT_EQ(found, at->second);
                } else {
                    ASSERT_EQ(found, none);
                    twin.emplace(order, add(pool, root, order));
                }
                const std::uint32_t offset = random() % 2500;
                const auto behind = twin.lower_bound(std::uint64_t{offset} << 32);
                ASSERT_EQ(pool.last_before(root, offset),
                          behind == twin.begin() ? none : std::prev(behind)->second);
            }
            std::uint32_t at = pool.flatten(root);
            for (const auto& [order, index] : twin) {
                ASSERT_EQ(at, index);
                const std::uint32_t next = pool[at].right;
                pool.release(at);
                at = next;
            }
            ASSERT_EQ(at, none);
        }
    }
}

// An operation costs the depth. Of 8,192 nodes with random priorities it is about 30; a list would have
// 8,192.
TEST(FragmentPool, StaysShallowInEveryOrderThatAnAttackerMaySend) {
    constexpr std::uint32_t n = 8192;
    std::vector<std::uint32_t> rising(n), falling, outside_in, shuffled;
    std::iota(rising.begin(), rising.end(), 0);
    falling.assign(rising.rbegin(), rising.rend());
    for (std::uint32_t i = 0; i < n / 2; ++i) {
        outside_in.push_back(i);
        outside_in.push_back(n - 1 - i);
    }
    shuffled = rising;
    std::shuffle(shuffled.begin(), shuffled.end(), std::mt19937(1));
    for (const auto* orders : {&rising, &falling, &outside_in, &shuffled}) {
        FragmentPool pool(n, key);
        std::uint32_t root = none;
        for (const std::uint32_t i : *orders) (void)add(pool, root, HeldFragment::order_of(i * 8, 8, true));
        EXPECT_LE(depth(pool, root), 60U);
    }
}

TEST(FragmentPool, PrioritiesDependOnTheKey) {
    FragmentPool one(8, {1, 2}), other(8, {1, 3});
    bool differ = false;
    for (int i = 0; i < 8; ++i) differ |= one[one.take()].priority != other[other.take()].priority;
    EXPECT_TRUE(differ);
}

}  // namespace
}  // namespace sie::reassembly
