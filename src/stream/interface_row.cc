#include "stream/interface_row.h"

#include <fmt/format.h>
#include <poll.h>

#include <array>
#include <limits>

#include "base/number.h"
#include "base/quoted.h"
#include "sensor/live_clock.h"

namespace sie::stream {

namespace {

constexpr std::int64_t millisecond = 1'000'000;
constexpr std::int64_t attend_every_ns = 200 * millisecond;
// What a frame may take from its stamp to the ring, besides the ring's own latency.
constexpr std::int64_t delivery_margin_ns = 200 * millisecond;
constexpr std::size_t longest_name = 15;
constexpr std::uint64_t least_snap = 64;
constexpr std::uint64_t frames_between_looks = 512;

}  // namespace

InterfaceRow::InterfaceRow(sensor::FrameMerge::Sources sources, const std::atomic<bool>& stop,
                           std::function<bool()> over, Tell tell)
    : merge_(std::move(sources)), stop_(stop), over_(std::move(over)), tell_(std::move(tell)) {}

NextFrame InterfaceRow::next(capture::Frame& frame) {
    if (stop_.load(std::memory_order_relaxed)) return drained(frame) ? NextFrame::frame : NextFrame::end;
    // Under full traffic the clock is not asked for each frame; one source needs none.
    if (++frames_ % frames_between_looks == 0) attend();
    const bool alone = merge_.sources().size() == 1;  // then it holds nothing back, and needs no clock
    if (merge_.next(frame, alone ? Time{} : safe_until())) return NextFrame::frame;
    attend();
    wait();
    if (merge_.next(frame, safe_until())) return NextFrame::frame;
    frame = {};
    frame.time = safe_until();
    return NextFrame::idle;
}

Time InterfaceRow::safe_until() const {
    return Time{sensor::LiveClock().wall().ns - merge_.latency_ns() - delivery_margin_ns};
}

// After the end: what the kernel accepted before.
bool InterfaceRow::drained(capture::Frame& frame) {
    const sensor::LiveClock clock;
    if (end_ns_ == 0) {
        for (const auto& source : merge_.sources()) source->stop_accepting();
        end_ns_ = clock.steady_ns() + merge_.latency_ns() + 20 * millisecond;
    }
    const Time everything{std::numeric_limits<std::int64_t>::max()};
    for (;;) {
        if (merge_.next(frame, everything)) return true;
        if (clock.steady_ns() >= end_ns_) break;
        static_cast<void>(::poll(nullptr, 0, 2));
    }
    for (const auto& source : merge_.sources()) kernel_drops_ += source->take_kernel_drops();
    return false;
}

void InterfaceRow::attend() {
    const std::int64_t now = sensor::LiveClock().steady_ns();
    if (now - attended_ns_ < attend_every_ns) return;
    attended_ns_ = now;
    for (std::size_t i = 0; i < merge_.sources().size(); ++i) {
        capture::LiveSource& source = *merge_.sources()[i];
        kernel_drops_ += source.take_kernel_drops();
        if (merge_.in_hand(i)) continue;
        if (const auto change = source.attend()) tell_(change->text);
    }
}

void InterfaceRow::wait() const {
    std::array<pollfd, 64> polled{};
    nfds_t count = 0;
    if (!merge_.holds_back())
        for (const auto& source : merge_.sources())
            if (source->fd() >= 0 && count < polled.size()) polled[count++] = {source->fd(), POLLIN, 0};
    if (::poll(polled.data(), count, merge_.holds_back() ? 5 : 100) <= 0) return;
    for (nfds_t i = 0; i < count; ++i)  // an interface that went down makes its descriptor ready at once
        if ((polled[i].revents & POLLIN) == 0 && polled[i].revents != 0)
            static_cast<void>(::poll(nullptr, 0, 20));
}

void InterfaceRow::report(const std::function<void(const std::string&)>& line) const {
    if (kernel_drops_ != 0)
        line(fmt::format("{} frames lost in the kernel: it had no room for them", kernel_drops_));
}

Result<capture::LiveOptions> parse_interface(const std::string& option, const std::string& text) {
    capture::LiveOptions options;
    const std::size_t comma = text.find(',');
    options.interface = text.substr(0, comma);
    if (options.interface.ends_with('+')) {
        options.promiscuous = true;
        options.interface.pop_back();
    }
    if (options.interface.empty() || options.interface.size() > longest_name)
        return fail(ErrorKind::usage, option, quoted(text) + " names no interface", "such as eth0, or eth0+");
    if (comma == std::string::npos) return options;
    auto snap = parse_number(text.substr(comma + 1), least_snap, capture::longest_record_octets);
    if (!snap)
        return fail(ErrorKind::usage, option, "snap length: " + snap.error().why,
                    std::move(snap.error().remedy));
    options.snap_length = static_cast<std::uint32_t>(*snap);
    return options;
}

}  // namespace sie::stream
