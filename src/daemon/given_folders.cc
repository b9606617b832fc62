#include "daemon/given_folders.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/quoted.h"

namespace sie::daemon {

namespace {

class Folder {
  public:
    explicit Folder(int fd) : fd_(fd) {}
    Folder(const Folder&) = delete;
    Folder& operator=(Folder&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Folder() {
        if (fd_ >= 0) ::close(fd_);
    }
    [[nodiscard]] int get() const { return fd_; }

  private:
    int fd_;
};

int give(int folder, const passwd& user) {
    return ::fchown(folder, user.pw_uid, user.pw_gid) == 0 ? 0 : errno;
}

// 0 or an errno.
int make_below(int base, const std::string& path, const passwd& user) {
    Folder at(::fcntl(base, F_DUPFD_CLOEXEC, 3));
    for (std::size_t begin = 0; begin < path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        const std::string step = path.substr(begin, end - begin);
        begin = end + 1;
        const bool made = ::mkdirat(at.get(), step.c_str(), 0755) == 0;
        if (!made && errno != EEXIST) return errno;
        at = Folder(::openat(at.get(), step.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        struct stat status {};
        if (at.get() < 0 || ::fstat(at.get(), &status) != 0) return errno;
        if (made || status.st_uid == 0)
            if (const int error = give(at.get(), user); error != 0) return error;
    }
    return 0;
}

}  // namespace

Result<void> give_folders(const std::string& base, mode_t mode, const std::vector<std::string>& below,
                          const std::string& user) {
    const passwd* const owner = ::getpwnam(user.c_str());
    if (owner == nullptr)
        return fail(ErrorKind::usage, "user", sie::quoted(user) + " is no user",
                    "adduser --system --group --no-create-home --home /var/spool/sie " + user);
    const bool made = ::mkdir(base.c_str(), mode) == 0;
    if (!made && errno != EEXIST) return fail_errno(base, "cannot make the folder", errno);
    const Folder folder(::open(base.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder.get() < 0) return fail_errno(base, "cannot open the folder", errno);
    if (made)
        if (const int error = give(folder.get(), *owner); error != 0)
            return fail_errno(base, "cannot be given to " + user, error);
    for (const std::string& path : below)
        if (const int error = make_below(folder.get(), path, *owner); error != 0)
            return fail_errno(base + "/" + path, "cannot be made ready for " + user, error);
    return {};
}

}  // namespace sie::daemon
