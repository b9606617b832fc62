#include <fmt/format.h>

#include "net/packet.h"
#include "nmsg/protobuf.h"
#include "stream/capture_row.h"
#include "stream/source.h"

namespace sie::stream {

namespace {

namespace pb = nmsg::protobuf;

constexpr std::uint32_t type_ncap = 1, type_pkt = 8, type_packet = 12;

//  packet: 1 payload_type (IP = 1)     2 the IP packet
//  pkt:    1 the frame                 2 its length on the link
//  ncap:   1 type (IPV4 = 0, IPV6 = 1) 2 the IP packet
class PacketSource final : public Source {
  public:
    PacketSource(std::unique_ptr<FrameRow> frames, const text::PayloadType& type,
                 const capture::PacketFilter* filter)
        : frames_(std::move(frames)), type_(type), filter_(filter) {}

    bool next(nmsg::Payload& out) override {
        while (!stopped_) {
            capture::Frame frame;
            const NextFrame next = frames_->next(frame);
            if (next == NextFrame::end) break;
            if (next == NextFrame::idle || !encode(frame)) continue;
            out = {};
            out.vendor = type_.vendor;
            out.type = type_.type;
            out.time_sec = frame.time.seconds();
            out.time_nsec = frame.time.nanoseconds();
            out.octets = octets_;
            return true;
        }
        return false;
    }
    void stop() override { stopped_ = !frames_->drains(); }
    const std::optional<Error>& error() const override { return frames_->error(); }
    const OctetSource* octets() const override { return frames_->octets(); }
    void report(const std::function<void(const std::string&)>& line) const override {
        if (skipped_ != 0)
            line(fmt::format("{} frames skipped: no whole IP packet in them, cut short, or not of Ethernet",
                             skipped_));
        frames_->report(line);
    }

  private:
    bool encode(const capture::Frame& frame) {
        const auto packet = net::whole_packet(frame.link, frame.octets, frame.tags_taken);
        if (type_.type == type_pkt) {
            if (frame.link != net::LinkType::ethernet) return skip();
            if (filter_ != nullptr && !(packet && filter_->matches(packet->ip))) return false;
            room(pb::bytes_field_size(1, frame.octets.size()) + pb::varint_field_size(2, frame.wire_length));
            pb::write_varint_field(pb::write_bytes_field(octets_.data(), 1, frame.octets), 2,
                                   frame.wire_length);
            return true;
        }
        if (!packet || frame.octets.size() != frame.wire_length) return skip();
        if (filter_ != nullptr && !filter_->matches(packet->ip)) return false;
        const std::uint64_t kind = type_.type == type_packet ? 1 : packet->family == net::Family::v4 ? 0 : 1;
        room(pb::varint_field_size(1, kind) + pb::bytes_field_size(2, packet->ip.size()));
        pb::write_bytes_field(pb::write_varint_field(octets_.data(), 1, kind), 2, packet->ip);
        return true;
    }
    bool skip() {
        ++skipped_;
        return false;
    }
    void room(std::size_t octets) { octets_.resize(octets); }

    std::unique_ptr<FrameRow> frames_;
    const text::PayloadType& type_;
    const capture::PacketFilter* const filter_;
    std::vector<std::uint8_t> octets_;
    std::uint64_t skipped_ = 0;
    bool stopped_ = false;
};

}  // namespace

bool is_made_of_packets(const text::PayloadType& type) {
    return type.vendor == nmsg::vendor_base &&
           (type.type == type_ncap || type.type == type_pkt || type.type == type_packet);
}

Result<std::unique_ptr<Source>> open_packets(std::vector<std::string> paths, const std::atomic<bool>* stop,
                                             const text::PayloadType& type,
                                             const capture::PacketFilter* filter) {
    auto files = CaptureRow::open(std::move(paths), stop);
    if (!files) return fail(std::move(files.error()));
    return make_packet_source(std::move(*files), type, filter);
}

std::unique_ptr<Source> make_packet_source(std::unique_ptr<FrameRow> frames, const text::PayloadType& type,
                                           const capture::PacketFilter* filter) {
    return std::make_unique<PacketSource>(std::move(frames), type, filter);
}

}  // namespace sie::stream
