#include "spool/folder_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "spool/durable.h"
#include "spool/file_name.h"

namespace sie::spool {
namespace {

// What the holder wrote: digits, or nothing that is worth showing.
[[nodiscard]] std::string pid_in(int fd) {
    std::array<char, 32> text{};
    const ssize_t n = ::pread(fd, text.data(), text.size(), 0);
    if (n <= 0) return {};
    const std::string_view all(text.data(), static_cast<std::size_t>(n));
    const std::string_view digits = all.substr(0, std::min(all.find('\n'), all.size()));
    const bool sound = !digits.empty() && digits.size() <= 10 &&
                       std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
    return sound ? std::string(digits) : std::string{};
}

}  // namespace

Result<FolderLock> FolderLock::take(const std::string& folder) {
    const std::string path = in_folder(folder, lock_name);
    // Whoever removes the file between open() and flock() makes the lock void: again, then.
    for (int attempt = 0; attempt < 10; ++attempt) {
        const int fd =
            ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0644);
        if (fd < 0 && errno == ELOOP) return fail(ErrorKind::system, path, "is a symbolic link", "remove it");
        if (fd < 0) return refused(path, "cannot lock the folder", errno);
        FolderLock taken{Descriptor(fd), folder};
        struct stat status {};
        if (::fstat(fd, &status) != 0) return refused(path, "cannot lock the folder", errno);
        if (!S_ISREG(status.st_mode) || status.st_nlink > 1)
            return fail(ErrorKind::system, path, "is no plain file of its own", "remove it");
        switch (lock(fd)) {
            case Lock::taken: break;
            case Lock::held: {
                const std::string pid = pid_in(fd);
                return fail(ErrorKind::denied, folder.empty() ? "." : folder,
                            "in use by a sensor" + (pid.empty() ? pid : " with pid " + pid),
                            "stop it, or use another folder");
            }
            case Lock::unable:
                return fail(ErrorKind::system, path, "this file system cannot lock files",
                            "use a folder on another one");
        }
        if (!taken.still_in_place()) continue;
        if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) static_cast<void>(::fchmod(fd, 0644));
        taken.write_pid();
        return taken;
    }
    return fail(ErrorKind::system, path, "somebody keeps removing the lock file");
}

void FolderLock::write_pid() {
    const std::string line = fmt::format("{}\n", ::getpid());
    if (write_at(file_.get(), as_octets(line), 0) == 0) static_cast<void>(cut_to(file_.get(), line.size()));
}

bool FolderLock::still_in_place() const {
    return is_named(file_.get(), AT_FDCWD, in_folder(folder_, lock_name));
}

}  // namespace sie::spool
