// What fits into memory_ulimit_kbytes: the tables, the rings and the queue to the disk, sized so that the
// sensor never meets the limit (memory_limit.h) while it runs.
//
// Pure. RLIMIT_AS counts address space, so each part counts with all that it may ever reserve. What the
// settings want, less whatever does not fit: the table of waiting queries and the octets kept of them shrink
// first, down to 8 MiB of a worker; then rings, then the queue, then the table again. A table that is too
// small evicts, and counts that; it is never a failure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace sie::daemon {

struct TableSizes {
    std::uint32_t state_table_max = 0;      // queries, over all workers
    std::size_t stored_octets = 0;          // of each worker: the bound on what is kept of waiting queries
    std::uint64_t ring_kbytes = 0;          // all rings of an interface together
    std::size_t queued_containers = 0;      // over all workers
    std::size_t stack_octets = 0;           // of each thread
    std::uint64_t expected_kbytes = 0;      // address space at most, by this reckoning
    std::vector<std::string> made_smaller;  // in words, for the log; empty: all is as the settings want it
};

inline constexpr std::uint64_t best_writer_kbytes = 16'384;

struct TableWishes {
    std::uint64_t memory_ulimit_kbytes = 524'288;
    std::uint32_t state_table_max = 131'072;
    std::uint64_t ring_kbytes = 16'384;
    unsigned workers = 1;
    unsigned interfaces = 1;
    // Containers at work and the encoder, as measured: 7 MiB, with compression `best` 16
    // (best_writer_kbytes).
    std::uint64_t writer_kbytes = 7'168;
};

// Errors: usage, if not even the least sizes fit: how much it takes.
[[nodiscard]] Result<TableSizes> sizes_for(const TableWishes& wishes);

}  // namespace sie::daemon
