// How much of a file is whole: containers (FACTS N1–N3, N8, N11, N21), plain or in zstd frames.
//
// In: a file descriptor of a plain file and its size. Out: the length of the longest beginning that consists
// of whole containers and can stand as a file. One pass. Memory, whatever the file states: 33 MiB, 80 MiB
// more if there are fragments, a zstd window of at most 128 MiB. One thread.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace sie::spool {

struct WholeContainers {
    enum class Form : std::uint8_t {
        none,     // something else: it begins with no header of a container that we know
        damaged,  // the first container is not whole, and more octets follow it
        nothing,  // empty, begins with 256 KiB of zeros (or is shorter and all zeros), or ends in the first
                  // container
        plain,
        zstd,
    };
    Form form = Form::nothing;
    std::uint64_t octets = 0;      // of the file, up to the last whole container
    std::uint64_t containers = 0;  // fragments of one container count as one
};

// An error number if the file cannot be read.
[[nodiscard]] tl::expected<WholeContainers, int> whole_containers(int fd, std::uint64_t size);

}  // namespace sie::spool
