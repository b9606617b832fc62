// xorshift64* (Vigna, 2016): the same numbers everywhere, so that what is made for measuring is the same.
#pragma once

#include <cmath>
#include <cstdint>

namespace sie::bench {

struct Random {
    std::uint64_t state;  // not 0

    std::uint64_t word() {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        return state * 0x2545f4914f6cdd1dULL;
    }
    std::uint64_t operator()() { return word() >> 8; }
    std::uint64_t below(std::uint64_t n) { return (*this)() % n; }
    bool percent(unsigned p) { return below(100) < p; }
    double unit() { return static_cast<double>((*this)() >> 3) / static_cast<double>(1ULL << 53); }
    double normal() {
        return std::sqrt(-2 * std::log(1 - unit())) * std::cos(2 * 3.14159265358979323846 * unit());
    }
};

// One to one, and neighbours become unlike (the finalizer of SplitMix64): a seed for each thing by its
// number.
[[nodiscard]] constexpr std::uint64_t mixed(std::uint64_t x) {
    x += 0x9e3779b97f4a7c15ULL;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
    return x ^ x >> 31;
}
[[nodiscard]] constexpr Random random_of(std::uint64_t what) { return {mixed(what) | 1}; }

}  // namespace sie::bench
