#include "daemon/sandbox.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/wait.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <vector>

#include "in_child.h"
#include "receiving_socket.h"

namespace sie::daemon {
namespace {

using test::died_of;
using test::in_child;
using test::OwnFolder;

// The status of a child that does this under the sensor's filter, or the uploader's.
int as_sensor(const std::function<bool()>& body) {
    return in_child([&] { return enter_sensor_sandbox() && body(); });
}
int as_uploader(const std::function<bool()>& body) {
    return in_child([&] { return enter_uploader_sandbox() && body(); });
}

bool socket_of(int family, int type, int protocol = 0) {
    const int fd = ::socket(family, type | SOCK_CLOEXEC, protocol);
    if (fd >= 0) ::close(fd);
    return fd >= 0;
}

TEST(SensorSandbox, FilesAreWrittenAsTheSpoolDoes) {
    const OwnFolder folder;
    EXPECT_EQ(as_sensor([&] {
                  namespace fs = std::filesystem;
                  const std::string part = folder / "part", whole = folder / "whole";
                  const int fd = ::open(part.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
                  const char octets[] = "octets";
                  if (fd < 0 || ::flock(fd, LOCK_EX | LOCK_NB) != 0 || ::pwrite(fd, octets, 6, 0) != 6 ||
                      ::ftruncate(fd, 3) != 0 || ::fchmod(fd, 0640) != 0 || ::fsync(fd) != 0 ||
                      ::posix_fallocate(fd, 0, 3) == EPERM)
                      return false;
                  ::sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
                  if (::renameat2(AT_FDCWD, part.c_str(), AT_FDCWD, whole.c_str(), RENAME_NOREPLACE) != 0)
                      return false;
                  ::close(fd);
                  std::error_code error;
                  fs::create_directories(folder / "a/b", error);
                  fs::copy_file(whole, folder / "a/b/copy", error);
                  if (error || fs::file_size(folder / "a/b/copy") != 3) return false;
                  std::size_t entries = 0;
                  for (const auto& entry : fs::recursive_directory_iterator(folder.path()))
                      entries += entry.exists();
                  static_cast<void>(fs::space(folder.path()));
                  std::ifstream self("/proc/self/status");
                  std::string line;
                  return entries == 4 && std::getline(self, line) && fs::remove_all(folder / "a") == 3;
              }),
              0);
}

TEST(SensorSandbox, ThreadsWaitAndTheClockIsRead) {
    EXPECT_EQ(as_sensor([] {
                  std::atomic<int> ran = 0;
                  std::vector<std::thread> threads;
                  threads.reserve(4);
                  for (int i = 0; i < 4; ++i)
                      threads.emplace_back([&] {
                          std::vector<char> large(8 << 20, 'x');
                          std::this_thread::sleep_for(std::chrono::milliseconds(1));
                          ran += large.back() == 'x';
                      });
                  for (auto& thread : threads) thread.join();
                  timex clock{};
                  sigset_t set;
                  sigemptyset(&set);
                  sigaddset(&set, SIGUSR1);
                  const timespec moment{0, 1'000'000};
                  pthread_sigmask(SIG_BLOCK, &set, nullptr);
                  const bool nothing = ::sigtimedwait(&set, nullptr, &moment) < 0 && errno == EAGAIN;
                  std::raise(SIGUSR1);
                  const int bell = ::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
                  pollfd rung{bell, POLLIN, 0};
                  ::adjtimex(&clock);
                  std::time_t now = std::time(nullptr);
                  std::tm local{};
                  return ran == 4 && nothing && ::sigtimedwait(&set, nullptr, &moment) == SIGUSR1 &&
                         ::poll(&rung, 1, 100) == 1 && ::localtime_r(&now, &local) != nullptr &&
                         ::pthread_setname_np(::pthread_self(), "sandboxed") == 0;
              }),
              0);
}

TEST(SensorSandbox, InterfacesAreLookedUpAndAttachedTo) {
    const bool root = ::geteuid() == 0;
    EXPECT_EQ(as_sensor([&] {
                  ifreq request{};
                  std::strcpy(request.ifr_name, "lo");
                  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
                  if (::if_nametoindex("lo") == 0 || ::ioctl(fd, SIOCGIFFLAGS, &request) != 0 ||
                      ::ioctl(fd, SIOCGIFHWADDR, &request) != 0)
                      return false;
                  return socket_of(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE) &&
                         socket_of(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC) &&
                         (!root || socket_of(AF_PACKET, SOCK_RAW));
              }),
              0);
}

TEST(SensorSandbox, SocketsThatAreOpenAnswer) {
    const OwnFolder folder;
    EXPECT_EQ(in_child([&] {
                  const int port = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
                  const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
                  sockaddr_in here{};
                  here.sin_family = AF_INET;
                  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
                  socklen_t size = sizeof here;
                  auto* address = reinterpret_cast<sockaddr*>(&here);
                  if (::bind(port, address, size) != 0 || ::listen(port, 4) != 0 ||
                      ::getsockname(port, address, &size) != 0 || !enter_sensor_sandbox())
                      return false;
                  if (::connect(client, address, size) != 0) return false;
                  const int accepted = ::accept4(port, nullptr, nullptr, SOCK_CLOEXEC);
                  if (accepted < 0 || ::send(accepted, "x", 1, MSG_NOSIGNAL) != 1) return false;
                  char octet = 0;
                  if (::recv(client, &octet, 1, 0) != 1 || octet != 'x') return false;
                  const LocalAddress status(folder / "status.sock");
                  const int unix_port = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
                  return ::bind(unix_port, status.data(), status.size()) == 0 &&
                         ::listen(unix_port, 1) == 0 && ::chmod((folder / "status.sock").c_str(), 0660) == 0;
              }),
              0);
}

TEST(SensorSandbox, WhatLibrariesTryIsRefusedGently) {
    EXPECT_EQ(as_sensor([] {
                  addrinfo* found = nullptr;
                  const int looked_up = ::getaddrinfo("host.invalid", nullptr, nullptr, &found);
                  errno = 0;
                  return looked_up != 0 && !socket_of(AF_INET, SOCK_STREAM) && errno == EACCES &&
                         !socket_of(AF_INET6, SOCK_DGRAM) && ::syscall(SYS_clone3, nullptr, 0) < 0 &&
                         errno == ENOSYS &&
                         ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
                             MAP_FAILED &&
                         errno == EPERM;
              }),
              0);
}

TEST(SensorSandbox, AnythingElseKills) {
    const struct {
        const char* name;
        std::function<bool()> call;
    } rows[] = {
        {"execve", [] { return ::execl("/bin/true", "true", nullptr) == 0; }},
        {"fork", [] { return ::fork() >= 0; }},
        {"ptrace", [] { return ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0; }},
        {"raw socket", [] { return socket_of(AF_INET, SOCK_RAW, IPPROTO_UDP); }},
        {"raw IPv6 socket", [] { return socket_of(AF_INET6, SOCK_RAW, IPPROTO_UDP); }},
        {"vsock", [] { return socket_of(AF_VSOCK, SOCK_STREAM); }},
        {"netlink audit", [] { return socket_of(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT); }},
        {"kill init", [] { return ::kill(1, 0) == 0; }},
        {"kill all", [] { return ::kill(-1, 0) == 0; }},
        {"setuid", [] { return ::syscall(SYS_setuid, 0) == 0; }},
        {"mount", [] { return ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0; }},
        {"unshare", [] { return ::unshare(CLONE_NEWUSER) == 0; }},
        {"chown", [] { return ::chown("/nonexistent", 0, 0) == 0; }},
        {"setuid bit", [] { return ::chmod("/nonexistent", S_ISUID | 0755) == 0; }},
        {"bpf", [] { return ::syscall(SYS_bpf, 0, nullptr, 0) == 0; }},
        {"process_vm_readv",
         [] { return ::syscall(SYS_process_vm_readv, 1, nullptr, 0, nullptr, 0, 0) == 0; }},
        {"typing for the operator", [] { return ::ioctl(0, TIOCSTI, "x") == 0; }},
        {"own limits",
         [] {
             const rlimit64 endless{RLIM64_INFINITY, RLIM64_INFINITY};
             return ::syscall(SYS_prlimit64, 0, RLIMIT_AS, &endless, nullptr) == 0;
         }},
        {"another name space", [] { return ::syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0) >= 0; }},
        {"memfd", [] { return ::memfd_create("x", 0) >= 0; }},
    };
    for (const auto& row : rows) EXPECT_TRUE(died_of(as_sensor(row.call), SIGSYS)) << row.name;
}

#ifdef __x86_64__
TEST(SensorSandbox, TheOtherAbiOfTheMachineKills) {
    // getpid of i386, which is let through in its native form.
    EXPECT_TRUE(died_of(as_sensor([] {
                            long result = 20;
                            __asm__ volatile("int $0x80" : "+a"(result) : : "memory");
                            return true;
                        }),
                        SIGSYS));
    // and of x32
    EXPECT_TRUE(died_of(as_sensor([] {
                            ::syscall(0x40000000 + SYS_getpid);
                            return true;
                        }),
                        SIGSYS));
}
#endif

TEST(SensorSandbox, AbortStillDiesOfItself) {
    EXPECT_TRUE(died_of(as_sensor([] {
                            std::abort();
                            return true;
                        }),
                        SIGABRT));
}

TEST(SensorSandbox, HoldsForThreadsThatRunAlready) {
    EXPECT_TRUE(died_of(in_child([] {
                            std::atomic<bool> closed = false;
                            std::thread early([&] {
                                while (!closed) std::this_thread::yield();
                                ::syscall(SYS_getpgid, 0);
                            });
                            closed = enter_sensor_sandbox().has_value();
                            early.join();
                            return true;
                        }),
                        SIGSYS));
}

TEST(SensorSandbox, OnlyTheProcessesThatAreNamedAreSignalled) {
    const pid_t other = ::fork();
    if (other == 0) {
        for (;;) ::pause();
    }
    EXPECT_EQ(in_child([&] { return enter_sensor_sandbox({other}) && ::kill(other, 0) == 0; }), 0);
    EXPECT_TRUE(died_of(in_child([&] { return enter_sensor_sandbox({}) && ::kill(other, 0) == 0; }), SIGSYS));
    ::kill(other, SIGKILL);
    ::waitpid(other, nullptr, 0);
}

TEST(UploaderSandbox, RunsProgramsThatUseTheNetwork) {
    EXPECT_EQ(as_uploader([] {
                  const pid_t child = ::fork();
                  if (child == 0) {
                      ::execl("/bin/sh", "sh", "-c", "ls / | cat >/dev/null && exit 7", nullptr);
                      ::_exit(1);
                  }
                  int status = 0;
                  if (::waitpid(child, &status, 0) != child || WEXITSTATUS(status) != 7) return false;
                  std::thread([] {}).join();
                  return socket_of(AF_INET, SOCK_STREAM) && socket_of(AF_INET6, SOCK_DGRAM) &&
                         socket_of(AF_UNIX, SOCK_STREAM) && std::system("exit 3") == 3 << 8;
              }),
              0);
}

TEST(UploaderSandbox, WhatNoUploaderNeedsKills) {
    const struct {
        const char* name;
        std::function<bool()> call;
    } rows[] = {
        {"ptrace", [] { return ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0; }},
        {"mount", [] { return ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0; }},
        {"bpf", [] { return ::syscall(SYS_bpf, 0, nullptr, 0) == 0; }},
        {"kexec_load", [] { return ::syscall(SYS_kexec_load, 0, 0, nullptr, 0) == 0; }},
        {"init_module", [] { return ::syscall(SYS_init_module, nullptr, 0, "") == 0; }},
        {"keyctl", [] { return ::syscall(SYS_keyctl, 0, 0, 0, 0, 0) == 0; }},
        {"userfaultfd", [] { return ::syscall(SYS_userfaultfd, 0) == 0; }},
        {"perf_event_open", [] { return ::syscall(SYS_perf_event_open, nullptr, 0, 0, 0, 0) == 0; }},
        {"raw socket", [] { return socket_of(AF_INET, SOCK_RAW, IPPROTO_UDP); }},
        {"raw socket, later", [] { return socket_of(AF_INET6, SOCK_RAW | SOCK_NONBLOCK, IPPROTO_UDP); }},
        {"packet socket", [] { return socket_of(AF_PACKET, SOCK_DGRAM); }},
        {"unshare", [] { return ::unshare(CLONE_NEWUSER) == 0; }},
        {"clone into a namespace",
         [] { return ::syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0) >= 0; }},
        {"settimeofday", [] { return ::syscall(SYS_settimeofday, nullptr, nullptr) == 0; }},
        {"typing for the operator", [] { return ::ioctl(0, TIOCSTI, "x") == 0; }},
    };
    for (const auto& row : rows) EXPECT_TRUE(died_of(as_uploader(row.call), SIGSYS)) << row.name;
}

TEST(UploaderSandbox, HoldsInWhatItRuns) {
    EXPECT_TRUE(died_of(as_uploader([] {
                            ::execl("/usr/bin/unshare", "unshare", "-U", "true", nullptr);
                            return false;
                        }),
                        SIGSYS));
}

TEST(UploaderSandbox, AnotherUserIsRefused) {
    EXPECT_EQ(as_uploader([] {
                  return ::syscall(SYS_setuid, 65534) < 0 && errno == EPERM &&
                         ::syscall(SYS_setresuid, 0, 0, 0) < 0 && errno == EPERM &&
                         ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
              }),
              0);
}

}  // namespace
}  // namespace sie::daemon
