// The engine of nmsgtool: payloads of sources through a selection into sinks.
//
// One source after the other; each payload that the selection admits goes to every sink (mirror) or to one,
// in turn (stripe). With a count, a sink takes that many (FACTS N58): when the next payload would go to a
// full one, the source is stopped; what it still makes (open queries of a capture) is written all the same.
// One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "stream/sink.h"
#include "stream/source.h"

namespace sie::stream {

// What is taken of an NMSG stream; other sources make what they were asked for.
struct Selection {
    const text::PayloadType* type = nullptr;
    std::optional<std::uint32_t> source{}, group_operator{}, group{};
    [[nodiscard]] bool admits(const nmsg::Payload& payload) const;
};

class Engine {
  public:
    Engine(std::vector<std::unique_ptr<Sink>> sinks, bool mirror, std::optional<std::uint64_t> count);

    // Reads a source to its end. False: nothing more is wanted (the count is reached, or an error).
    // `progress` is called every 4,096 payloads.
    [[nodiscard]] bool run(Source& source, const Selection& selection, const std::atomic<bool>& stop,
                           const std::function<void(const Source&, std::uint64_t)>& progress);
    // Closes the sinks; the first error of all.
    [[nodiscard]] Result<void> finish();

  private:
    struct Counted {
        std::unique_ptr<Sink> sink;
        std::uint64_t count = 0;
        bool failed = false;
    };
    [[nodiscard]] bool full() const;
    void put(const nmsg::Payload& payload);

    std::vector<Counted> sinks_;
    const bool mirror_;
    const std::optional<std::uint64_t> count_;
    std::size_t turn_ = 0;
    std::uint64_t payloads_ = 0;
    std::optional<Error> error_;
};

}  // namespace sie::stream
