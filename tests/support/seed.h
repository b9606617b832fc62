// The seed of tests that make their input at random: the same in every run, so that what failed fails again
// and nothing else does; SIE_SEED=N takes another, SIE_SEED=random one that is printed.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string_view>

namespace sie::test {

inline std::uint64_t seed() {
    std::uint64_t seed = 20231114;
    if (const char* wanted = std::getenv("SIE_SEED"); wanted != nullptr && *wanted != '\0')
        seed = std::string_view(wanted) == "random" ? std::random_device{}()
                                                    : std::strtoull(wanted, nullptr, 10);
    std::printf("SIE_SEED=%llu\n", static_cast<unsigned long long>(seed));
    return seed;
}

}  // namespace sie::test
