// memory_ulimit_kbytes, made true for this process and its children (RLIMIT_AS). table_sizes.h says what
// fits.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.h"

namespace sie::daemon {

// Before there are threads: each gets a stack of `stack_octets` (0: as the system has it), and the C library
// is kept from reserving 64 MiB for each of them. A stricter limit that is there already stays. What is
// reserved already counts too. Errors: system.
[[nodiscard]] Result<void> limit_memory(std::uint64_t memory_ulimit_kbytes, std::size_t stack_octets);

// The part of it that the C library has a say in; 0 or an errno.
#ifdef SIE_PORTABLE
[[nodiscard]] inline int spare_address_space(std::size_t) { return 0; }
#else
[[nodiscard]] int spare_address_space(std::size_t stack_octets);
#endif

}  // namespace sie::daemon
