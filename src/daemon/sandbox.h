// Which system calls a process may make from here on (seccomp).
//
// The sensor has a list of what it needs; all else kills the process with SIGSYS. The uploader, which runs
// ssh and rsync, has a list of what none of them needs. Either holds for all threads, those already running
// included, for every child, and for good; it sets no_new_privs. Only calls of the native ABI are let through
// (no x32, no i386 on amd64). To be entered last: after files, sockets, privileges and priority. A call that
// libraries try and can do without is refused with an error instead of SIGSYS; which ones, say the lists in
// sandbox_linux.cc.
//
// On i386 programs reach sockets by one call whose arguments a filter cannot see: there, families are not
// told apart.
#pragma once

#include <sys/types.h>

#include <vector>

#include "base/result.h"

namespace sie::daemon {

// Errors: system, if this kernel has no seccomp; the process is then as before.
#ifdef SIE_PORTABLE
[[nodiscard]] inline Result<void> enter_sensor_sandbox(const std::vector<pid_t>& = {}) { return {}; }
[[nodiscard]] inline Result<void> enter_uploader_sandbox() { return {}; }
#else
// Files; ring or libpcap on an interface, and attaching again; Unix sockets; sockets that are open already (a
// metrics port may be accepted on, none may be made); threads. No exec, no fork, no memory that is
// executable. `may_signal`: processes that it may send signals to besides itself (the uploader).
[[nodiscard]] Result<void> enter_sensor_sandbox(const std::vector<pid_t>& may_signal = {});

// Forbidden: looking into other processes, mounts and namespaces, modules and kexec, BPF, keys, raw and
// packet sockets, the clock, other users.
[[nodiscard]] Result<void> enter_uploader_sandbox();
#endif

}  // namespace sie::daemon
