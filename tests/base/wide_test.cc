// The 128 bits in two halves against the compiler's, where it has them.
#include "base/wide.h"

#include <gtest/gtest.h>

#include <random>

namespace sie {
namespace {

TEST(Wide, CarriesGoFromHalfToHalf) {
    constexpr std::uint64_t most = ~std::uint64_t{0};
    constexpr WideByHalves square = WideByHalves{most} * most;  // 2^128 - 2^65 + 1
    static_assert(static_cast<std::uint64_t>(square) == 1);
    static_assert(static_cast<std::uint64_t>(square >> 64) == most - 1);
    static_assert(WideByHalves{most} + 1U > WideByHalves{most});
    static_assert((WideByHalves{1} << 64) - 1U == WideByHalves{most});
    static_assert(((WideByHalves{1} << 100) >> 99) == WideByHalves{2});
}

#ifdef __SIZEOF_INT128__
Wide value_of(WideByHalves x) {
    return (Wide{static_cast<std::uint64_t>(x >> 64)} << 64) | static_cast<std::uint64_t>(x);
}

TEST(Wide, HalvesAreWhatTheCompilerSays) {
    std::mt19937_64 random(1);
    // Of all sizes, with ends of the halves among them.
    const auto some = [&] { return random() >> (random() % 64); };
    for (int i = 0; i < 200'000; ++i) {
        const std::uint64_t a = some(), b = some(), c = some(), d = i % 3 == 0 ? c : some();
        const auto by = static_cast<unsigned>(random() % 128);
        const WideByHalves x = WideByHalves{a} * b + c, y = WideByHalves{d} * b + c;
        const Wide p = Wide{a} * b + c, q = Wide{d} * b + c;
        ASSERT_TRUE(value_of(x) == p && value_of(y) == q) << a << ' ' << b << ' ' << c;
        ASSERT_TRUE(value_of(x * c) == p * c) << a << ' ' << b << ' ' << c;
        ASSERT_TRUE(value_of(x - y) == p - q && value_of(x + y) == p + q && value_of(x & y) == (p & q));
        ASSERT_TRUE(value_of(x << by) == p << by && value_of(x >> by) == p >> by) << by;
        ASSERT_TRUE((x < y) == (p < q) && (x == y) == (p == q));
    }
}
#endif

}  // namespace
}  // namespace sie
