// Counts allocations: the program that refers to it gets a global operator new that does.
//
//   const std::uint64_t before = AllocationCount::now();
//   …
//   EXPECT_EQ(AllocationCount::now(), before);
//
// All threads together. malloc() called directly (by C libraries) is not seen.
#pragma once

#include <cstdint>

namespace sie {

struct AllocationCount {
    [[nodiscard]] static std::uint64_t now();
};

}  // namespace sie
