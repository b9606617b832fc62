// Capture files read one after the other as if they were one.
//
// A damaged file, or one that cannot be opened, ends the row. One thread.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capture/capture_file.h"
#include "stream/frame_row.h"

namespace sie::stream {

class CaptureRow final : public FrameRow {
  public:
    // Opens the first. `paths` is not empty; `stop` as in OctetSource.
    [[nodiscard]] static Result<std::unique_ptr<FrameRow>> open(std::vector<std::string> paths,
                                                                const std::atomic<bool>* stop) {
        auto file = capture::CaptureFile::open(paths.front(), stop);
        if (!file) return fail(std::move(file.error()));
        return std::unique_ptr<FrameRow>(new CaptureRow(std::move(*file), std::move(paths), stop));
    }
    NextFrame next(capture::Frame& frame) override {
        if (file_.next(frame)) return NextFrame::frame;
        while (!file_.error() && at_ + 1 < paths_.size()) {
            auto file = capture::CaptureFile::open(paths_[++at_], stop_);
            if (!file) {
                error_ = std::move(file.error());
                at_ = paths_.size();
                return NextFrame::end;
            }
            file_ = std::move(*file);
            if (file_.next(frame)) return NextFrame::frame;
        }
        return NextFrame::end;
    }
    const std::optional<Error>& error() const override { return error_ ? error_ : file_.error(); }
    const OctetSource* octets() const override { return &file_.source(); }

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
