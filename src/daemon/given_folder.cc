#include "daemon/given_folder.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/quoted.h"

namespace sie::daemon {

Result<void> give_folder(const std::string& path, mode_t mode, const std::string& user) {
    const passwd* const owner = ::getpwnam(user.c_str());
    if (owner == nullptr)
        return fail(ErrorKind::usage, "user", sie::quoted(user) + " is no user",
                    "adduser --system --group --no-create-home --home /var/spool/sie " + user);
    if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST)
        return fail_errno(path, "cannot make the folder", errno);
    const int folder = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0) return fail_errno(path, "cannot open the folder", errno);
    struct stat status {};
    int error = ::fstat(folder, &status) == 0 ? 0 : errno;
    if (error == 0 && status.st_uid == 0 && owner->pw_uid != 0 &&
        ::fchown(folder, owner->pw_uid, owner->pw_gid) != 0)
        error = errno;
    ::close(folder);
    if (error != 0) return fail_errno(path, "cannot be given to " + user, error);
    return {};
}

}  // namespace sie::daemon
