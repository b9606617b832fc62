// Octet sources over octets that a test made.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "base/octet_source.h"
#include "base/octets.h"

namespace sie {

// A file without a name that holds `octets`; the caller closes it.
inline int file_with(Octets octets) {
    std::FILE* file = std::tmpfile();
    EXPECT_NE(file, nullptr);
    if (!octets.empty()) {  // no octets, no address to hand on
        EXPECT_EQ(std::fwrite(octets.data(), 1, octets.size(), file), octets.size());
    }
    std::rewind(file);
    const int fd = ::dup(::fileno(file));
    std::fclose(file);
    return fd;
}

inline OctetSource source_of(Octets octets, std::size_t buffer_octets = OctetSource::default_buffer_octets) {
    auto source = OctetSource::adopt(file_with(octets), "made.up", buffer_octets);
    EXPECT_TRUE(source.has_value());
    return std::move(*source);
}

// All octets up to the end or the damage, asked for in windows of `step`.
inline std::vector<std::uint8_t> drain(OctetSource& source, std::size_t step = 1) {
    std::vector<std::uint8_t> all;
    for (Octets window = source.want(step); !window.empty(); window = source.want(step)) {
        all.insert(all.end(), window.begin(), window.end());
        source.advance(window.size());
    }
    return all;
}

}  // namespace sie
