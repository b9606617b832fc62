#include "sensor/live_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace sie::sensor {

Result<void> LiveFiles::write(Octets container, Time file_stamp) {
    if (!file_.is_open())
        if (auto opened = file_.open_free(file_stamp); !opened) return fail(std::move(opened.error()));
    return file_.write(container);
}

Result<void> LiveFiles::close() {
    if (!file_.is_open()) return {};
    auto closed = file_.close();
    if (closed) return {};
    if (auto unfinished = file_.take_unfinished(); unfinished && unfinished_.size() < most_unfinished)
        unfinished_.push_back(std::move(*unfinished));
    return fail(std::move(closed.error()));
}

spool::FileCounts LiveFiles::counts() const {
    spool::FileCounts counts = file_.counts();
    counts.files += finished_later_;
    return counts;
}

std::vector<ContainerOutput::Retried> LiveFiles::retry() {
    std::vector<Retried> outcomes;
    std::deque<spool::UnfinishedFile> waiting;
    for (spool::UnfinishedFile& file : unfinished_) {
        if (file.finish()) {
            ++finished_later_;
            outcomes.push_back(Retried::finished);
        } else if (file.lost()) {
            outcomes.push_back(Retried::lost);
        } else {
            outcomes.push_back(Retried::waiting);
            waiting.push_back(std::move(file));
        }
    }
    unfinished_ = std::move(waiting);
    return outcomes;
}

Result<std::unique_ptr<StreamOutput>> StreamOutput::open(const std::string& path) {
    const bool standard = path == "-";
    const int fd = standard ? ::dup(STDOUT_FILENO)
                            : ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0644);
    if (fd < 0) return fail_errno(path, "cannot write to it", errno);
    return std::unique_ptr<StreamOutput>(new StreamOutput(standard ? "standard output" : path, fd));
}

StreamOutput::~StreamOutput() { ::close(fd_); }

Result<void> StreamOutput::write(Octets container, Time) {
    if (broken_) return fail(ErrorKind::system, path_, "broken off in the middle of a container");
    const std::size_t octets = container.size();
    while (!container.empty()) {
        const ssize_t n = ::write(fd_, container.data(), container.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            const int error_number = n < 0 ? errno : EIO;
            broken_ = container.size() != octets;
            return fail_errno(path_, "cannot write", error_number);
        }
        container = container.subspan(static_cast<std::size_t>(n));
    }
    ++counts_.containers;
    counts_.octets += octets;
    return {};
}

}  // namespace sie::sensor
