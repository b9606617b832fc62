// The kernel's packet ring (AF_PACKET, TPACKET_V3) as a source of frames.
//
//   ring: blocks of 256 KiB, filled by the kernel one after the other, given to us whole: when full, or 20 to
//         40 ms after their first frame
//   block: head 48 │ frame head 48, sockaddr_ll 20, gap │ frame … │ frame head …
//
// next() walks a block without a system call and gives it back when its last frame was consumed. The filter
// is attached before the socket is bound. Devices with an Ethernet header are read from that on; all others,
// and "any", from the IP header on, with tags in front of it taken off here.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capture/kernel_filter.h"
#include "capture/live_source.h"

namespace sie::capture {

class PacketRing final : public LiveSource {
  public:
    // `options.interface` must exist.
    [[nodiscard]] static Result<std::unique_ptr<PacketRing>> open(const LiveOptions& options);
    ~PacketRing() override;
    PacketRing(const PacketRing&) = delete;
    PacketRing& operator=(const PacketRing&) = delete;

    [[nodiscard]] bool next(Frame& out) override {
        if (left_ == 0 && !next_block()) return false;
        take(out);
        return true;
    }
    [[nodiscard]] int fd() const override { return state_ == LinkState::attached ? socket_ : -1; }
    [[nodiscard]] std::int64_t latency_ns() const override;
    [[nodiscard]] std::uint64_t take_kernel_drops() override;
    [[nodiscard]] std::optional<LinkChange> attend() override;
    [[nodiscard]] Result<void> set_filter(std::optional<FilterRules> filter) override;
    [[nodiscard]] LinkState state() const override { return state_; }
    void stop_accepting() override;
    [[nodiscard]] const std::string& interface() const override { return options_.interface; }

  private:
    // What the system says about the interface now.
    struct Device {
        int index = 0;  // 0: all of them
        bool up = true;
        bool ethernet = false;  // has an Ethernet header (loopback too)
        bool loops = false;     // what is sent comes back: each frame would be seen twice
    };

    explicit PacketRing(LiveOptions options) : options_(std::move(options)) {}

    [[nodiscard]] bool next_block();
    void take(Frame& out);
    void take_off_tags(const std::uint8_t* head, Frame& out) const;

    [[nodiscard]] std::optional<Device> look() const;
    [[nodiscard]] Result<void> open_socket(const Device& device);
    [[nodiscard]] Result<void> make_ring();
    [[nodiscard]] Result<void> join_fanout(const Device& device);
    [[nodiscard]] Result<void> bind_to(const Device& device);
    [[nodiscard]] Result<void> attach_filter(const Device& device);
    void reject_everything() const;
    [[nodiscard]] Result<void> attach(const Device& device);
    void close_socket();
    void count_drops();
    void clear_error() const;
    [[nodiscard]] bool is_drained() const;

    LiveOptions options_;
    int control_ = -1;  // asks about interfaces; not a packet socket
    int socket_ = -1;
    LinkState state_ = LinkState::absent;
    Device device_;            // to which the socket was bound last
    bool bound_ = false;       // to an interface that exists
    bool bound_once_ = false;  // this socket
    bool stopped_ = false;     // by stop_accepting()
    unsigned attempts_ = 0;    // to attach again

    std::uint8_t* ring_ = nullptr;
    std::size_t ring_octets_ = 0;
    std::uint32_t blocks_ = 0, block_ = 0;
    std::uint32_t left_ = 0;  // frames of the block that next() has not given yet
    const std::uint8_t* frame_ = nullptr;
    bool holds_block_ = false;
    std::uint64_t drops_ = 0;
};

}  // namespace sie::capture
