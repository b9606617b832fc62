#include "spool/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <utility>

namespace sie::spool {
namespace {

[[nodiscard]] std::string in_folder(const std::string& folder, const std::string& name) {
    if (folder.empty()) return name;
    return folder.back() == '/' ? folder + name : folder + '/' + name;
}

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

[[nodiscard]] tl::unexpected<Error> refused(const std::string& path, std::string why, int error_number) {
    auto error = fail_errno(path, std::move(why), error_number);
    error.value().remedy = remedy_for(error_number);
    return error;
}

// Moves a file to a name that must be free; 0, or the error number.
[[nodiscard]] int rename_to_free_name(const std::string& from, const std::string& to) {
#if defined(__linux__) && !defined(SIE_PORTABLE)
    if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return errno;  // these two: the file system or kernel does not know how
#endif
    if (::link(from.c_str(), to.c_str()) != 0) return errno;
    return ::unlink(from.c_str()) == 0 ? 0 : errno;
}

// The new name lasts only once the folder is on the disk; some file systems have nothing to write for a
// folder.
[[nodiscard]] int sync_folder(const std::string& folder) {
    const int fd = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return errno;
    const int error_number = ::fsync(fd) == 0 || errno == EINVAL ? 0 : errno;
    ::close(fd);
    return error_number;
}

// Writes all of it at a place in the file; 0, or the error number.
[[nodiscard]] int write_at(int fd, Octets octets, std::uint64_t at) {
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

// Cuts off what may stand behind the last whole container; 0, or the error number.
[[nodiscard]] int cut_to(int fd, std::uint64_t octets) {
    struct stat status {};
    if (::fstat(fd, &status) != 0) return errno;
    if (static_cast<std::uint64_t>(status.st_size) == octets) return 0;
    return ::ftruncate(fd, static_cast<off_t>(octets)) == 0 ? 0 : errno;
}

}  // namespace

std::string file_stamp(Time opened) {
    using namespace std::chrono;
    const sys_seconds moment{seconds{opened.seconds()}};
    const sys_days day = floor<days>(moment);
    const year_month_day date{day};
    const auto minute = floor<minutes>(moment - day).count();
    return fmt::format("{:04}{:02}{:02}.{:02}{:02}.{}.{:09}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), minute / 60,
                       minute % 60, opened.seconds(), opened.nanoseconds());
}

OutputFile::OutputFile(std::string folder, std::string prefix, std::string suffix, bool keep_empty)
    : folder_(std::move(folder)),
      prefix_(std::move(prefix)),
      suffix_(std::move(suffix)),
      keep_empty_(keep_empty) {}

OutputFile::~OutputFile() {
    if (fd_ < 0) return;
    ::close(fd_);
    ::unlink(part_path_.c_str());
}

Result<void> OutputFile::open(Time stamp) {
    if (fd_ >= 0) return fail(ErrorKind::system, part_path_, "still open");
    const std::string name = prefix_ + '.' + file_stamp(stamp);
    final_path_ = in_folder(folder_, name + suffix_);
    part_path_ = in_folder(folder_, '.' + name + ".part");
    struct stat status {};
    if (::lstat(final_path_.c_str(), &status) == 0)
        return refused(final_path_, "cannot make the file", EEXIST);
    fd_ = ::open(part_path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd_ < 0) return refused(part_path_, "cannot make the file", errno);
    written_ = 0;
    containers_ = 0;
    return {};
}

bool OutputFile::is_open() const { return fd_ >= 0; }

Result<void> OutputFile::write(Octets container) {
    if (fd_ < 0) return fail(ErrorKind::system, in_folder(folder_, prefix_), "no file is open");
    if (container.empty()) return {};
    if (const int error_number = write_at(fd_, container, written_); error_number != 0) {
        // Should the cut fail, the next container is written over what is there, and close() cuts again.
        static_cast<void>(cut_to(fd_, written_));
        return refused(part_path_, "cannot write", error_number);
    }
    written_ += container.size();
    ++containers_;
    ++counts_.containers;
    counts_.octets += container.size();
    return {};
}

// After an error the part file stays where it is, for the salvage at the next start.
Result<std::string> OutputFile::close() {
    if (fd_ < 0) return fail(ErrorKind::system, in_folder(folder_, prefix_), "no file is open");
    const int fd = std::exchange(fd_, -1);
    if (written_ == 0 && !keep_empty_) {
        ::close(fd);
        if (::unlink(part_path_.c_str()) != 0)
            return refused(part_path_, "cannot remove the empty file", errno);
        return std::string{};
    }
    int error_number = cut_to(fd, written_);
    if (error_number == 0 && ::fsync(fd) != 0) error_number = errno;
    if (::close(fd) != 0 && error_number == 0 && errno != EINTR) error_number = errno;
    if (error_number != 0) return refused(part_path_, "cannot finish the file", error_number);
    error_number = rename_to_free_name(part_path_, final_path_);
    if (error_number != 0)
        return refused(final_path_, "cannot rename " + part_path_ + " to it", error_number);
    ++counts_.files;
    error_number = sync_folder(folder_);
    if (error_number != 0)
        return refused(final_path_, "renamed, but its folder cannot be synchronized", error_number);
    return final_path_;
}

const FileCounts& OutputFile::counts() const { return counts_; }

}  // namespace sie::spool
