#include "daemon/background.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "base/quoted.h"

namespace sie::daemon {

namespace {

Result<const passwd*> user_named(const std::string& name, const std::string& option) {
    const passwd* user = getpwnam(name.c_str());
    if (user == nullptr)
        return fail(ErrorKind::usage, option, sie::quoted(name) + " is no user", "name one of /etc/passwd");
    return user;
}

tl::unexpected<Error> denied(std::string what, std::string why, int number) {
    auto error = fail_errno(std::move(what), std::move(why), number);
    error.value().kind = ErrorKind::denied;
    return error;
}

}  // namespace

Result<void> become_user(const std::string& name, const std::string& option) {
    auto user = user_named(name, option);
    if (!user) return fail(std::move(user.error()));
    if (geteuid() == (*user)->pw_uid && geteuid() != 0) return {};
    if (initgroups(name.c_str(), (*user)->pw_gid) != 0 || setgid((*user)->pw_gid) != 0 ||
        setuid((*user)->pw_uid) != 0)
        return denied(option, "cannot become " + sie::quoted(name), errno);
    return {};
}

PidFile::~PidFile() {
    if (fd_ < 0) return;
    // What stands in it without our doing is the number of a process that runs already.
    struct stat status {};
    if (!written_ && (::fstat(fd_, &status) != 0 || status.st_size != 0)) {
        ::close(fd_);
        return;
    }
    // In a folder that is not ours any more it stays, empty: a pid that is no longer true would be worse.
    if (::unlink(path_.c_str()) != 0 && ::ftruncate(fd_, 0) != 0) std::perror(path_.c_str());
    ::close(fd_);
}

Result<void> PidFile::open(const std::string& path, const std::string& owner) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0) return fail_errno(option_ + " " + path, "cannot be written", errno);
    fd_ = fd;
    path_ = path.front() == '/' ? path : [&] {
        char* here = ::realpath(path.c_str(), nullptr);
        std::string whole = here != nullptr ? here : path;
        std::free(here);
        return whole;
    }();
    if (owner.empty()) return {};
    auto user = user_named(owner, option_);
    if (!user) return fail(std::move(user.error()));
    if (::fchown(fd_, (*user)->pw_uid, (*user)->pw_gid) != 0)
        return denied(option_ + " " + path, "cannot be given to " + sie::quoted(owner), errno);
    return {};
}

Result<void> PidFile::write() {
    if (fd_ < 0) return {};
    const std::string line = fmt::format("{}\n", ::getpid());
    if (::ftruncate(fd_, 0) != 0 ||
        ::pwrite(fd_, line.data(), line.size(), 0) != static_cast<ssize_t>(line.size()))
        return fail_errno(option_ + " " + path_, "cannot be written", errno);
    written_ = true;
    return {};
}

Background::~Background() {
    if (parent_ >= 0) ::close(parent_);
}

Result<void> Background::start() {
    int ends[2];
    if (::pipe(ends) != 0) return fail_errno(option_, "cannot make a pipe", errno);
    const pid_t child = ::fork();
    if (child < 0) return fail_errno(option_, "cannot fork", errno);
    if (child != 0) {
        ::close(ends[1]);
        char ready = 0;
        ssize_t got = 0;
        while ((got = ::read(ends[0], &ready, 1)) < 0 && errno == EINTR) {}
        if (got == 1) ::_exit(0);
        int status = 0;
        while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
        ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
    }
    ::close(ends[0]);
    ::fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    parent_ = ends[1];
    ::setsid();
    return {};
}

void leave_terminal() {
    const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        if (nothing >= 0) ::dup2(nothing, standard);
    if (nothing > STDERR_FILENO) ::close(nothing);
}

Result<void> Background::ready() {
    if (parent_ < 0) return {};
    if (::chdir("/") != 0) return fail_errno(option_, "cannot change to the folder /", errno);
    leave_terminal();
    const char ready = 1;
    // It may be gone; nobody is left to be told.
    if (::write(parent_, &ready, 1) < 0) errno = 0;
    ::close(std::exchange(parent_, -1));
    return {};
}

}  // namespace sie::daemon
