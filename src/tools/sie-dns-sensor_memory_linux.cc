#include <malloc.h>

#include "tools/sie-dns-sensor_memory.h"

namespace sie::tools {

void return_large_blocks() {
#ifdef M_MMAP_THRESHOLD
    constexpr int half_a_container = 512 << 10;
    static_cast<void>(mallopt(M_MMAP_THRESHOLD, half_a_container));
#endif
}

}  // namespace sie::tools
