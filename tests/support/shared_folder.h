// The folder of shared documents: what SIE_SHARED names, else ../shared beside the tree. Tests that need it
// skip without it, with a reason; REQUIRE_ALL=1 makes that a failure.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>

namespace sie::test {

inline std::filesystem::path shared_folder(const char* part) {
    const char* named = std::getenv("SIE_SHARED");
    // SIE_TEST_DATA is the tests' folder of the tree.
    const std::filesystem::path root = named != nullptr
                                           ? std::filesystem::path(named)
                                           : std::filesystem::path(SIE_TEST_DATA) / ".." / ".." / "shared";
    return (root / part).lexically_normal();
}

}  // namespace sie::test

#define SIE_SKIP_WITHOUT(folder) \
    if (!std::filesystem::exists(folder)) GTEST_SKIP() << (folder) << " is not there (set SIE_SHARED)"
