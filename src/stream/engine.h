// The engine of nmsgtool: payloads of sources through a selection into outputs.
//
// Each payload that the selection and the filter admit goes to every output (mirror) or to one, in turn
// (stripe). Sources may run in threads of their own: an output takes one payload at a time. tick(), called by
// a clock, closes what the wall clock ends and sends out what waited for long.
//
// Count and interval (FACTS N58): with rotation an output that took `count` payloads, or whose interval is
// over, is closed and opened anew; without, the run ends there: over() becomes true, sources are stopped, and
// what they still make (open queries of a capture) is written all the same.
//
// A file that rotates is closed beside the run (sink_closer.h): its successor is open before, and nothing
// waits for the disk. Files of a row are closed one after the other, in order.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/time.h"
#include "stream/sink.h"
#include "stream/sink_closer.h"
#include "stream/source.h"
#include "stream/statistics.h"
#include "text/payload_filter.h"

namespace sie::stream {

// What is taken of an NMSG stream; other sources make what they were asked for.
struct Selection {
    const text::PayloadType* type = nullptr;
    std::optional<std::uint32_t> source{}, group_operator{}, group{};
    [[nodiscard]] bool admits(const nmsg::Payload& payload) const;
};

struct Output {
    enum class Opening : std::uint8_t { first, again };
    using Open = std::function<Result<std::unique_ptr<Sink>>(Opening, Time now)>;
    Open open;
    // Is it one of a row of files, closed and opened anew by count, interval and on demand?
    bool rotates = false;
    // Can it be opened again where it stands? (Files, after someone else has moved them.)
    bool reopens = false;
};

struct EngineOptions {
    bool mirror = false;
    bool rotate = false;  // -k: outputs that rotate do so, the others are left alone
    std::optional<std::uint64_t> count{};
    // Ends at multiples of `seconds` since the epoch, moved by `offset`.
    struct Interval {
        std::int64_t seconds = 0, offset = 0;
    };
    std::optional<Interval> interval{};
    bool live = false;                      // an input may be slow: what waits for half a second goes out
    text::PayloadFilter* filter = nullptr;  // of every source; may be null
    Statistics* statistics = nullptr;       // counts what is put; may be null
    std::function<Time()> clock{};
    std::function<void()> on_over{};  // wakes sources that wait
};

class Engine {
  public:
    Engine(std::vector<Output> outputs, EngineOptions options);

    [[nodiscard]] Result<void> open();
    // Reads a source to its end. False: nothing more is wanted (it is over, or there was an error).
    // `progress` is called every 4,096 payloads, taken or not, and at the end, with how many all sources gave
    // so far.
    [[nodiscard]] bool run(Source& source, const Selection& selection, const std::atomic<bool>& stop,
                           const std::function<void(const Source&, std::uint64_t)>& progress);
    // About ten times a second, and when an interval ends (next_end()).
    void tick(Time now);
    [[nodiscard]] std::optional<Time> next_end() const;
    // Closes and opens what rotates, and what can be opened again.
    void rotate(Time now);
    [[nodiscard]] bool over() const { return over_.load(std::memory_order_relaxed); }
    // Closes the sinks; the first error of all.
    [[nodiscard]] Result<void> finish();
    void report(const std::function<void(const std::string&)>& line) const;

  private:
    struct Counted {
        Output output;
        std::unique_ptr<Sink> sink;
        std::uint64_t count = 0;
        bool failed = false;
    };
    void put(const nmsg::Payload& payload);
    void put_to(Counted& to, const nmsg::Payload& payload);
    [[nodiscard]] bool full() const;
    void open_anew(Counted& each, Time now);
    [[nodiscard]] bool open_again(Counted& each, Time now);
    void check(Counted& each, Result<void> done);
    void end();
    void set_end_after(Time now);

    mutable std::mutex mutex_;
    std::vector<Counted> outputs_;
    const EngineOptions options_;
    std::optional<Time> interval_end_;
    std::size_t turn_ = 0;
    std::uint64_t taken_ = 0;
    std::atomic<std::uint64_t> read_ = 0;
    std::optional<Error> error_;
    std::atomic<bool> over_ = false;
    SinkCloser closer_;  // its thread ends ahead of what it may call
};

}  // namespace sie::stream
