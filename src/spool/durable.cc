#include "spool/durable.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

namespace sie::spool {
namespace {

[[nodiscard]] std::string remedy_for(int error_number) {
    switch (error_number) {
        case ENOSPC:
        case EDQUOT: return "make room on the disk";
        case EFBIG: return "raise the limit on the size of files";
        case ENOENT:
        case ENOTDIR: return "make the folder";
        case EACCES:
        case EPERM:
        case EROFS: return "let the sensor write there";
        case EEXIST: return "move the file away; it is never overwritten";
        default: return {};
    }
}

}  // namespace

Descriptor::~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
}

tl::unexpected<Error> refused(const std::string& path, std::string why, int error_number) {
    auto error = fail_errno(path, std::move(why), error_number);
    error.value().remedy = remedy_for(error_number);
    return error;
}

int write_at(int fd, Octets octets, std::uint64_t at) {
    while (!octets.empty()) {
        const ssize_t n = ::pwrite(fd, octets.data(), octets.size(), static_cast<off_t>(at));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno;
        if (n == 0) return EIO;
        octets = octets.subspan(static_cast<std::size_t>(n));
        at += static_cast<std::uint64_t>(n);
    }
    return 0;
}

int read_at(int fd, MutableOctets octets, std::uint64_t at) {
    while (!octets.empty()) {
        const ssize_t n = ::pread(fd, octets.data(), octets.size(), static_cast<off_t>(at));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno;
        if (n == 0) return EIO;
        octets = octets.subspan(static_cast<std::size_t>(n));
        at += static_cast<std::uint64_t>(n);
    }
    return 0;
}

int cut_to(int fd, std::uint64_t octets) {
    struct stat status {};
    if (::fstat(fd, &status) != 0) return errno;
    if (static_cast<std::uint64_t>(status.st_size) == octets) return 0;
    return ::ftruncate(fd, static_cast<off_t>(octets)) == 0 ? 0 : errno;
}

int sync_file(int fd) {
    while (::fsync(fd) != 0)
        if (errno != EINTR) return errno;
    return 0;
}

void begin_writing([[maybe_unused]] int fd, [[maybe_unused]] std::uint64_t at,
                   [[maybe_unused]] std::uint64_t octets) {
#if defined(__linux__) && !defined(SIE_PORTABLE)
    // Never with a flag that waits: that would take an error of the disk away from fsync.
    static_cast<void>(
        ::sync_file_range(fd, static_cast<off_t>(at), static_cast<off_t>(octets), SYNC_FILE_RANGE_WRITE));
#endif
}

int sync_folder(int folder_fd) {
    const int error_number = sync_file(folder_fd);
    return error_number == EINVAL ? 0 : error_number;
}

Descriptor open_folder(const std::string& path) {
    return Descriptor(::open(path.empty() ? "." : path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

int rename_to_free_name(int folder_fd, const std::string& from, const std::string& to) {
    return move_to_free_name(folder_fd, from, folder_fd, to);
}

int move_to_free_name(int from_fd, const std::string& from, int to_fd, const std::string& to) {
#if defined(__linux__) && !defined(SIE_PORTABLE)
    if (renameat2(from_fd, from.c_str(), to_fd, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return errno;  // these two: the file system or kernel does not know how
#endif
    if (::linkat(from_fd, from.c_str(), to_fd, to.c_str(), 0) != 0) return errno;
    return ::unlinkat(from_fd, from.c_str(), 0) == 0 ? 0 : errno;
}

bool is_open_elsewhere([[maybe_unused]] int folder_fd, [[maybe_unused]] const std::string& name) {
#if defined(__linux__) && !defined(SIE_PORTABLE)
    const Descriptor file(::openat(folder_fd, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (file.get() < 0) return false;
    // fcntl(2): such a lease is given only where nobody else has the file open; it ends with the descriptor.
    return ::fcntl(file.get(), F_SETLEASE, F_WRLCK) != 0 && errno == EAGAIN;
#else
    return false;
#endif
}

Lock lock(int fd) {
    while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) return Lock::held;
        if (errno != EINTR) return Lock::unable;
    }
    return Lock::taken;
}

bool is_named(int fd, int folder_fd, const std::string& name) {
    struct stat behind {};
    struct stat named {};
    return ::fstat(fd, &behind) == 0 &&
           ::fstatat(folder_fd, name.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           behind.st_dev == named.st_dev && behind.st_ino == named.st_ino;
}

}  // namespace sie::spool
