#include "upload/key_check.h"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "upload/shell_word.h"

namespace sie::upload {
namespace {

constexpr mode_t of_others = S_IRWXG | S_IRWXO;
constexpr mode_t writable_by_others = S_IWGRP | S_IWOTH;

[[nodiscard]] std::string name_of(uid_t uid) {
    passwd entry{};
    passwd* found = nullptr;
    std::array<char, 4'096> room{};
    if (::getpwuid_r(uid, &entry, room.data(), room.size(), &found) == 0 && found != nullptr)
        return entry.pw_name;
    return std::to_string(uid);
}

[[nodiscard]] tl::unexpected<Error> not_reached(const std::string& path, int error_number,
                                                const std::string& missing, const std::string& mend_missing) {
    if (error_number == ENOENT || error_number == ENOTDIR)
        return fail(ErrorKind::system, path, missing, mend_missing);
    return fail(ErrorKind::denied, path,
                "cannot be reached: " + std::generic_category().message(error_number),
                "let the user who uploads enter its folder: ls -ld " +
                    shell_word(path.substr(0, path.rfind('/') + 1)));
}

}  // namespace

Result<void> check_upload_key(const std::string& path, uid_t uploader, uid_t besides) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0)
        return not_reached(path, errno, "upload key does not exist", "make one with sie-gen-key");
    if (!S_ISREG(status.st_mode))
        return fail(ErrorKind::system, path, "upload key is not a regular file", "make one with sie-gen-key");
    const bool is_own = status.st_uid == uploader || (uploader == 0 && status.st_uid == besides);
    if (!is_own) {
        const std::string user = name_of(uploader);
        return fail(ErrorKind::denied, path,
                    fmt::format("upload key belongs to {}, but {} uploads", name_of(status.st_uid), user),
                    fmt::format("chown {} {}", user, shell_word(path)));
    }
    if ((status.st_mode & of_others) != 0)
        return fail(ErrorKind::denied, path,
                    fmt::format("upload key is open to others (mode {:04o})", status.st_mode & 07777U),
                    "chmod 600 " + shell_word(path));
    if (uploader != 0 && (status.st_mode & S_IRUSR) == 0)
        return fail(
            ErrorKind::denied, path,
            fmt::format("upload key may not be read by its owner (mode {:04o})", status.st_mode & 07777U),
            "chmod 600 " + shell_word(path));
    return {};
}

Result<void> check_known_hosts(const std::string& path) {
    static constexpr const char* mend =
        "put the line that the collector's operator gives into it: HOST ssh-ed25519 KEY";
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0)
        return not_reached(path, errno, "file of known hosts does not exist", mend);
    if (!S_ISREG(status.st_mode))
        return fail(ErrorKind::system, path, "file of known hosts is not a regular file", mend);
    if ((status.st_mode & writable_by_others) != 0)
        return fail(ErrorKind::denied, path,
                    fmt::format("file of known hosts may be written by others (mode {:04o})",
                                status.st_mode & 07777U),
                    "chmod 644 " + shell_word(path));
    if (::access(path.c_str(), R_OK) != 0)
        return fail(ErrorKind::denied, path, "file of known hosts may not be read by the user who uploads",
                    "chmod 644 " + shell_word(path));
    if (status.st_size == 0) return fail(ErrorKind::system, path, "file of known hosts is empty", mend);
    return {};
}

}  // namespace sie::upload
