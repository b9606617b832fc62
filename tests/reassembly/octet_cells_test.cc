#include "reassembly/octet_cells.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

#include "support/packet_builder.h"

namespace sie::reassembly {
namespace {

using test::Bytes;
using test::counting;

constexpr std::size_t cell = OctetCells::cell_octets;

Bytes copied(const OctetCells& cells, std::uint32_t chain, std::size_t octets) {
    Bytes out(octets);
    cells.copy(chain, out);
    return out;
}

TEST(OctetCells, KeepsOctetsOfAnyLength) {
    for (const std::size_t n : {std::size_t{1}, cell - 1, cell, cell + 1, 3 * cell, 10 * cell - 1}) {
        OctetCells cells(10);
        const Bytes octets = counting(n);
        EXPECT_EQ(copied(cells, cells.put(octets), n), octets) << n;
    }
}

TEST(OctetCells, CopiesTheBeginningOnly) {
    OctetCells cells(4);
    const std::uint32_t chain = cells.put(counting(200));
    EXPECT_EQ(copied(cells, chain, 70), counting(70));
    EXPECT_EQ(copied(cells, chain, 0), Bytes());
}

TEST(OctetCells, ComparesFromAnyPlaceOn) {
    OctetCells cells(5);
    const Bytes octets = counting(5 * cell);
    const std::uint32_t chain = cells.put(octets);
    for (std::size_t skip = 0; skip <= octets.size(); ++skip) {
        Bytes rest(octets.begin() + static_cast<std::ptrdiff_t>(skip), octets.end());
        ASSERT_TRUE(cells.holds(chain, skip, rest)) << skip;
        for (const std::size_t at : {std::size_t{0}, rest.size() / 2, rest.size() - 1}) {
            if (rest.empty()) continue;
            rest[at] ^= 1;
            ASSERT_FALSE(cells.holds(chain, skip, rest)) << skip << ' ' << at;
            rest[at] ^= 1;
        }
    }
}

TEST(OctetCells, HoldsNothingEverywhere) {
    OctetCells cells(2);
    const std::uint32_t chain = cells.put(counting(2 * cell));
    for (const std::size_t skip : {std::size_t{0}, cell, 2 * cell}) EXPECT_TRUE(cells.holds(chain, skip, {}));
}

// However the free cells are scattered, octets fit as long as enough of them are free.
TEST(OctetCells, EveryFreeCellIsOfUse) {
    OctetCells cells(8);
    std::vector<std::uint32_t> chains;
    for (std::uint8_t i = 0; i < 8; ++i) chains.push_back(cells.put(Bytes(cell, i)));
    for (const std::size_t i : {1, 3, 5, 7}) cells.release(chains[i]);
    const std::uint32_t chain = cells.put(counting(4 * cell));
    EXPECT_EQ(copied(cells, chain, 4 * cell), counting(4 * cell));
    for (const std::uint8_t i : {0, 2, 4, 6}) EXPECT_EQ(copied(cells, chains[i], cell), Bytes(cell, i));
}

TEST(OctetCells, AgreesWithAMapWhateverComesAndGoes) {
    for (unsigned seed = 1; seed <= 10; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937 random(seed);
        constexpr std::size_t all = 64;
        OctetCells cells(all);
        std::map<std::uint32_t, Bytes> held;
        std::size_t used = 0;
        for (int step = 0; step < 3000; ++step) {
            const std::size_t n = 1 + random() % (6 * cell), needed = (n + cell - 1) / cell;
            if (used + needed <= all) {
                Bytes octets(n);
                for (auto& octet : octets) octet = static_cast<std::uint8_t>(random());
                const std::uint32_t chain = cells.put(octets);
                ASSERT_FALSE(held.contains(chain));
                held.emplace(chain, octets);
                used += needed;
                continue;
            }
            const auto at = std::next(held.begin(), static_cast<std::ptrdiff_t>(random() % held.size()));
            ASSERT_EQ(copied(cells, at->first, at->second.size()), at->second);
            cells.release(at->first);
            used -= (at->second.size() + cell - 1) / cell;
            held.erase(at);
        }
    }
}

}  // namespace
}  // namespace sie::reassembly
