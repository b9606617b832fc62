// An interface read by libpcap, as a source of frames: what systems without the packet ring use.
//
// libpcap puts VLAN tags back into the frame that the kernel took off, and drops what loopback sends twice.
// An interface that comes back is opened anew, which needs the privilege again. Frames live in libpcap's
// memory until the next call.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "capture/live_source.h"

struct pcap;

namespace sie::capture {

class PcapInterface final : public LiveSource {
  public:
    [[nodiscard]] static Result<std::unique_ptr<PcapInterface>> open(const LiveOptions& options);
    ~PcapInterface() override;
    PcapInterface(const PcapInterface&) = delete;
    PcapInterface& operator=(const PcapInterface&) = delete;

    [[nodiscard]] bool next(Frame& out) override;
    [[nodiscard]] int fd() const override;
    [[nodiscard]] std::int64_t latency_ns() const override;
    [[nodiscard]] std::uint64_t take_kernel_drops() override;
    [[nodiscard]] std::optional<LinkChange> attend() override;
    [[nodiscard]] Result<void> set_filter(std::optional<FilterRules> filter) override;
    [[nodiscard]] LinkState state() const override { return state_; }
    // The kernel goes on accepting, since libpcap judges what waits by a new filter; but no more frames are
    // given than it had accepted, nor are later drops counted.
    void stop_accepting() override;
    [[nodiscard]] const std::string& interface() const override { return options_.interface; }

  private:
    struct Device {
        unsigned index = 0;
        bool up = true;
    };
    struct Closed {
        void operator()(pcap* handle) const;
    };
    using Handle = std::unique_ptr<pcap, Closed>;

    explicit PcapInterface(LiveOptions options) : options_(std::move(options)) {}

    [[nodiscard]] std::optional<Device> look() const;
    [[nodiscard]] Result<void> attach(const Device& device);
    [[nodiscard]] Result<void> attach_filter(pcap* handle, net::LinkType link) const;
    void close();
    void count_drops();

    LiveOptions options_;
    int control_ = -1;  // asks about interfaces
    Handle handle_;
    net::LinkType link_ = net::LinkType::ethernet;
    std::uint32_t unit_ns_ = 1;  // of what libpcap calls microseconds
    LinkState state_ = LinkState::absent;
    Device device_;
    bool broken_ = false;                       // libpcap gave up
    bool told_ = false;                         // that attaching fails
    std::optional<std::uint64_t> frames_left_;  // after stop_accepting()
    std::uint64_t given_ = 0;                   // frames of this handle
    std::uint32_t drops_seen_ = 0;              // of this handle, as libpcap counts
    std::uint64_t drops_ = 0;
};

}  // namespace sie::capture
