#include "base/keyed_hash.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <map>
#include <random>
#include <set>
#include <vector>

#include "support/seed.h"

namespace sie {
namespace {

using Words = std::vector<std::uint64_t>;
using Block = std::array<std::uint8_t, 16>;

// One AES round (FIPS 197 §5.1: SubBytes, ShiftRows, MixColumns, AddRoundKey), from its definition.
std::uint8_t doubled(std::uint8_t x) { return static_cast<std::uint8_t>(x << 1 ^ (x >> 7) * 0x1b); }
std::uint8_t product(std::uint8_t a, std::uint8_t b) {
    std::uint8_t sum = 0;
    for (; b != 0; b >>= 1, a = doubled(a))
        if ((b & 1) != 0) sum ^= a;
    return sum;
}
std::uint8_t substituted(std::uint8_t x) {
    std::uint8_t inverse = 0;
    for (unsigned y = 1; y < 256 && x != 0; ++y)
        if (product(x, static_cast<std::uint8_t>(y)) == 1) inverse = static_cast<std::uint8_t>(y);
    std::uint8_t result = 0x63;
    for (int turn = 0; turn < 5; ++turn) result ^= std::rotl(inverse, turn);
    return result;
}
Block aes_round(const Block& in, const Block& key) {
    Block out{};
    for (std::size_t column = 0; column < 4; ++column) {
        std::array<std::uint8_t, 4> a{};
        for (std::size_t row = 0; row < 4; ++row) a[row] = substituted(in[4 * ((column + row) % 4) + row]);
        for (std::size_t row = 0; row < 4; ++row)
            out[4 * column + row] =
                static_cast<std::uint8_t>(doubled(a[row]) ^ doubled(a[(row + 1) % 4]) ^ a[(row + 1) % 4] ^
                                          a[(row + 2) % 4] ^ a[(row + 3) % 4] ^ key[4 * column + row]);
    }
    return out;
}

Block block_of(std::uint64_t low, std::uint64_t high) {
    Block block{};
    store_le64(block.data(), low);
    store_le64(block.data() + 8, high);
    return block;
}

// What keyed_hash.h says, octet by octet.
// A head of two words, or of five, four of them as octets.
KeyedHash::Pair plain(HashKey key, const Words& head, const std::vector<std::uint8_t>& tail) {
    std::array<std::uint64_t, 4> round_keys{};
    for (std::uint64_t i = 0; i < 4; ++i) {
        SipHash hash(key);
        hash.word(i);
        round_keys[i] = hash.finish();
    }
    const Block first = block_of(round_keys[0], round_keys[1]),
                second = block_of(round_keys[2], round_keys[3]);
    const auto mix = [&](Block state, const Block& block) {
        for (std::size_t i = 0; i < 16; ++i) state[i] ^= block[i];
        return aes_round(aes_round(state, first), second);
    };
    Block state = block_of(key.k0, key.k1);
    for (std::size_t i = 0; i < head.size(); i += 2)
        state = mix(state, block_of(head[i], i + 1 < head.size() ? head[i + 1] : 0));
    const std::uint32_t of_head = load_le32(mix(state, second).data());
    const std::uint8_t* p = tail.data();
    std::size_t left = tail.size();
    for (; left > 16; p += 16, left -= 16) {
        Block block{};
        std::copy(p, p + 16, block.begin());
        state = mix(state, block);
    }
    Block rest{};
    if (tail.size() >= 16)
        std::copy(tail.end() - 16, tail.end(), rest.begin());
    else if (left >= 8)
        rest = block_of(load_le64(p), load_le64(p + left - 8));
    else if (left >= 4)
        rest = block_of(load_le32(p), load_le32(p + left - 4));
    else if (left > 0)
        rest = block_of(p[0] | std::uint64_t{p[left / 2]} << 8 | std::uint64_t{p[left - 1]} << 16, 0);
    state = mix(state, rest);
    return {of_head, load_le32(mix(state, block_of(tail.size(), 0)).data())};
}

std::array<std::uint8_t, 32> octets_of(const Words& head) {
    std::array<std::uint8_t, 32> octets{};
    for (std::size_t i = 0; i < 4; ++i) store_le64(octets.data() + 8 * i, head[i]);
    return octets;
}
KeyedHash::Pair by_aes(const KeyedHash& hash, const Words& head, const std::vector<std::uint8_t>& tail) {
    if (head.size() == 2) return hash.by_aes(head[0], head[1], tail);
    const auto octets = octets_of(head);
    return hash.by_aes(octets.data(), octets.data() + 16, head[4], tail);
}
KeyedHash::Pair by_siphash(const KeyedHash& hash, const Words& head, const std::vector<std::uint8_t>& tail) {
    if (head.size() == 2) return hash.by_siphash(head[0], head[1], tail);
    const auto octets = octets_of(head);
    return hash.by_siphash(octets.data(), octets.data() + 16, head[4], tail);
}

class EachWay : public testing::TestWithParam<bool> {
  protected:
    void SetUp() override {
        if (GetParam() && !KeyedHash::has_aes()) GTEST_SKIP() << "this processor has no AES instructions";
    }
    KeyedHash::Pair hash(const KeyedHash& hash, const Words& head,
                         const std::vector<std::uint8_t>& tail) const {
        return GetParam() ? by_aes(hash, head, tail) : by_siphash(hash, head, tail);
    }
};
INSTANTIATE_TEST_SUITE_P(KeyedHash, EachWay, testing::Bool(),
                         [](const auto& way) { return way.param ? "Aes" : "SipHash"; });

TEST(KeyedHash, TheAesRoundOfThisTestIsThatOfTheStandard) {
    // FIPS 197 appendix B, round 1.
    const Block in{0x19, 0x3d, 0xe3, 0xbe, 0xa0, 0xf4, 0xe2, 0x2b,
                   0x9a, 0xc6, 0x8d, 0x2a, 0xe9, 0xf8, 0x48, 0x08};
    const Block key{0xa0, 0xfa, 0xfe, 0x17, 0x88, 0x54, 0x2c, 0xb1,
                    0x23, 0xa3, 0x39, 0x39, 0x2a, 0x6c, 0x76, 0x05};
    const Block out{0xa4, 0x9c, 0x7f, 0xf2, 0x68, 0x9f, 0x35, 0x2b,
                    0x6b, 0x5b, 0xea, 0x43, 0x02, 0x6a, 0x50, 0x49};
    EXPECT_EQ(aes_round(in, key), out);
}

TEST(KeyedHash, AesGivesWhatItsPlainTwinGives) {
    if (!KeyedHash::has_aes()) GTEST_SKIP() << "this processor has no AES instructions";
    std::mt19937_64 random(test::seed());
    for (std::size_t octets = 0; octets < 70; ++octets)
        for (const std::size_t words : {2, 5}) {
            const HashKey key{random(), random()};
            Words head(words);
            for (auto& word : head) word = random();
            std::vector<std::uint8_t> tail(octets);
            for (auto& octet : tail) octet = static_cast<std::uint8_t>(random());
            const auto twin = plain(key, head, tail), fast = by_aes(KeyedHash(key), head, tail);
            EXPECT_EQ(fast.head, twin.head) << octets;
            EXPECT_EQ(fast.whole, twin.whole) << octets;
        }
}

TEST_P(EachWay, EveryBitOfKeyHeadAndTailCounts) {
    const Words head{1, 2, 3, 4, 5};
    for (std::size_t octets : {1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 32, 33, 48, 255}) {
        const std::vector<std::uint8_t> tail(octets, 0x61);
        const auto base = hash(KeyedHash({7, 8}), head, tail);
        std::set<std::uint32_t> wholes{base.whole}, heads{base.head};
        for (std::size_t bit = 0; bit < 8 * octets; ++bit) {
            auto changed = tail;
            changed[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
            const auto other = hash(KeyedHash({7, 8}), head, changed);
            EXPECT_EQ(other.head, base.head);
            EXPECT_TRUE(wholes.insert(other.whole).second) << octets << ' ' << bit;
        }
        for (std::size_t bit = 0; bit < 320; ++bit) {
            auto changed = head;
            changed[bit / 64] ^= std::uint64_t{1} << bit % 64;
            const auto other = hash(KeyedHash({7, 8}), changed, tail);
            EXPECT_TRUE(heads.insert(other.head).second) << bit;
            EXPECT_TRUE(wholes.insert(other.whole).second) << octets << ' ' << bit;
        }
        for (std::size_t bit = 0; bit < 128; ++bit) {
            HashKey key{7, 8};
            (bit < 64 ? key.k0 : key.k1) ^= std::uint64_t{1} << bit % 64;
            const auto other = hash(KeyedHash(key), head, tail);
            EXPECT_TRUE(heads.insert(other.head).second) << bit;
            EXPECT_TRUE(wholes.insert(other.whole).second) << octets << ' ' << bit;
        }
    }
}

TEST_P(EachWay, TailsThatDifferInLengthAloneDiffer) {
    for (const std::uint8_t filler : {0, 0x61}) {
        std::set<std::uint32_t> seen;
        for (std::size_t octets = 0; octets < 256; ++octets)
            EXPECT_TRUE(
                seen.insert(hash(KeyedHash({1, 2}), {3, 4}, std::vector<std::uint8_t>(octets, filler)).whole)
                    .second)
                << octets;
    }
}

// What would fold onto few values if one AES round stood between two blocks: all values of an octet of the
// first block with all values that its difference could take one round later in the second (a column of
// MixColumns).
TEST_P(EachWay, ADifferenceIsNotTakenBackByTheNextBlock) {
    constexpr std::array<std::uint8_t, 4> column{2, 1, 1, 3};
    for (std::uint64_t keys = 0; keys < 4; ++keys) {
        std::map<std::uint32_t, unsigned> seen;
        unsigned most = 0;
        for (unsigned first = 0; first < 256; ++first)
            for (unsigned second = 0; second < 256; ++second) {
                std::vector<std::uint8_t> tail(33, 0x61);
                tail[0] = static_cast<std::uint8_t>(first);
                for (std::size_t row = 0; row < 4; ++row)
                    tail[16 + row] = product(static_cast<std::uint8_t>(second), column[row]);
                most = std::max(most, ++seen[hash(KeyedHash({keys, 99}), {1, 2}, tail).whole]);
            }
        EXPECT_GE(seen.size(), 65'500U);  // of 65,536: half a pair is expected to meet
        EXPECT_LE(most, 3U);
    }
}

TEST_P(EachWay, CountersSpreadOverBucketsAsChanceWould) {
    constexpr unsigned buckets = 1024, each = 64;
    std::vector<unsigned> of_head(buckets), of_whole(buckets);
    for (std::uint64_t i = 0; i < std::uint64_t{buckets} * each; ++i) {
        std::vector<std::uint8_t> tail(20, 0);
        store_le32(tail.data() + 3, static_cast<std::uint32_t>(i));
        const auto pair = hash(KeyedHash({5, 6}), {i << 16, 9}, tail);
        ++of_head[pair.head % buckets];
        ++of_whole[pair.whole % buckets];
    }
    for (const auto* counts : {&of_head, &of_whole}) {
        double chi = 0;
        for (const unsigned count : *counts) chi += (count - double{each}) * (count - double{each}) / each;
        EXPECT_GT(chi, 1023 - 6 * 45.2);  // mean 1023, standard deviation √(2 × 1023)
        EXPECT_LT(chi, 1023 + 6 * 45.2);
    }
}

}  // namespace
}  // namespace sie
