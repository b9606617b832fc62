#include <linux/netlink.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <initializer_list>
#include <memory>
#include <vector>

#include "daemon/sandbox.h"

namespace sie::daemon {

namespace {

// Names, so that a call that a C library of another age or machine makes is there too; those that this
// libseccomp or machine does not know are left out.
constexpr const char* sensor_calls[] = {
    // memory and threads (mmap, mprotect, clone, prctl: below)
    "brk", "munmap", "mremap", "madvise", "mincore", "membarrier", "futex", "futex_time64", "set_robust_list",
    "get_robust_list", "rseq", "set_tid_address", "sched_yield", "sched_getaffinity", "sched_getparam",
    "sched_getscheduler", "exit", "exit_group", "restart_syscall", "rt_sigaction", "rt_sigprocmask",
    "rt_sigreturn", "sigreturn", "rt_sigtimedwait", "rt_sigtimedwait_time64", "rt_sigpending",
    "rt_sigsuspend", "sigaltstack", "signalfd4", "wait4", "waitid", "waitpid", "pause",
    // time, and what the process and the machine are
    "clock_gettime", "clock_gettime64", "clock_getres", "clock_getres_time64", "clock_nanosleep",
    "clock_nanosleep_time64", "nanosleep", "gettimeofday", "time", "times", "adjtimex", "clock_adjtime",
    "clock_adjtime64", "getrandom", "getpid", "gettid", "getppid", "getuid", "geteuid", "getgid", "getegid",
    "getuid32", "geteuid32", "getgid32", "getegid32", "getresuid", "getresgid", "getresuid32", "getresgid32",
    "getrusage", "getrlimit", "ugetrlimit", "getpriority", "getcpu", "sysinfo", "uname", "getcwd", "umask",
    "capget",
    // files
    "open", "openat", "openat2", "creat", "close", "close_range", "read", "write", "pread64", "pwrite64",
    "readv", "writev", "preadv", "pwritev", "preadv2", "pwritev2", "lseek", "_llseek", "fstat", "fstat64",
    "stat", "stat64", "lstat", "lstat64", "newfstatat", "fstatat64", "statx", "statfs", "statfs64", "fstatfs",
    "fstatfs64", "access", "faccessat", "faccessat2", "readlink", "readlinkat", "getdents", "getdents64",
    "rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir",
    "ftruncate", "ftruncate64", "truncate", "fallocate", "fsync", "fdatasync", "sync_file_range",
    "sync_file_range2", "fadvise64", "fadvise64_64", "arm_fadvise64_64", "readahead", "flock", "utimensat",
    "utimensat_time64", "futimesat", "sendfile", "sendfile64", "copy_file_range", "splice", "fcntl",
    "fcntl64", "dup", "dup2", "dup3", "pipe", "pipe2", "eventfd2",
    // waiting
    "poll", "ppoll", "ppoll_time64", "select", "_newselect", "pselect6", "pselect6_time64", "epoll_create1",
    "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2", "timerfd_create", "timerfd_settime",
    "timerfd_settime64", "timerfd_gettime", "timerfd_gettime64",
    // sockets that are there (socket: below)
    "bind", "connect", "listen", "accept", "accept4", "getsockname", "getpeername", "getsockopt",
    "setsockopt", "sendto", "send", "sendmsg", "sendmmsg", "recvfrom", "recv", "recvmsg", "recvmmsg",
    "recvmmsg_time64", "shutdown"};

// Libraries try them and do without.
constexpr struct {
    const char* name;
    int answer;
} sensor_refusals[] = {
    {"clone3", ENOSYS},  // its flags lie where no filter sees them; the C library falls back to clone
    {"io_uring_setup", ENOSYS},
    {"sched_setaffinity", EPERM},
    {"sched_setscheduler", EPERM},
    {"setpriority", EPERM},
    {"mlock", EPERM},
    {"mbind", EPERM},
    {"get_mempolicy", EPERM},
    {"set_mempolicy", EPERM},
};

constexpr const char* never_of_an_uploader[] = {
    // other processes' memory
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp", "pidfd_getfd",
    "userfaultfd", "perf_event_open", "bpf",
    // mounts and namespaces
    "mount", "umount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "fsopen", "fsconfig",
    "fsmount", "fspick", "mount_setattr", "setns", "unshare", "open_by_handle_at", "quotactl", "quotactl_fd",
    "swapon", "swapoff",
    // the kernel
    "init_module", "finit_module", "delete_module", "create_module", "kexec_load", "kexec_file_load",
    "reboot", "iopl", "ioperm", "modify_ldt", "vm86", "vm86old", "syslog", "acct", "lookup_dcookie",
    "nfsservctl", "uselib", "_sysctl", "sysfs", "vhangup", "personality",
    // keys
    "add_key", "request_key", "keyctl",
    // names and time of the machine
    "sethostname", "setdomainname", "settimeofday", "clock_settime", "clock_settime64", "stime", "adjtimex",
    "clock_adjtime", "clock_adjtime64",
    // devices
    "mknod", "mknodat"};

// Answered: rsync and ssh may ask for what they have already.
constexpr const char* no_other_user[] = {
    "setuid",     "setuid32",   "setgid",      "setgid32",    "setreuid",    "setreuid32", "setregid",
    "setregid32", "setresuid",  "setresuid32", "setresgid",   "setresgid32", "setfsuid",   "setfsuid32",
    "setfsgid",   "setfsgid32", "setgroups",   "setgroups32", "capset"};

constexpr unsigned long namespaces[] = {CLONE_NEWUSER, CLONE_NEWNS,  CLONE_NEWPID,   CLONE_NEWNET,
                                        CLONE_NEWIPC,  CLONE_NEWUTS, CLONE_NEWCGROUP};

constexpr unsigned long internet[] = {AF_INET, AF_INET6};

constexpr unsigned long type_bits = ~static_cast<unsigned long>(SOCK_CLOEXEC | SOCK_NONBLOCK) & 0xffffffffUL;

// PR_SET_VMA: the C library names its memory for whoever looks.
constexpr unsigned long name_memory = 0x53564d41;

// A filter in the making; the first failure is kept, and load() tells it.
class Filter {
  public:
    explicit Filter(std::uint32_t otherwise) : filter_(::seccomp_init(otherwise), ::seccomp_release) {
        if (filter_ == nullptr) {
            failed_ = ENOMEM;
            return;
        }
        keep(::seccomp_attr_set(filter_.get(), SCMP_FLTATR_CTL_TSYNC, 1));
        keep(::seccomp_attr_set(filter_.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS));
        keep(::seccomp_attr_set(filter_.get(), SCMP_FLTATR_API_SYSRAWRC, 1));
    }

    void add(std::uint32_t action, const char* name, std::initializer_list<scmp_arg_cmp> arguments = {}) {
        const int call = ::seccomp_syscall_resolve_name(name);
        if (failed_ != 0 || call == __NR_SCMP_ERROR) return;
        keep(::seccomp_rule_add_array(filter_.get(), action, call, static_cast<unsigned>(arguments.size()),
                                      arguments.begin()));
    }

    [[nodiscard]] Result<void> load() {
        if (failed_ == 0) keep(::seccomp_load(filter_.get()));
        if (failed_ == 0) return {};
        auto error = fail_errno("sandbox", "the system calls cannot be restricted", failed_);
        error.value().remedy = "use a kernel with seccomp filters (CONFIG_SECCOMP_FILTER)";
        return error;
    }

  private:
    void keep(int result) {
        if (result < 0 && failed_ == 0) failed_ = -result;
    }
    std::unique_ptr<void, void (*)(scmp_filter_ctx)> filter_;
    int failed_ = 0;
};

scmp_arg_cmp is(unsigned argument, unsigned long value) { return {argument, SCMP_CMP_EQ, value, 0}; }
scmp_arg_cmp has(unsigned argument, unsigned long mask, unsigned long value) {
    return {argument, SCMP_CMP_MASKED_EQ, mask, value};
}
// Arguments of 32 bits: what stands above them is not looked at by the kernel, so it must not count here.
scmp_arg_cmp is_int(unsigned argument, unsigned long value) { return has(argument, 0xffffffffUL, value); }

bool sees_socket_arguments() { return ::seccomp_arch_native() != SCMP_ARCH_X86; }

void allow_sockets(Filter& filter) {
    if (!sees_socket_arguments()) {
        filter.add(SCMP_ACT_ALLOW, "socket");
        filter.add(SCMP_ACT_ALLOW, "socketpair");
        return;
    }
    filter.add(SCMP_ACT_ALLOW, "socketpair", {is_int(0, AF_UNIX)});
    filter.add(SCMP_ACT_ALLOW, "socket", {is_int(0, AF_UNIX)});
    filter.add(SCMP_ACT_ALLOW, "socket", {is_int(0, AF_PACKET)});
    filter.add(SCMP_ACT_ALLOW, "socket", {is_int(0, AF_NETLINK), is_int(2, NETLINK_ROUTE)});
    filter.add(SCMP_ACT_ALLOW, "socket", {is_int(0, AF_NETLINK), is_int(2, NETLINK_GENERIC)});
    // A look-up of a name (the C library, libpcap) fails; it does not kill.
    for (const unsigned long family : internet)
        for (const unsigned long type : {SOCK_STREAM, SOCK_DGRAM})
            filter.add(SCMP_ACT_ERRNO(EACCES), "socket", {is_int(0, family), has(1, type_bits, type)});
}

void allow_some_arguments(Filter& filter, const std::vector<pid_t>& may_signal) {
    // Threads, no processes.
    filter.add(SCMP_ACT_ALLOW, "clone", {has(0, CLONE_THREAD, CLONE_THREAD)});
    // No memory that can be run; a library that would be loaded now is missed, and that is all.
    for (const char* name : {"mmap", "mmap2", "mprotect"}) {
        filter.add(SCMP_ACT_ALLOW, name, {has(2, PROT_EXEC, 0)});
        filter.add(SCMP_ACT_ERRNO(EPERM), name, {has(2, PROT_EXEC, PROT_EXEC)});
    }
    // No file that runs with the rights of its owner.
    constexpr unsigned long owners_rights = S_ISUID | S_ISGID;
    for (const char* name : {"chmod", "fchmod"}) filter.add(SCMP_ACT_ALLOW, name, {has(1, owners_rights, 0)});
    for (const char* name : {"fchmodat", "fchmodat2"})
        filter.add(SCMP_ACT_ALLOW, name, {has(2, owners_rights, 0)});
    for (const int option : {PR_SET_NAME, PR_GET_NAME, PR_GET_NO_NEW_PRIVS, PR_GET_DUMPABLE, PR_CAPBSET_READ})
        filter.add(SCMP_ACT_ALLOW, "prctl", {is_int(0, static_cast<unsigned long>(option))});
    filter.add(SCMP_ACT_ERRNO(EINVAL), "prctl", {is_int(0, name_memory)});
    filter.add(SCMP_ACT_ALLOW, "prlimit64", {is(2, 0)});  // asks, does not set
    // All of these numbers belong to sockets; what changes an interface needs CAP_NET_ADMIN. libpcap asks for
    // a dozen of them. Of terminals only their size: TIOCSTI would type for the operator.
    filter.add(SCMP_ACT_ALLOW, "ioctl", {has(1, 0xffffff00UL, 0x8900)});  // linux/sockios.h
    filter.add(SCMP_ACT_ALLOW, "ioctl", {has(1, 0xffffff00UL, 0x8b00)});  // linux/wireless.h
    for (const unsigned long request : {0UL + TCGETS, 0UL + TIOCGWINSZ, 0UL + FIONREAD, 0UL + FIONBIO})
        filter.add(SCMP_ACT_ALLOW, "ioctl", {is_int(1, request)});
    const auto self = static_cast<unsigned long>(::getpid());
    filter.add(SCMP_ACT_ALLOW, "tgkill", {is_int(0, self)});  // abort()
    filter.add(SCMP_ACT_ALLOW, "kill", {is_int(0, self)});
    for (const pid_t other : may_signal)
        if (other > 0) filter.add(SCMP_ACT_ALLOW, "kill", {is_int(0, static_cast<unsigned long>(other))});
}

}  // namespace

Result<void> enter_sensor_sandbox(const std::vector<pid_t>& may_signal) {
    Filter filter(SCMP_ACT_KILL_PROCESS);
    for (const char* name : sensor_calls) filter.add(SCMP_ACT_ALLOW, name);
    for (const auto& [name, answer] : sensor_refusals)
        filter.add(SCMP_ACT_ERRNO(static_cast<std::uint32_t>(answer)), name);
    allow_sockets(filter);
    allow_some_arguments(filter, may_signal);
    return filter.load();
}

Result<void> enter_uploader_sandbox() {
    Filter filter(SCMP_ACT_ALLOW);
    for (const char* name : never_of_an_uploader) filter.add(SCMP_ACT_KILL_PROCESS, name);
    for (const char* name : no_other_user) filter.add(SCMP_ACT_ERRNO(EPERM), name);
    filter.add(SCMP_ACT_ERRNO(ENOSYS), "clone3");
    filter.add(SCMP_ACT_ERRNO(ENOSYS), "io_uring_setup");
    for (const unsigned long space : namespaces)
        filter.add(SCMP_ACT_KILL_PROCESS, "clone", {has(0, space, space)});
    filter.add(SCMP_ACT_KILL_PROCESS, "ioctl", {is_int(1, TIOCSTI)});
    if (sees_socket_arguments()) {
        filter.add(SCMP_ACT_KILL_PROCESS, "socket", {is_int(0, AF_PACKET)});
        for (const unsigned long family : internet)
            filter.add(SCMP_ACT_KILL_PROCESS, "socket", {is_int(0, family), has(1, type_bits, SOCK_RAW)});
    }
    return filter.load();
}

}  // namespace sie::daemon
