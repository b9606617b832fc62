// Capture files read one after the other as if they were one.
//
// A damaged file, or one that cannot be opened, ends the row. One thread.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/capture_file.h"

namespace sie::stream {

class CaptureRow {
  public:
    // Opens the first. `paths` is not empty; `stop` as in OctetSource.
    [[nodiscard]] static Result<CaptureRow> open(std::vector<std::string> paths,
                                                 const std::atomic<bool>* stop) {
        auto file = capture::CaptureFile::open(paths.front(), stop);
        if (!file) return fail(std::move(file.error()));
        return CaptureRow(std::move(*file), std::move(paths), stop);
    }
    [[nodiscard]] bool next(capture::Frame& frame) {
        if (file_.next(frame)) return true;
        while (!file_.error() && at_ + 1 < paths_.size()) {
            auto file = capture::CaptureFile::open(paths_[++at_], stop_);
            if (!file) {
                error_ = std::move(file.error());
                at_ = paths_.size();
                return false;
            }
            file_ = std::move(*file);
            if (file_.next(frame)) return true;
        }
        return false;
    }
    [[nodiscard]] const std::optional<Error>& error() const { return error_ ? error_ : file_.error(); }
    [[nodiscard]] const OctetSource& source() const { return file_.source(); }

  private:
    CaptureRow(capture::CaptureFile file, std::vector<std::string> paths, const std::atomic<bool>* stop)
        : file_(std::move(file)), paths_(std::move(paths)), stop_(stop) {}

    capture::CaptureFile file_;
    std::vector<std::string> paths_;
    const std::atomic<bool>* stop_;
    std::size_t at_ = 0;
    std::optional<Error> error_;
};

}  // namespace sie::stream
