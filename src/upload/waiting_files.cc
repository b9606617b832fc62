#include "upload/waiting_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "base/quoted.h"
#include "spool/finished_name.h"

namespace sie::upload {
namespace {

constexpr std::size_t most_told = 100;

struct CloseFolder {
    void operator()(DIR* folder) const { ::closedir(folder); }
};

}  // namespace

void WaitingFiles::refuse(std::string_view name, std::string_view why) {
    if (told_.size() > most_told || told_.contains(name)) return;
    told_.emplace(name);
    if (told_.size() > most_told)
        return log_(Severity::warning, folder_ + ": more files that are not uploaded are not named");
    log_(Severity::warning,
         fmt::format("{}: {} is not uploaded: {}; move it away", folder_, quoted(name), why));
}

Result<Waiting> WaitingFiles::look(int folder_fd, std::size_t most) {
    // A description of its own, so that each walk begins at the beginning.
    const int own = ::openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (own < 0) return spool::refused(folder_, "cannot be read", errno);
    const std::unique_ptr<DIR, CloseFolder> folder(::fdopendir(own));
    if (!folder) {
        const int error_number = errno;
        ::close(own);
        return spool::refused(folder_, "cannot be read", error_number);
    }
    Waiting found;
    // `oldest` is a heap with its youngest in front.
    errno = 0;
    for (const dirent* entry = nullptr; (entry = ::readdir(folder.get())) != nullptr; errno = 0) {
        const std::string_view name(entry->d_name);
        if (name.starts_with('.')) continue;
        const auto moment = spool::moment_of(name);
        if (!moment) {
            ++found.refused;
            refuse(name, name.starts_with('-') ? "its name begins with '-'"
                                               : "its name is not PREFIX.DATE.TIME.EPOCH.NANOSECONDS.nmsg");
            continue;
        }
        struct stat status {};
        if (::fstatat(folder_fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;  // it left
        if (!S_ISREG(status.st_mode)) {
            ++found.refused;
            refuse(name, "it is not a regular file");
            continue;
        }
        if (::faccessat(folder_fd, entry->d_name, R_OK, AT_EACCESS) != 0) {
            ++found.refused;
            refuse(name, "this user may not read it");
            continue;
        }
        const auto octets = static_cast<std::uint64_t>(status.st_size);
        ++found.files;
        found.octets += octets;
        WaitingFile file{*moment, std::string(name), octets};
        if (found.oldest.size() < most) {
            found.oldest.push_back(std::move(file));
            std::ranges::push_heap(found.oldest, std::less{});
        } else if (most > 0 && file < found.oldest.front()) {
            std::ranges::pop_heap(found.oldest, std::less{});
            found.oldest.back() = std::move(file);
            std::ranges::push_heap(found.oldest, std::less{});
        }
    }
    if (errno != 0) return spool::refused(folder_, "cannot be read", errno);
    std::ranges::sort_heap(found.oldest, std::less{});
    return found;
}

std::vector<WaitingFile> WaitingFiles::take_batch(int folder_fd, std::vector<WaitingFile>& from,
                                                  std::size_t most_files, std::uint64_t most_octets) {
    std::vector<WaitingFile> batch;
    std::uint64_t octets = 0;
    auto next = from.begin();
    for (; next != from.end() && batch.size() < most_files; ++next) {
        struct stat status {};
        if (::fstatat(folder_fd, next->name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
        if (!S_ISREG(status.st_mode)) continue;
        next->octets = static_cast<std::uint64_t>(status.st_size);
        if (!batch.empty() && octets + next->octets > most_octets) break;
        octets += next->octets;
        batch.push_back(std::move(*next));
    }
    from.erase(from.begin(), next);
    return batch;
}

}  // namespace sie::upload
