#include "daemon/memory_limit.h"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <limits>

namespace sie::daemon {

Result<void> limit_memory(std::uint64_t memory_ulimit_kbytes, std::size_t stack_octets) {
    if (const int failed = spare_address_space(stack_octets); failed != 0)
        return fail_errno("memory_ulimit_kbytes", "the threads' stacks cannot be set", failed);
    rlimit limit{};
    if (::getrlimit(RLIMIT_AS, &limit) != 0)
        return fail_errno("memory_ulimit_kbytes", "the limit cannot be read", errno);
    const rlim_t most = std::numeric_limits<rlim_t>::max() / 1024;
    const rlim_t wanted = static_cast<rlim_t>(std::min<std::uint64_t>(memory_ulimit_kbytes, most)) * 1024;
    // A stricter limit of whoever started this process stays.
    limit.rlim_cur = std::min({limit.rlim_cur, limit.rlim_max, wanted});
    limit.rlim_max = std::min(limit.rlim_max, wanted);
    if (::setrlimit(RLIMIT_AS, &limit) != 0)
        return fail_errno("memory_ulimit_kbytes", "the limit cannot be set", errno);
    return {};
}

}  // namespace sie::daemon
