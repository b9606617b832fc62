// What a child process takes on between fork() and exec: an end with its parent, and no descriptor of its
// parent's. Linux; elsewhere the child ends when its pipes break, and descriptors opened with O_CLOEXEC are
// closed by exec.
#pragma once

#include <sys/types.h>

namespace sie::upload {

#ifdef SIE_PORTABLE
inline void end_with_parent(pid_t) {}
inline void close_all_but_standard_streams() {}
#else
// SIGTERM when the thread that forked it is gone; at once if it is gone already.
void end_with_parent(pid_t parent);
void close_all_but_standard_streams();
#endif

}  // namespace sie::upload
