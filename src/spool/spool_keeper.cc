#include "spool/spool_keeper.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <memory>
#include <queue>

#include "nmsg/reader.h"
#include "spool/file_name.h"
#include "spool/finished_name.h"

namespace sie::spool {

namespace {

constexpr std::uint64_t disk_block =
    512;  // st_blocks (POSIX leaves the unit open, all systems have this one)
constexpr const char* folders_of_bound[] = {"new", "waiting"};

// What a folder holds but "." and ".."; nothing is followed.
void each_entry(int folder_fd, const std::function<void(const char* name, const struct stat&)>& visit) {
    const int again = ::openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(again < 0 ? nullptr : ::fdopendir(again), ::closedir);
    if (!entries) {
        if (again >= 0) ::close(again);
        return;
    }
    while (const dirent* entry = ::readdir(entries.get())) {
        const std::string_view name = entry->d_name;
        struct stat status {};
        if (name == "." || name == ".." ||
            ::fstatat(folder_fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        visit(entry->d_name, status);
    }
}

Descriptor open_below(int folder_fd, const char* name) {
    return Descriptor(::openat(folder_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

// Makes PATH/CHANNEL and what is missing above it; the folder, opened.
Result<Descriptor> made_folder(const std::string& spooldir, const char* name, const std::string& channel) {
    std::string path = spooldir;
    for (const std::string& step : {std::string(), "/" + std::string(name), "/" + channel}) {
        path += step;
        if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST)
            return refused(path, "cannot make the folder", errno);
    }
    Descriptor folder = open_folder(path);
    if (folder.get() < 0) return refused(path, "cannot open the folder", errno);
    return folder;
}

// Payloads of a file that is about to go; of a damaged one those before the damage.
std::uint64_t payloads_in(const std::string& path) {
    auto reader = nmsg::Reader::open(path);
    if (!reader) return 0;
    nmsg::Payload payload;
    while (reader->next(payload)) {}
    return reader->counts().payloads;
}

}  // namespace

// A file that may go, oldest first.
struct SpoolKeeper::Finished {
    Time moment;
    std::string folder, name;  // FOLDER: below the spool, "waiting/ch202"
    std::uint64_t disk_octets = 0, octets = 0;
    friend bool operator<(const Finished& a, const Finished& b) {
        return a.moment != b.moment ? a.moment < b.moment : a.name < b.name;
    }
};

struct SpoolKeeper::Found {
    std::uint64_t disk_octets = 0;  // of all regular files
    SpoolContent content;
    std::vector<Finished> oldest;  // in order, at most most_at_once
};

Result<SpoolKeeper> SpoolKeeper::open(SpoolRules rules) {
    SpoolKeeper keeper(std::move(rules));
    const auto make = [&](const char* name, Descriptor& into) -> std::optional<Error> {
        auto folder = made_folder(keeper.rules_.spooldir, name, keeper.rules_.channel);
        if (!folder) return folder.error();
        into = std::move(*folder);
        return {};
    };
    for (const auto& [name, into] : {std::pair{"new", &keeper.new_}, {"waiting", &keeper.waiting_}})
        if (auto error = make(name, *into)) return fail(std::move(*error));
    if (keeper.rules_.archive)
        if (auto error = make("archive", keeper.archive_)) return fail(std::move(*error));
    return keeper;
}

SpoolKeeper::SpoolKeeper(SpoolKeeper&& other) noexcept = default;
SpoolKeeper::~SpoolKeeper() = default;

void SpoolKeeper::set_rules(SpoolRules rules) {
    rules_ = std::move(rules);
    told_.clear();
}

std::string SpoolKeeper::path(const char* folder, const std::string& name) const {
    return fmt::format("{}/{}/{}/{}", rules_.spooldir, folder, rules_.channel, name);
}

std::vector<SpoolEvent> SpoolKeeper::take_events() { return std::exchange(events_, {}); }

void SpoolKeeper::tell_once(bool warning, std::string text) {
    constexpr std::size_t most_told = 100;
    if (std::find(told_.begin(), told_.end(), text) != told_.end() || told_.size() == most_told) return;
    told_.push_back(text);
    tell(warning, std::move(text));
}

void SpoolKeeper::take_finished() {
    std::priority_queue<std::pair<Time, std::string>> oldest;  // the youngest of them on top
    each_entry(new_.get(), [&](const char* name, const struct stat& status) {
        const auto moment = S_ISREG(status.st_mode) ? moment_of(name) : std::nullopt;
        if (!moment) return;
        oldest.emplace(*moment, name);
        if (oldest.size() > most_at_once) oldest.pop();
    });
    std::vector<std::string> names(oldest.size());
    for (auto name = names.rbegin(); name != names.rend(); ++name, oldest.pop()) *name = oldest.top().second;
    for (const std::string& name : names) hand_on(name);
}

void SpoolKeeper::hand_on(const std::string& name) {
    const bool archived = rules_.archive && archive(name);
    // A file counts when it leaves new/, once: one that cannot leave is tried again and again.
    const auto has_left = [&](std::uint64_t& count) {
        ++count;
        if (rules_.archive) ++(archived ? counts_.archived : counts_.not_archived);
    };
    if (rules_.upload) {
        if (const int error = move_to_free_name(new_.get(), name, waiting_.get(), name);
            error != 0 && error != ENOENT)
            return tell_once(true,
                             refused(path("new", name), "cannot move it to waiting/", error).value().text());
        return has_left(counts_.to_waiting);
    }
    // What should be in the archive and is not stays, until the bound takes it.
    if (rules_.archive && !archived) return;
    if (::unlinkat(new_.get(), name.c_str(), 0) != 0) {
        if (errno != ENOENT)
            tell_once(true, refused(path("new", name), "cannot remove it", errno).value().text());
        return;
    }
    has_left(counts_.removed);
}

bool SpoolKeeper::archive_has_room() {
    struct statvfs disk {};
    if (::fstatvfs(archive_.get(), &disk) != 0 || disk.f_blocks == 0) return true;
    const bool has = disk.f_bavail >= disk.f_blocks / 100 * rules_.least_free_percent;
    if (has == archiving_stopped_) {
        archiving_stopped_ = !has;
        const std::string archive = rules_.spooldir + "/archive";
        tell(!has,
             has ? archive + ": archiving goes on"
                 : fmt::format(
                       "{}: less than {} % of its file system are free; nothing is archived until there is "
                       "more; remove old files there, or set archive=no",
                       archive, rules_.least_free_percent));
    }
    return has;
}

bool SpoolKeeper::archive(const std::string& name) {
    if (archive_.get() < 0) {
        auto folder = made_folder(rules_.spooldir, "archive", rules_.channel);
        if (!folder) {
            tell_once(true, folder.error().text());
            return false;
        }
        archive_ = std::move(*folder);
    }
    if (!archive_has_room()) return false;
    int error = ::linkat(new_.get(), name.c_str(), archive_.get(), name.c_str(), 0) == 0 ? 0 : errno;
    if (error == EEXIST) {  // an earlier run ended between the link and what follows it
        const Descriptor there(
            ::openat(archive_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
        if (there.get() >= 0 && is_named(there.get(), new_.get(), name)) error = 0;
    }
    // Before the first name goes the second one must be there to stay.
    if (error == 0 && !rules_.upload) error = sync_folder(archive_.get());
    if (error != 0) {
        tell_once(true, refused(path("archive", name), "cannot archive it", error).value().text());
        return false;
    }
    return true;
}

SpoolKeeper::Found SpoolKeeper::look() const {
    Found found;
    std::priority_queue<Finished> oldest;
    const Descriptor spool = open_folder(rules_.spooldir);
    for (const char* const top : folders_of_bound) {
        const Descriptor folder = open_below(spool.get(), top);
        if (folder.get() < 0) continue;
        const bool is_new = top == folders_of_bound[0];
        each_entry(folder.get(), [&](const char* channel, const struct stat& status) {
            if (!S_ISDIR(status.st_mode)) return;
            const Descriptor files = open_below(folder.get(), channel);
            if (files.get() < 0) return;
            const bool ours = channel == rules_.channel;
            each_entry(files.get(), [&](const char* name, const struct stat& file) {
                if (!S_ISREG(file.st_mode)) return;
                const std::uint64_t on_disk = static_cast<std::uint64_t>(file.st_blocks) * disk_block;
                const auto octets = static_cast<std::uint64_t>(file.st_size);
                found.disk_octets += on_disk;
                const auto moment = moment_of(name);
                if (ours && (moment || (is_new && name_of_part(name)))) {
                    ++(is_new ? found.content.new_files : found.content.waiting_files);
                    (is_new ? found.content.new_octets : found.content.waiting_octets) += octets;
                }
                if (!moment) return;
                auto& first = found.content.oldest_waiting_s;
                if (ours && !is_new && (first == 0 || moment->seconds() < first)) first = moment->seconds();
                oldest.push({*moment, fmt::format("{}/{}", top, channel), name, on_disk, octets});
                if (oldest.size() > most_at_once) oldest.pop();
            });
        });
    }
    if (rules_.archive && archive_.get() >= 0)
        each_entry(archive_.get(), [&](const char* name, const struct stat& file) {
            if (!S_ISREG(file.st_mode) || !moment_of(name)) return;
            ++found.content.archive_files;
            found.content.archive_octets += static_cast<std::uint64_t>(file.st_size);
        });
    found.oldest.resize(oldest.size());
    for (auto file = found.oldest.rbegin(); file != found.oldest.rend(); ++file, oldest.pop())
        *file = oldest.top();
    return found;
}

bool SpoolKeeper::remove_oldest(const Finished& file) {
    const std::string folder = rules_.spooldir + "/" + file.folder, path = in_folder(folder, file.name);
    const std::uint64_t payloads = payloads_in(path);
    if (::unlink(path.c_str()) != 0) {
        if (errno != ENOENT) tell_once(true, refused(path, "cannot remove it", errno).value().text());
        return errno == ENOENT;  // it was sent in this moment
    }
    ++counts_.lost_files;
    counts_.lost_octets += file.octets;
    counts_.lost_payloads += payloads;
    tell(true,
         fmt::format("spool overflow, removing {} ({} octets, {} payloads)", path, file.octets, payloads));
    return true;
}

void SpoolKeeper::keep_bound(const std::atomic<bool>* stop) {
    for (;;) {
        const Found found = look();
        content_ = found.content;
        std::uint64_t left = found.disk_octets;
        if (left <= rules_.most_octets) {
            over_bound_told_ = false;
            return;
        }
        bool any_removed = false;
        for (const bool also_open : {false, true}) {
            for (const Finished& file : found.oldest) {
                if (left <= rules_.most_octets) return void(content_ = look().content);
                if (stop != nullptr && stop->load(std::memory_order_relaxed)) return;
                const Descriptor folder = open_folder(rules_.spooldir + "/" + file.folder);
                if (is_open_elsewhere(folder.get(), file.name) != also_open) continue;
                if (!remove_oldest(file)) continue;
                left -= std::min(left, file.disk_octets);
                any_removed = true;
            }
        }
        if (any_removed && found.oldest.size() == most_at_once) continue;  // there are more
        if (left > rules_.most_octets && !std::exchange(over_bound_told_, true))
            tell(true,
                 fmt::format(
                     "{}: new/ and waiting/ hold {} KiB, more than max_spool_size_kbytes={}, and nothing in "
                     "them can be removed",
                     rules_.spooldir, left >> 10, rules_.most_octets >> 10));
        content_ = look().content;
        return;
    }
}

}  // namespace sie::spool
