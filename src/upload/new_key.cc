#include "upload/new_key.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <utility>
#include <vector>

#include "base/quoted.h"
#include "spool/durable.h"
#include "upload/child_process.h"
#include "upload/shell_word.h"
#include "upload/upload_fault.h"

namespace sie::upload {
namespace {

using spool::Descriptor;

constexpr const char* inner_name = "key";
constexpr const char* inner_public_name = "key.pub";
constexpr std::chrono::minutes longest_run{5};
constexpr std::size_t most_line_octets = 4'096;

[[nodiscard]] tl::unexpected<Error> refused(const std::string& path, std::string why, int error_number) {
    auto error = spool::refused(path, std::move(why), error_number);
    if (error_number == EACCES || error_number == EPERM) {
        error.value().kind = ErrorKind::denied;
        error.value().remedy = "run sie-gen-key as a user who may write there, such as root";
    }
    return error;
}

// So that a ^C ends ssh-keygen alone, and this cleans up behind it.
class SignalsHeldBack {
  public:
    SignalsHeldBack() {
        sigset_t held;
        ::sigemptyset(&held);
        for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&held, number);
        ::sigprocmask(SIG_BLOCK, &held, &before_);
    }
    ~SignalsHeldBack() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }
    SignalsHeldBack(const SignalsHeldBack&) = delete;
    SignalsHeldBack& operator=(const SignalsHeldBack&) = delete;

  private:
    sigset_t before_{};
};

// The folder of the key, made if it is missing, with those above it; unmade unless it is kept.
class KeyFolder {
  public:
    explicit KeyFolder(std::string path) : path_(std::move(path)) {}
    ~KeyFolder() {
        for (auto path = made_.rbegin(); path != made_.rend(); ++path) ::rmdir(path->c_str());
    }
    KeyFolder(const KeyFolder&) = delete;
    KeyFolder& operator=(const KeyFolder&) = delete;

    [[nodiscard]] Result<void> open(const std::optional<Owner>& owner) {
        for (std::size_t at = path_.find('/', 1); at != std::string::npos; at = path_.find('/', at + 1))
            if (const int failed = make(path_.substr(0, at), 0755); failed != 0)
                return refused(path_.substr(0, at), "cannot be made", failed);
        const std::size_t made_above = made_.size();
        if (const int failed = make(path_, 0700); failed != 0)
            return refused(path_, "cannot be made", failed);
        const bool was_made = made_.size() > made_above;
        folder_ = spool::open_folder(path_);
        if (folder_.get() < 0) return refused(path_, "cannot be opened", errno);
        if (was_made && owner && ::fchown(folder_.get(), owner->uid, owner->gid) != 0)
            return refused(path_, "cannot be given to its owner", errno);
        return {};
    }
    [[nodiscard]] int fd() const { return folder_.get(); }
    void keep() { made_.clear(); }

  private:
    // 0 if it is there now, else the error number.
    [[nodiscard]] int make(const std::string& path, mode_t mode) {
        if (::mkdir(path.c_str(), mode) != 0) return errno == EEXIST ? 0 : errno;
        made_.push_back(path);
        return 0;
    }

    std::string path_;
    Descriptor folder_;
    std::vector<std::string> made_;
};

// A hidden folder in it, gone with everything in it when this goes.
class Workshop {
  public:
    explicit Workshop(int parent_fd) : parent_fd_(parent_fd) {}
    ~Workshop() {
        for (const char* name : {inner_name, inner_public_name})
            if (folder_.get() >= 0) ::unlinkat(folder_.get(), name, 0);
        if (!name_.empty()) ::unlinkat(parent_fd_, name_.c_str(), AT_REMOVEDIR);
    }
    Workshop(const Workshop&) = delete;
    Workshop& operator=(const Workshop&) = delete;

    // 0, or the error number. Whoever owns the folder above may put something else in its place: that is
    // noticed.
    [[nodiscard]] int open() {
        // One that a killed run left is passed by.
        for (int i = 0; name_.empty(); ++i) {
            const std::string name = fmt::format(".sie-gen-key.{}.{}", ::getpid(), i);
            if (::mkdirat(parent_fd_, name.c_str(), 0700) == 0) {
                name_ = name;
            } else if (errno != EEXIST || i == 9) {
                return errno;
            }
        }
        Descriptor opened(
            ::openat(parent_fd_, name_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        struct stat status {};
        if (opened.get() < 0 || ::fstat(opened.get(), &status) != 0) return errno;
        if (status.st_uid != ::geteuid() || (status.st_mode & 07777U) != 0700) return EPERM;
        folder_ = std::move(opened);
        return 0;
    }
    [[nodiscard]] int fd() const { return folder_.get(); }

  private:
    int parent_fd_;
    std::string name_;
    Descriptor folder_;
};

[[nodiscard]] Result<void> run_ssh_keygen(const NewKey& wanted, int folder_fd) {
    const auto program = find_program("ssh-keygen", "openssh-client");
    if (!program) return fail(program.error());
    std::vector<std::string> arguments{*program, "-q", "-t"};
    if (wanted.kind == KeyKind::rsa4096) {
        arguments.insert(arguments.end(), {"rsa", "-b", "4096"});
    } else {
        arguments.emplace_back("ed25519");
    }
    arguments.insert(arguments.end(), {"-N", "", "-C", wanted.comment, "-f", inner_name});
    LastLines last;
    LineCutter lines([&](const std::string& line) { last.take(line); });
    ChildWatch watch;
    watch.on_error = [&](std::string_view octets) { lines.take(octets); };
    watch.limit = longest_run;
    const auto end = run_child({becoming(arguments, {path_of_children, "LC_ALL=C"}, folder_fd), {}}, watch);
    if (!end) return fail(end.error());
    lines.finish();
    if (end->exit_status == 0) return {};
    return fail(ErrorKind::system, "ssh-keygen",
                "made no key: " +
                    (last.lines().empty() ? std::string("it was ended") : quoted(last.lines().back(), 200)));
}

// Modes, owner and octets on the disk, before a name says that it is there.
[[nodiscard]] int finish(int folder_fd, const char* name, mode_t mode, const std::optional<Owner>& owner) {
    const Descriptor file(::openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (file.get() < 0 || ::fchmod(file.get(), mode) != 0) return errno;
    if (owner && ::fchown(file.get(), owner->uid, owner->gid) != 0) return errno;
    return spool::sync_file(file.get());
}

[[nodiscard]] Result<std::string> line_in(int folder_fd, const std::string& shown) {
    const Descriptor file(::openat(folder_fd, inner_public_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    std::array<char, most_line_octets> octets{};
    const ssize_t n = file.get() < 0 ? -1 : ::read(file.get(), octets.data(), octets.size());
    if (n <= 0) return fail_errno(shown, "cannot be read", errno);
    const std::string text(octets.data(), static_cast<std::size_t>(n));
    return text.substr(0, text.find('\n'));
}

[[nodiscard]] bool is_taken(int folder_fd, const std::string& name) {
    struct stat status {};
    return ::fstatat(folder_fd, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
}

[[nodiscard]] tl::unexpected<Error> exists(const std::string& path) {
    return fail(ErrorKind::system, {}, shell_word(path) + " already exists",
                "it is never overwritten; move it away if a new key is wanted");
}

}  // namespace

Result<std::string> make_key(const NewKey& wanted) {
    const SignalsHeldBack held;
    const std::size_t slash = wanted.path.rfind('/');
    const std::string name = wanted.path.substr(slash + 1), public_name = name + ".pub";
    const std::string public_path = wanted.path + ".pub";
    KeyFolder folder(slash == 0 ? "/" : wanted.path.substr(0, slash));
    if (auto opened = folder.open(wanted.owner); !opened) return fail(opened.error());
    for (const auto& [taken, path] : {std::pair(name, wanted.path), std::pair(public_name, public_path)})
        if (is_taken(folder.fd(), taken)) return exists(path);

    Workshop workshop(folder.fd());
    if (const int error_number = workshop.open(); error_number != 0)
        return refused(wanted.path, "no folder for the work can be made beside it", error_number);
    if (auto made = run_ssh_keygen(wanted, workshop.fd()); !made) return fail(made.error());
    auto line = line_in(workshop.fd(), public_path);
    if (!line) return line;
    for (const auto& [inner, mode] :
         {std::pair(inner_name, mode_t{0600}), std::pair(inner_public_name, mode_t{0644})})
        if (const int error_number = finish(workshop.fd(), inner, mode, wanted.owner); error_number != 0)
            return refused(wanted.path, "cannot be finished", error_number);
    // A link, unlike a rename, never replaces what is there.
    if (::linkat(workshop.fd(), inner_name, folder.fd(), name.c_str(), 0) != 0)
        return errno == EEXIST ? exists(wanted.path) : refused(wanted.path, "cannot be named", errno);
    if (::linkat(workshop.fd(), inner_public_name, folder.fd(), public_name.c_str(), 0) != 0) {
        const int error_number = errno;
        ::unlinkat(folder.fd(), name.c_str(), 0);
        return error_number == EEXIST ? exists(public_path)
                                      : refused(public_path, "cannot be named", error_number);
    }
    if (const int error_number = spool::sync_folder(folder.fd()); error_number != 0) {
        ::unlinkat(folder.fd(), name.c_str(), 0);
        ::unlinkat(folder.fd(), public_name.c_str(), 0);
        return refused(wanted.path, "cannot be kept", error_number);
    }
    folder.keep();
    return line;
}

}  // namespace sie::upload
