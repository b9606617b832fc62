// An interface as a source of frames: the kernel's packet ring (packet_ring_linux.h) or libpcap
// (pcap_interface.h).
//
// In: an interface's name and what the kernel shall let pass. Out: frames in the order in which the kernel
// delivered them, as views into the source's own memory, valid until the next call of next() or attend().
// Nothing passes that the filter rejects, not even in the moment of opening. An interface may be absent, go
// down, vanish and come back under another index: attend() notices, attaches again and tells; frames flow on.
// Kernel drops are counted over all of that. One thread calls all of it; several sources of one fanout group
// may live in several threads.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/frame.h"
#include "capture/kernel_filter.h"

namespace sie::capture {

struct LiveOptions {
    std::string interface;     // "eth0"; "any": all of them
    bool promiscuous = false;  // frames for other stations too; not of "any"
    std::uint32_t snap_length = longest_record_octets;
    std::size_t ring_octets = std::size_t{16} << 20;  // of this source
    std::optional<FilterRules> filter{};              // none: every frame
    // Sources of one interface with the same number share its frames: all of a pair of addresses, whichever
    // sends, and every fragment between them go to the same source. Linux only.
    std::optional<std::uint16_t> fanout_group{};
};

enum class LinkState : std::uint8_t {
    attached,  // frames can come
    down,      // the interface is there and administratively down
    absent,    // no interface of that name
};

// What changed, for the log: "eth0: attached again", "eth0: the interface is down" …
struct LinkChange {
    LinkState state;
    std::string text;
};

class LiveSource {
  public:
    virtual ~LiveSource() = default;
    // False: no frame waits now. No system call as long as frames wait.
    [[nodiscard]] virtual bool next(Frame& out) = 0;
    // For poll(2) (POLLIN): frames wait. −1 while nothing is attached. May change in attend().
    [[nodiscard]] virtual int fd() const = 0;
    // How long a frame may lie in the kernel before fd() tells of it.
    [[nodiscard]] virtual std::int64_t latency_ns() const = 0;
    // Frames that passed the filter and found no room, since the last call.
    [[nodiscard]] virtual std::uint64_t take_kernel_drops() = 0;
    // To be called every 100 to 250 ms (it asks the system): what changed, if something did.
    [[nodiscard]] virtual std::optional<LinkChange> attend() = 0;
    [[nodiscard]] virtual LinkState state() const = 0;
    // Another filter from now on, here and wherever it attaches later, without a moment in which there is
    // none. An error: the kernel did not take it, and the one before stays.
    [[nodiscard]] virtual Result<void> set_filter(std::optional<FilterRules> filter) = 0;
    // Before the end: from now on the kernel accepts nothing; what it holds can still be read by next()
    // within latency_ns(). attend() does not attach again.
    virtual void stop_accepting() = 0;
    [[nodiscard]] virtual const std::string& interface() const = 0;
};

// An interface that is absent at opening is an error (denied), as are missing privileges; so that a misspelt
// name is told at start.
[[nodiscard]] Result<std::unique_ptr<LiveSource>> open_packet_ring(const LiveOptions& options);
[[nodiscard]] Result<std::unique_ptr<LiveSource>> open_pcap_interface(const LiveOptions& options);
// The best that this build has; `by_libpcap`: libpcap all the same.
[[nodiscard]] Result<std::unique_ptr<LiveSource>> open_live_source(const LiveOptions& options,
                                                                   bool by_libpcap = false);

}  // namespace sie::capture
