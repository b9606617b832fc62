// A live source that delivers what the test gives it, when the test gives it.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "capture/live_source.h"

namespace sie::test {

// Shared by the test and the source, which the sensor owns.
class Script {
  public:
    void frame(std::vector<std::uint8_t> ip, Time time) {
        const std::lock_guard lock(mutex_);
        frames_.push_back({std::move(ip), time});
    }
    void kernel_drops(std::uint64_t count) {
        const std::lock_guard lock(mutex_);
        drops_ += count;
    }
    void change(capture::LinkState state, std::string text) {
        const std::lock_guard lock(mutex_);
        state_ = state;
        changes_.push_back({state, std::move(text)});
    }
    void refuse_filters() {
        const std::lock_guard lock(mutex_);
        refuses_filters_ = true;
    }
    // The last one that was set while it ran.
    [[nodiscard]] std::optional<capture::FilterRules> filter() const {
        const std::lock_guard lock(mutex_);
        return filter_;
    }
    [[nodiscard]] bool accepts() const {
        const std::lock_guard lock(mutex_);
        return accepts_;
    }
    [[nodiscard]] bool taken() const {
        const std::lock_guard lock(mutex_);
        return frames_.empty();
    }

  private:
    friend class ScriptedSource;
    struct Scripted {
        std::vector<std::uint8_t> ip;
        Time time;
    };
    mutable std::mutex mutex_;
    std::deque<Scripted> frames_;
    std::deque<capture::LinkChange> changes_;
    capture::LinkState state_ = capture::LinkState::attached;
    std::uint64_t drops_ = 0;
    bool accepts_ = true, refuses_filters_ = false;
    std::optional<capture::FilterRules> filter_;
};

class ScriptedSource final : public capture::LiveSource {
  public:
    ScriptedSource(std::string interface, Script& script)
        : interface_(std::move(interface)), script_(script) {}
    bool next(capture::Frame& out) override {
        const std::lock_guard lock(script_.mutex_);
        if (script_.frames_.empty()) return false;
        in_hand_ = std::move(script_.frames_.front());
        script_.frames_.pop_front();
        out = {};
        out.octets = in_hand_.ip;
        out.wire_length = static_cast<std::uint32_t>(in_hand_.ip.size());
        out.link = net::LinkType::raw;
        out.time = in_hand_.time;
        return true;
    }
    int fd() const override { return -1; }
    std::int64_t latency_ns() const override { return 1'000'000; }
    std::uint64_t take_kernel_drops() override {
        const std::lock_guard lock(script_.mutex_);
        return std::exchange(script_.drops_, 0);
    }
    std::optional<capture::LinkChange> attend() override {
        const std::lock_guard lock(script_.mutex_);
        if (script_.changes_.empty()) return {};
        auto change = std::move(script_.changes_.front());
        script_.changes_.pop_front();
        return change;
    }
    Result<void> set_filter(std::optional<capture::FilterRules> filter) override {
        const std::lock_guard lock(script_.mutex_);
        if (script_.refuses_filters_)
            return fail(ErrorKind::system, interface_, "the kernel does not take the filter");
        script_.filter_ = std::move(filter);
        return {};
    }
    capture::LinkState state() const override {
        const std::lock_guard lock(script_.mutex_);
        return script_.state_;
    }
    void stop_accepting() override {
        const std::lock_guard lock(script_.mutex_);
        script_.accepts_ = false;
    }
    const std::string& interface() const override { return interface_; }

  private:
    const std::string interface_;
    Script& script_;
    Script::Scripted in_hand_;
};

}  // namespace sie::test
