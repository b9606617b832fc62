#include "spool/salvage.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "spool/durable.h"
#include "spool/file_name.h"
#include "spool/whole_containers.h"

namespace sie::spool {
namespace {

// Writes the first octets of a file over themselves, so that an fsync speaks of them: after one that failed
// for their writer the kernel may take them for written. 0, or the error number.
[[nodiscard]] int write_over(int fd, std::uint64_t octets) {
    std::vector<std::uint8_t> chunk(std::size_t{256} << 10);
    for (std::uint64_t at = 0; at < octets;) {
        const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(chunk.size(), octets - at));
        const MutableOctets part = MutableOctets(chunk).first(n);
        int error_number = read_at(fd, part, at);
        if (error_number == 0) error_number = write_at(fd, part, at);
        if (error_number != 0) return error_number;
        at += n;
    }
    return 0;
}

// One part file on its way.
class Part {
  public:
    Part(const std::string& folder, int folder_fd, uid_t folder_owner, std::string name)
        : folder_(folder),
          folder_fd_(folder_fd),
          folder_owner_(folder_owner),
          name_(std::move(name)),
          part_(part_name(name_)) {}
    void handle(SalvageReport& report);

  private:
    [[nodiscard]] Error left(std::string why, std::string remedy) const {
        return {ErrorKind::system, in_folder(folder_, part_), std::nullopt, std::move(why),
                std::move(remedy)};
    }
    [[nodiscard]] Error left(std::string why, int error_number) const {
        return refused(in_folder(folder_, part_), std::move(why), error_number).value();
    }
    [[nodiscard]] Result<SalvagedFile> keep(int fd, std::uint64_t size);
    [[nodiscard]] Result<SalvagedFile> give_name(int fd, SalvagedFile file, const std::string& final);
    [[nodiscard]] bool ours(const struct stat& status) const {
        return status.st_uid == ::geteuid() || status.st_uid == 0 || status.st_uid == folder_owner_;
    }
    // Was it finished but for the removal of its first name (rename by link and unlink)?
    [[nodiscard]] bool finish_rename(int fd, SalvageReport& report);

    const std::string& folder_;
    int folder_fd_;
    uid_t folder_owner_;
    std::string name_, part_;
};

void Part::handle(SalvageReport& report) {
    struct stat named {};
    if (::fstatat(folder_fd_, part_.c_str(), &named, AT_SYMLINK_NOFOLLOW) != 0) {
        // Its writer renamed it in between, or removed it.
        if (errno != ENOENT) report.left.push_back(left("cannot be examined", errno));
        return;
    }
    if (!S_ISREG(named.st_mode)) {
        report.left.push_back(left("is no plain file", "remove it"));
        return;
    }
    const Descriptor file(
        ::openat(folder_fd_, part_.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (file.get() < 0) {
        if (errno != ENOENT) report.left.push_back(left("cannot be opened", errno));
        return;
    }
    switch (lock(file.get())) {
        case Lock::taken: break;
        case Lock::held: ++report.held; return;
        case Lock::unable:
            report.left.push_back(left("this file system cannot lock files, so that it may still be written",
                                       "if nobody writes it, move it to another file system"));
            return;
    }
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) {
        report.left.push_back(left("cannot be examined", errno));
        return;
    }
    if (!is_named(file.get(), folder_fd_, part_)) return;  // its writer gave it its final name in between
    if (!S_ISREG(status.st_mode)) {
        report.left.push_back(left("is no plain file", "remove it"));
    } else if (!ours(status)) {
        report.left.push_back(left(fmt::format("belongs to user {}", status.st_uid),
                                   "give it to the user of the sensor if it is the sensor's"));
    } else if (status.st_nlink != 1) {
        if (!finish_rename(file.get(), report))
            report.left.push_back(left("has a second name", "remove the one that is not wanted"));
    } else if (auto kept = keep(file.get(), static_cast<std::uint64_t>(status.st_size)); kept) {
        report.files.push_back(std::move(*kept));
    } else {
        report.left.push_back(std::move(kept.error()));
    }
}

Result<SalvagedFile> Part::keep(int fd, std::uint64_t size) {
    const auto whole = whole_containers(fd, size);
    if (!whole) return fail(left("cannot be read", whole.error()));
    SalvagedFile file{in_folder(folder_, part_), {}, whole->containers, whole->octets, size - whole->octets};
    switch (whole->form) {
        case WholeContainers::Form::none:
            return fail(left("does not begin with a container", "look what it is, and move it away"));
        case WholeContainers::Form::damaged:
            return fail(
                left("its first container is damaged, and more follows", "keep it elsewhere, or remove it"));
        case WholeContainers::Form::nothing:
            if (::unlinkat(folder_fd_, part_.c_str(), 0) != 0)
                return fail(left("holds nothing whole and cannot be removed", errno));
            return file;
        case WholeContainers::Form::plain: return give_name(fd, std::move(file), name_ + ".nmsg");
        case WholeContainers::Form::zstd: break;
    }
    return give_name(fd, std::move(file), name_ + ".nmsg.zst");
}

Result<SalvagedFile> Part::give_name(int fd, SalvagedFile file, const std::string& final) {
    struct stat status {};
    // Before the cut: a file that cannot get its name stays as it is, whole or not.
    if (::fstatat(folder_fd_, final.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0)
        return fail(left("its final name " + final + " is taken",
                         "move that file away, or this one; neither is overwritten"));
    file.final_path = in_folder(folder_, final);
    int error_number = write_over(fd, file.octets);
    if (error_number != 0) return fail(left("cannot be written again", error_number));
    // What is dirty now stays in memory until it is on the disk: is it still what was judged?
    const auto whole = whole_containers(fd, file.octets);
    if (!whole || whole->octets != file.octets)
        return fail(left("changed while it was read", "see who writes it, and start again"));
    error_number = cut_to(fd, file.octets);
    if (error_number == 0) error_number = sync_file(fd);
    if (error_number != 0) return fail(left("cannot be cut behind its last whole container", error_number));
    error_number = rename_to_free_name(folder_fd_, part_, final);
    if (error_number != 0) return fail(left("cannot be renamed to " + final, error_number));
    error_number = sync_folder(folder_fd_);
    if (error_number != 0)
        return refused(file.final_path, "renamed, but its folder cannot be synchronized", error_number);
    return file;
}

bool Part::finish_rename(int fd, SalvageReport& report) {
    for (const char* suffix : {".nmsg", ".nmsg.zst"}) {
        const std::string final = name_ + suffix;
        if (!is_named(fd, folder_fd_, final)) continue;
        SalvagedFile file{in_folder(folder_, part_), in_folder(folder_, final), 0, 0, 0};
        struct stat status {};
        if (::fstat(fd, &status) != 0 || status.st_nlink != 2) return false;
        const auto size = static_cast<std::uint64_t>(status.st_size);
        const auto whole = whole_containers(fd, size);
        if (!whole || whole->octets != size) return false;
        file.containers = whole->containers;
        file.octets = size;
        if (::unlinkat(folder_fd_, part_.c_str(), 0) != 0 || sync_folder(folder_fd_) != 0) return false;
        report.files.push_back(std::move(file));
        return true;
    }
    return false;
}

// "PREFIX.STAMP" of each part file, in any order; or an error number.
[[nodiscard]] tl::expected<std::vector<std::string>, int> parts_in(int folder_fd) {
    const int reading = ::openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (reading < 0) return tl::unexpected(errno);
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(reading), ::closedir);
    if (entries == nullptr) {
        const int error_number = errno;
        ::close(reading);
        return tl::unexpected(error_number);
    }
    std::vector<std::string> names;
    for (;;) {
        errno = 0;
        const dirent* entry = ::readdir(entries.get());
        if (entry == nullptr && errno != 0) return tl::unexpected(errno);
        if (entry == nullptr) return names;
        if (auto name = name_of_part(entry->d_name)) names.push_back(std::move(*name));
    }
}

}  // namespace

std::string SalvagedFile::text() const {
    if (final_path.empty())
        return fmt::format("{}: nothing whole in it, removed: {} octets were lost", part_path, lost);
    return fmt::format("{}: salvaged from {}: {} containers, {} octets; {} octets behind them were lost",
                       final_path, part_path, containers, octets, lost);
}

Result<SalvageReport> salvage(const std::string& folder) {
    const Descriptor opened = open_folder(folder);
    if (opened.get() < 0) return refused(folder, "cannot be salvaged", errno);
    struct stat status {};
    if (::fstat(opened.get(), &status) != 0) return refused(folder, "cannot be salvaged", errno);
    auto names = parts_in(opened.get());
    if (!names) return refused(folder, "cannot be read", names.error());
    std::sort(names->begin(), names->end());
    SalvageReport report;
    for (std::string& name : *names)
        Part(folder, opened.get(), status.st_uid, std::move(name)).handle(report);
    return report;
}

}  // namespace sie::spool
