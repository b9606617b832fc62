#include "base/huge_pages.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace sie {
namespace {

constexpr std::size_t page = HugePages::page_octets;

TEST(HugePages, AreZeroAndWritableToTheLastOctet) {
    for (const std::size_t octets :
         {std::size_t{1}, std::size_t{4096}, page - 1, page, page + 1, 3 * page + 5000}) {
        const HugePages memory(octets);
        ASSERT_TRUE(memory) << octets;
        EXPECT_EQ(std::count(memory.data(), memory.data() + octets, 0), static_cast<std::ptrdiff_t>(octets));
        memory.data()[0] = memory.data()[octets - 1] = 1;
    }
}

TEST(HugePages, BeginAtAPageOfTwoMebibytesFromThatSizeOn) {
    for (const std::size_t octets : {page, page + 1, 5 * page})
        for (int i = 0; i < 20; ++i)
            EXPECT_EQ(reinterpret_cast<std::uintptr_t>(HugePages(octets).data()) % page, 0U) << octets;
}

TEST(HugePages, AreEmptyForNothingAndForMoreThanThereIs) {
    EXPECT_FALSE(HugePages());
    for (const std::size_t octets : {std::size_t{0}, SIZE_MAX, SIZE_MAX - page, SIZE_MAX / 2})
        EXPECT_FALSE(HugePages(octets)) << octets;
}

TEST(HugePages, MoveWithTheirContent) {
    HugePages first(page);
    first.data()[7] = 7;
    HugePages second(std::move(first));
    EXPECT_EQ(second.data()[7], 7);
    HugePages third(4096);
    third = std::move(second);
    EXPECT_EQ(third.data()[7], 7);
}

}  // namespace
}  // namespace sie
