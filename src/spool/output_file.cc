#include "spool/output_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/crc32c.h"
#include "spool/durable.h"

namespace sie::spool {
namespace {

constexpr std::uint64_t begin_every_octets = std::uint64_t{8} << 20;

// Locks a part file that was just made. A salvage may hold it for the moment that it takes to see that it is
// empty, and may have removed it by then: false.
[[nodiscard]] bool lock_part(int fd, const std::string& path) {
    Lock result = lock(fd);
    for (int waited_ms = 0; result == Lock::held && waited_ms < 1000; ++waited_ms) {
        ::poll(nullptr, 0, 1);
        result = lock(fd);
    }
    // A file system that cannot lock is none on which a salvage would touch the file.
    return result != Lock::held && is_named(fd, AT_FDCWD, path);
}

}  // namespace

UnfinishedFile::UnfinishedFile(Descriptor file, std::string folder, std::string name,
                               const std::string& suffix)
    : file_(std::move(file)),
      folder_(std::move(folder)),
      part_name_(spool::part_name(name)),
      final_name_(name + suffix),
      part_path_(in_folder(folder_, part_name_)),
      final_path_(in_folder(folder_, final_name_)) {}

Result<std::string> UnfinishedFile::finish() {
    if (lost_) return fail(ErrorKind::damaged, part_path_, "its content is lost");
    if (step_ == Step::content || step_ == Step::content_again)
        if (auto done = finish_content(); !done) return fail(std::move(done.error()));
    if (auto done = finish_name(); !done) return fail(std::move(done.error()));
    return final_path_;
}

Result<void> UnfinishedFile::finish_content() {
    if (step_ == Step::content_again)
        if (auto done = write_again(); !done) return done;
    int error_number = cut_to(file_.get(), octets_);
    if (error_number == 0) {
        error_number = sync_file(file_.get());
        step_ = error_number == 0 ? Step::name : Step::content_again;
    }
    if (error_number != 0) return refused(part_path_, "cannot finish the file", error_number);
    return {};
}

Result<void> UnfinishedFile::write_again() {
    std::vector<std::uint8_t> octets;
    std::uint64_t at = 0;
    for (const Write& write : writes_) {
        octets.resize(write.octets);
        int error_number = read_at(file_.get(), octets, at);
        if (error_number != 0) return refused(part_path_, "cannot read it back", error_number);
        if (crc32c(octets) != write.crc) {
            lost_ = true;
            return fail(
                ErrorKind::damaged, part_path_,
                "its content changed after a failed fsync; whatever is whole in it is salvaged at the "
                "next start");
        }
        error_number = write_at(file_.get(), octets, at);
        if (error_number != 0) return refused(part_path_, "cannot write it again", error_number);
        at += write.octets;
    }
    return {};
}

Result<void> UnfinishedFile::finish_name() {
    const Descriptor folder = open_folder(folder_);
    if (folder.get() < 0) {
        const int error_number = errno;
        struct stat status {};
        lost_ = step_ == Step::name && ::fstat(file_.get(), &status) == 0 && status.st_nlink == 0;
        return refused(folder_, "cannot open the folder of " + part_name_, error_number);
    }
    Result<void> done;
    if (step_ == Step::name) {
        int error_number = 0;
        if (is_named(file_.get(), folder.get(), final_name_)) {
            // Linked before, but the part's name could not be removed.
            if (::unlinkat(folder.get(), part_name_.c_str(), 0) != 0 && errno != ENOENT) error_number = errno;
        } else if (is_named(file_.get(), folder.get(), part_name_)) {
            error_number = rename_to_free_name(folder.get(), part_name_, final_name_);
        } else {
            lost_ = true;
            error_number = ENOENT;
        }
        if (lost_) {
            done = fail(ErrorKind::damaged, part_path_, "was removed while it was written");
        } else if (error_number != 0) {
            done = refused(final_path_, "cannot rename " + part_path_ + " to it", error_number);
        } else {
            step_ = Step::folder;
        }
    }
    if (step_ == Step::folder)
        if (const int error_number = sync_folder(folder.get()); error_number != 0)
            done = refused(final_path_, "renamed, but its folder cannot be synchronized", error_number);
    return done;
}

OutputFile::OutputFile(std::string folder, std::string prefix, std::string suffix, bool keep_empty)
    : folder_(std::move(folder)),
      prefix_(std::move(prefix)),
      suffix_(std::move(suffix)),
      keep_empty_(keep_empty) {}

OutputFile::~OutputFile() {
    if (file_) ::unlink(part_path_.c_str());
}

// 0, or the error number.
int OutputFile::try_open(Time stamp, bool& final_taken) {
    const std::string name = prefix_ + '.' + file_stamp(stamp);
    final_path_ = in_folder(folder_, name + suffix_);
    part_path_ = in_folder(folder_, part_name(name));
    unfinished_.reset();
    constexpr int most_attempts = 100;
    for (int attempt = 0; attempt < most_attempts; ++attempt) {
        struct stat status {};
        final_taken = ::lstat(final_path_.c_str(), &status) == 0;
        if (final_taken) return EEXIST;
        Descriptor file(::open(part_path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644));
        if (file.get() < 0) return errno;
        if (lock_part(file.get(), part_path_)) {
            file_ = UnfinishedFile(std::move(file), folder_, name, suffix_);
            return 0;
        }
    }
    return ENOENT;  // somebody removes each as soon as it is there
}

Result<void> OutputFile::open(Time stamp) {
    if (file_) return fail(ErrorKind::system, part_path_, "still open");
    bool final_taken = false;
    const int error_number = try_open(stamp, final_taken);
    if (error_number != 0)
        return refused(final_taken ? final_path_ : part_path_, "cannot make the file", error_number);
    return {};
}

Result<Time> OutputFile::open_free(Time stamp) {
    constexpr int most_names = 1000;
    for (int tried = 0;; ++tried, ++stamp.ns) {
        auto opened = open(stamp);
        if (opened) return stamp;
        struct stat status {};
        const bool taken = !file_ && (::lstat(final_path_.c_str(), &status) == 0 ||
                                      ::lstat(part_path_.c_str(), &status) == 0);
        if (!taken || tried == most_names) return fail(std::move(opened.error()));
    }
}

bool OutputFile::is_open() const { return file_.has_value(); }

Result<void> OutputFile::write(Octets container) {
    if (!file_) return fail(ErrorKind::system, in_folder(folder_, prefix_), "no file is open");
    if (container.empty()) return {};
    if (const int error_number = write_at(file_->file_.get(), container, file_->octets_); error_number != 0) {
        // Should the cut fail, the next container is written over what is there, and close() cuts again.
        static_cast<void>(cut_to(file_->file_.get(), file_->octets_));
        return refused(part_path_, "cannot write", error_number);
    }
    file_->octets_ += container.size();
    file_->writes_.push_back({container.size(), crc32c(container)});
    if (file_->octets_ - file_->begun_ >= begin_every_octets) {
        begin_writing(file_->file_.get(), file_->begun_, file_->octets_ - file_->begun_);
        file_->begun_ = file_->octets_;
    }
    ++counts_.containers;
    counts_.octets += container.size();
    return {};
}

Result<std::string> OutputFile::close() {
    if (!file_) return fail(ErrorKind::system, in_folder(folder_, prefix_), "no file is open");
    UnfinishedFile file = std::move(*file_);
    file_.reset();
    if (file.octets_ == 0 && !keep_empty_) {
        if (::unlink(part_path_.c_str()) != 0)
            return refused(part_path_, "cannot remove the empty file", errno);
        return std::string{};
    }
    auto finished = file.finish();
    if (finished || file.renamed()) ++counts_.files;
    if (!finished) unfinished_ = std::move(file);
    return finished;
}

std::optional<UnfinishedFile> OutputFile::take_unfinished() {
    return std::exchange(unfinished_, std::nullopt);
}

const FileCounts& OutputFile::counts() const { return counts_; }

}  // namespace sie::spool
