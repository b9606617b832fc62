#include "sensor/frame_merge.h"

#include <algorithm>

namespace sie::sensor {

FrameMerge::FrameMerge(Sources sources) : sources_(std::move(sources)), heads_(sources_.size()) {}

bool FrameMerge::next(capture::Frame& out, Time safe_until) {
    held_ = false;
    if (sources_.size() == 1) return sources_.front()->next(out);
    std::optional<capture::Frame>* earliest = nullptr;
    bool all = true;
    for (std::size_t i = 0; i < sources_.size(); ++i) {
        if (!heads_[i]) {
            capture::Frame frame;
            if (sources_[i]->next(frame)) heads_[i] = frame;
        }
        if (!heads_[i]) {
            // One without an interface holds nothing back.
            if (sources_[i]->state() == capture::LinkState::attached) all = false;
        } else if (earliest == nullptr || heads_[i]->time < (*earliest)->time) {
            earliest = &heads_[i];
        }
    }
    if (earliest == nullptr) return false;
    if (!all && (*earliest)->time > safe_until) {
        held_ = true;
        return false;
    }
    out = **earliest;
    earliest->reset();
    return true;
}

std::int64_t FrameMerge::latency_ns() const {
    std::int64_t most = 0;
    for (const auto& source : sources_) most = std::max(most, source->latency_ns());
    return most;
}

}  // namespace sie::sensor
