#include "upload/one_upload.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "upload/child_process.h"
#include "upload/ssh_command.h"
#include "upload/upload_fault.h"

namespace sie::upload {
namespace {

constexpr std::string_view word_of_arrival = "sender removed ";

[[nodiscard]] bool is_here(int folder_fd, const std::string& name) {
    struct stat status {};
    return ::fstatat(folder_fd, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
}

}  // namespace

UploadResult upload_batch(const UploadSettings& settings, const ServiceTarget& target, int folder_fd,
                          std::vector<WaitingFile> batch, const UploadHooks& hooks) {
    UploadResult result;
    const auto rsync = find_program("rsync", "rsync"), ssh = find_program("ssh", "openssh-client");
    if (!rsync || !ssh) {
        result.fault = !rsync ? rsync.error() : ssh.error();
        result.left = std::move(batch);
        return result;
    }

    ChildWork work{
        becoming(rsync_arguments(settings, *rsync, *ssh, target), upload_environment(settings), folder_fd),
        {}};
    std::uint64_t octets = 0;
    std::map<std::string_view, std::size_t> places;
    std::vector<bool> has_arrived(batch.size());
    for (std::size_t i = 0; i < batch.size(); ++i) {
        work.input += batch[i].name;
        work.input += '\0';
        octets += batch[i].octets;
        places.emplace(batch[i].name, i);
    }
    LastLines last;
    LineCutter error_lines([&](const std::string& line) { last.take(line); });
    LineCutter output_lines([&](const std::string& line) {
        if (!line.starts_with(word_of_arrival)) return;
        const auto found = places.find(std::string_view(line).substr(word_of_arrival.size()));
        if (found == places.end() || has_arrived[found->second]) return;
        has_arrived[found->second] = true;
        ++result.arrived;
        if (hooks.on_arrived) hooks.on_arrived(batch[found->second]);
    });
    ChildWatch watch;
    watch.on_output = [&](std::string_view piece) { output_lines.take(piece); };
    watch.on_error = [&](std::string_view piece) { error_lines.take(piece); };
    watch.on_tick = hooks.on_tick;
    watch.stop_fd = hooks.stop_fd;
    watch.limit = settings.run_limit + std::chrono::seconds(octets / settings.slowest_octets_per_s);
    const auto end = run_child(work, watch);
    output_lines.finish();
    error_lines.finish();

    for (std::size_t i = 0; i < batch.size(); ++i)
        if (!has_arrived[i] && is_here(folder_fd, batch[i].name)) result.left.push_back(std::move(batch[i]));
    if (!end) {
        result.fault = end.error();
        return result;
    }
    result.stopped = end->stopped;
    const std::string where = fmt::format("{} port {}", target.host, target.port);
    if (end->stopped) return result;
    if (end->exit_status != 0) {
        result.fault = error_of(fault_of(*end, last.lines()), where, *end, last.lines());
    } else if (!result.left.empty()) {
        result.fault =
            Error{ErrorKind::system,
                  where,
                  {},
                  fmt::format("rsync says that all is well, but {} files are still here", result.left.size()),
                  "see that nothing else changes files in the waiting folder"};
    }
    return result;
}

}  // namespace sie::upload
