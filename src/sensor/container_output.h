// Where finished containers go: rotating files, or nowhere; stream has outputs of its own.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "spool/output_file.h"

namespace sie::sensor {

class ContainerOutput {
  public:
    virtual ~ContainerOutput() = default;
    // `file_stamp`: the moment at which the file that this container belongs to was begun; it never falls.
    [[nodiscard]] virtual Result<void> write(Octets container, Time file_stamp) = 0;
    // What an output holds back of it becomes readable; most hold nothing back.
    [[nodiscard]] virtual Result<void> flush() { return {}; }
    [[nodiscard]] virtual Result<void> close() = 0;
    [[nodiscard]] virtual spool::FileCounts counts() const = 0;

    // Files whose close() failed and that may still be finished, oldest first.
    [[nodiscard]] virtual std::size_t unfinished() const { return 0; }
    enum class Retried : std::uint8_t { finished, waiting, lost };
    // Tries each of them again, in that order; those that are finished or lost leave.
    [[nodiscard]] virtual std::vector<Retried> retry() { return {}; }
};

// Thrown away, and counted.
class DiscardOutput final : public ContainerOutput {
  public:
    Result<void> write(Octets container, Time file_stamp) override;
    Result<void> close() override { return {}; }
    spool::FileCounts counts() const override { return counts_; }

  private:
    spool::FileCounts counts_;
};

// Files of REFERENCE §5 in a folder; another stamp means another file.
class SpoolOutput final : public ContainerOutput {
  public:
    SpoolOutput(std::string folder, std::string prefix, std::string_view suffix = ".nmsg")
        : file_(std::move(folder), std::move(prefix), std::string(suffix)) {}
    Result<void> write(Octets container, Time file_stamp) override;
    Result<void> close() override;
    spool::FileCounts counts() const override { return file_.counts(); }

  private:
    spool::OutputFile file_;
    Time stamp_;
};

}  // namespace sie::sensor
