// What lasts on a disk, and in which order: octets at their place, a cut, a lock, a name that was free, the
// folder that holds it. Each gives 0 or the error number; refused() makes an Error of that with the remedy.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/octets.h"
#include "base/result.h"

namespace sie::spool {

// Owns a file descriptor, -1 for none; with it goes the lock, if it is the last of its description.
class Descriptor {
  public:
    explicit Descriptor(int fd = -1) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Descriptor();
    [[nodiscard]] int get() const { return fd_; }

  private:
    int fd_;
};

// ErrorKind system: PATH: WHY: what the number stands for; what to do about it.
[[nodiscard]] tl::unexpected<Error> refused(const std::string& path, std::string why, int error_number);

[[nodiscard]] int write_at(int fd, Octets octets, std::uint64_t at);
// Fills all of `octets`; EIO if the file ends before.
[[nodiscard]] int read_at(int fd, MutableOctets octets, std::uint64_t at);
// Cuts off what stands behind the first `octets`.
[[nodiscard]] int cut_to(int fd, std::uint64_t octets);
[[nodiscard]] int sync_file(int fd);
// Begins to write that range to the disk and does not wait, so that a later fsync has little left to do
// (Linux; nothing elsewhere). Says nothing of errors: those stay for fsync.
void begin_writing(int fd, std::uint64_t at, std::uint64_t octets);
// A folder that has just been given a name; some file systems have nothing to write for one.
[[nodiscard]] int sync_folder(int folder_fd);
// The folder `path` ("": the current one); none, with errno.
[[nodiscard]] Descriptor open_folder(const std::string& path);

// Moves a file to a name that must be free, both in one folder (renameat2 RENAME_NOREPLACE, or link and
// unlink). EEXIST: the name is taken.
[[nodiscard]] int rename_to_free_name(int folder_fd, const std::string& from, const std::string& to);
// The same from one folder to another of the same file system.
[[nodiscard]] int move_to_free_name(int from_fd, const std::string& from, int to_fd, const std::string& to);
// Has somebody else this file open? Known on Linux alone, and for files of our own; elsewhere: no.
[[nodiscard]] bool is_open_elsewhere(int folder_fd, const std::string& name);

enum class Lock : std::uint8_t {
    taken,
    held,    // by another open file description
    unable,  // this file system cannot lock
};
// flock(LOCK_EX), without waiting. It belongs to the open file description: a process forked from this one
// holds it too until it closes the descriptor (exec does: O_CLOEXEC), and the kernel lets go of it with the
// last of them, however they end.
[[nodiscard]] Lock lock(int fd);
// Is the file behind `fd` still what `name` in the folder stands for?
[[nodiscard]] bool is_named(int fd, int folder_fd, const std::string& name);

}  // namespace sie::spool
