#include <malloc.h>
#include <pthread.h>

#include "daemon/memory_limit.h"

namespace sie::daemon {

int spare_address_space(std::size_t stack_octets) {
#ifdef M_ARENA_MAX
    static_cast<void>(::mallopt(M_ARENA_MAX, 1));
#endif
    if (stack_octets == 0) return 0;
#ifdef __GLIBC__
    pthread_attr_t attributes;
    int failed = ::pthread_attr_init(&attributes);
    if (failed != 0) return failed;
    failed = ::pthread_attr_setstacksize(&attributes, stack_octets);
    if (failed == 0) failed = ::pthread_setattr_default_np(&attributes);
    ::pthread_attr_destroy(&attributes);
    return failed;
#else
    return 0;  // other C libraries have small stacks
#endif
}

}  // namespace sie::daemon
