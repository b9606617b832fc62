#include "status/process_status.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "spool/durable.h"

namespace sie::status {
namespace {

// The second number: resident pages (proc(5)).
[[nodiscard]] std::uint64_t resident_octets() {
    const spool::Descriptor file(::open("/proc/self/statm", O_RDONLY | O_CLOEXEC));
    if (file.get() < 0) return 0;
    std::array<char, 128> text{};
    if (::read(file.get(), text.data(), text.size() - 1) <= 0) return 0;
    unsigned long long pages = 0;
    if (std::sscanf(text.data(), "%*u %llu", &pages) != 1) return 0;
    return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

[[nodiscard]] std::int64_t ns_of(const timeval& time) {
    return std::int64_t{time.tv_sec} * Time::per_second + std::int64_t{time.tv_usec} * 1000;
}

}  // namespace

ProcessStatus read_process_status() {
    ProcessStatus status;
    rusage usage{};
    if (::getrusage(RUSAGE_SELF, &usage) == 0) {
        status.peak_octets = static_cast<std::uint64_t>(usage.ru_maxrss) << 10;
        status.cpu_ns = ns_of(usage.ru_utime) + ns_of(usage.ru_stime);
    }
    status.resident_octets = resident_octets();
    // The kernel updates the two at different times.
    status.peak_octets = std::max(status.peak_octets, status.resident_octets);
    rlimit limit{};
    if (::getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        status.limit_octets = limit.rlim_cur;
    return status;
}

}  // namespace sie::status
