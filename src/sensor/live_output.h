// The outputs of a live run: files of which none is given up while the run lasts, or one stream.
#pragma once

#include <deque>
#include <string>
#include <string_view>

#include "sensor/container_output.h"

namespace sie::sensor {

// Files of REFERENCE §5 in a folder; a stamp whose name is taken already gets the next free one. A file that
// could not be finished is kept, at most `most_unfinished` of them, to be tried again; those beyond are left
// to the salvage of the next start.
class LiveFiles final : public ContainerOutput {
  public:
    static constexpr std::size_t most_unfinished = 64;
    LiveFiles(std::string folder, std::string prefix, std::string_view suffix = ".nmsg")
        : file_(std::move(folder), std::move(prefix), std::string(suffix)) {}
    Result<void> write(Octets container, Time file_stamp) override;
    Result<void> close() override;
    spool::FileCounts counts() const override;
    std::size_t unfinished() const override { return unfinished_.size(); }
    std::vector<Retried> retry() override;

  private:
    spool::OutputFile file_;
    std::deque<spool::UnfinishedFile> unfinished_;
    std::uint64_t finished_later_ = 0;
};

// All containers in a row into one path, a FIFO or "-" for standard output; nothing rotates. What is broken
// in the middle of a container stays broken.
class StreamOutput final : public ContainerOutput {
  public:
    [[nodiscard]] static Result<std::unique_ptr<StreamOutput>> open(const std::string& path);
    ~StreamOutput() override;
    StreamOutput(const StreamOutput&) = delete;
    StreamOutput& operator=(const StreamOutput&) = delete;
    Result<void> write(Octets container, Time file_stamp) override;
    Result<void> close() override { return {}; }
    spool::FileCounts counts() const override { return counts_; }

  private:
    StreamOutput(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
    std::string path_;
    int fd_;
    bool broken_ = false;
    spool::FileCounts counts_;
};

}  // namespace sie::sensor
