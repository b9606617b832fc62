#include "daemon/memory_limit.h"

#include <pthread.h>
#include <sys/mman.h>

#include <limits>

#include "in_child.h"

namespace sie::daemon {
namespace {

using test::in_child;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool reserves_terabytes = true;
#elif defined(__has_feature)
constexpr bool reserves_terabytes = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool reserves_terabytes = false;
#endif

bool can_map(std::size_t octets) {
    void* memory = ::mmap(nullptr, octets, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return false;
    ::munmap(memory, octets);
    return true;
}

TEST(MemoryLimit, HoldsForAddressSpace) {
    if (reserves_terabytes) GTEST_SKIP() << "a sanitizer reserves more than any limit";
    EXPECT_EQ(in_child([] {
                  constexpr std::size_t half = std::size_t{256} << 20;
                  return can_map(2 * half) && limit_memory(524'288, 0) && can_map(half) && !can_map(2 * half);
              }),
              0);
}

TEST(MemoryLimit, AStricterOneStaysAndAnEndlessOneIsNone) {
    if (reserves_terabytes) GTEST_SKIP() << "a sanitizer reserves more than any limit";
    EXPECT_EQ(in_child([] {
                  rlimit before{}, after{};
                  ::getrlimit(RLIMIT_AS, &before);
                  if (!limit_memory(std::numeric_limits<std::uint64_t>::max(), 0)) return false;
                  ::getrlimit(RLIMIT_AS, &after);
                  if (after.rlim_cur < (rlim_t{1} << 50) && after.rlim_cur != before.rlim_cur) return false;
                  if (!limit_memory(1'048'576, 0) || !limit_memory(2'097'152, 0)) return false;
                  ::getrlimit(RLIMIT_AS, &after);
                  return after.rlim_cur == rlim_t{1} << 30 && after.rlim_max == rlim_t{1} << 30;
              }),
              0);
}

TEST(MemoryLimit, ThreadsGetTheStackThatTheyAreGiven) {
    if (reserves_terabytes) GTEST_SKIP() << "a sanitizer reserves more than any limit";
    EXPECT_EQ(in_child([] {
                  if (!limit_memory(524'288, 512 << 10)) return false;
                  std::size_t size = 0;
                  std::thread([&] {
                      pthread_attr_t attributes;
                      if (::pthread_getattr_np(::pthread_self(), &attributes) != 0) return;
                      ::pthread_attr_getstacksize(&attributes, &size);
                      ::pthread_attr_destroy(&attributes);
                  }).join();
                  return size == std::size_t{512} << 10;
              }),
              0);
}

}  // namespace
}  // namespace sie::daemon
