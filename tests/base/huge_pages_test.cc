#include "base/wide_pages.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace sie {
namespace {

constexpr std::size_t page = WidePages::page_octets;

TEST(WidePages, AreZeroAndWritableToTheLastOctet) {
    for (const std::size_t octets :
         {std::size_t{1}, std::size_t{4096}, page - 1, page, page + 1, 3 * page + 5000}) {
        const WidePages memory(octets);
        ASSERT_TRUE(memory) << octets;
        EXPECT_EQ(std::count(memory.data(), memory.data() + octets, 0), static_cast<std::ptrdiff_t>(octets));
        memory.data()[0] = memory.data()[octets - 1] = 1;
    }
}

TEST(WidePages, BeginAtAPageOfTwoMebibytesFromThatSizeOn) {
    for (const std::size_t octets : {page, page + 1, 5 * page})
        for (int i = 0; i < 20; ++i)
            EXPECT_EQ(reinterpret_cast<std::uintptr_t>(WidePages(octets).data()) % page, 0U) << octets;
}

TEST(WidePages, AreEmptyForNothingAndForMoreThanThereIs) {
    EXPECT_FALSE(WidePages());
    for (const std::size_t octets : {std::size_t{0}, SIZE_MAX, SIZE_MAX - page, SIZE_MAX / 2})
        EXPECT_FALSE(WidePages(octets)) << octets;
}

TEST(WidePages, MoveWithTheirContent) {
    WidePages first(page);
    first.data()[7] = 7;
    WidePages second(std::move(first));
    EXPECT_EQ(second.data()[7], 7);
    WidePages third(4096);
    third = std::move(second);
    EXPECT_EQ(third.data()[7], 7);
}

}  // namespace
}  // namespace sie
