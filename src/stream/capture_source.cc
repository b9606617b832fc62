#include <vector>

#include "sensor/packet_path.h"
#include "stream/capture_row.h"
#include "stream/source.h"

namespace sie::stream {

namespace {

// The packet path, pulled: frames go in until payloads come out. Few wait at a time (many only when a table
// full of open queries leaves at once); their memory is used again.
class CaptureSource final : public Source, private dnsqr::PayloadSink, private sensor::ClockListener {
  public:
    CaptureSource(std::unique_ptr<FrameRow> frames, const dnsqr::Settings& settings,
                  const capture::PacketFilter* filter)
        : frames_(std::move(frames)), path_(settings, HashKey::random(), ledger_, *this, *this, filter) {}

    bool next(nmsg::Payload& out) override {
        while (taken_ == made_) {
            taken_ = made_ = 0;
            if (ended_) return false;
            capture::Frame frame;
            switch (stopped_ ? NextFrame::end : frames_->next(frame)) {
                case NextFrame::frame: path_.frame(frame); break;
                case NextFrame::idle: path_.idle(frame.time); break;
                case NextFrame::end: path_.finish(); ended_ = true;
            }
        }
        const Made& made = waiting_[taken_++];
        out = {};
        out.vendor = nmsg::vendor_base;
        out.type = nmsg::type_dnsqr;
        out.time_sec = made.time.seconds();
        out.time_nsec = made.time.nanoseconds();
        out.octets = made.octets;
        return true;
    }
    void stop() override { stopped_ = !frames_->drains(); }
    const std::optional<Error>& error() const override { return frames_->error(); }
    const OctetSource* octets() const override { return frames_->octets(); }
    void report(const std::function<void(const std::string&)>& line) const override { frames_->report(line); }

  private:
    struct Made {
        std::vector<std::uint8_t> octets;
        Time time;
    };
    void payload(const nmsg::DnsqrPayload& payload, Time envelope, nmsg::Blank blank) override {
        if (made_ == waiting_.size()) waiting_.emplace_back();
        Made& made = waiting_[made_++];
        made.octets.resize(nmsg::encoded_size(payload));
        made.time = envelope;
        placed_.resize(payload.query_packets.size() + payload.response_packets.size());
        nmsg::encode(payload, made.octets.data(), placed_.data());
        if (blank.apply != nullptr) blank.apply(blank.context, placed_.data());
    }
    void clock(Time) override {}

    std::unique_ptr<FrameRow> frames_;
    sensor::Ledger ledger_;
    std::vector<Made> waiting_;
    std::size_t made_ = 0, taken_ = 0;
    std::vector<std::uint8_t*> placed_;
    sensor::PacketPath path_;
    bool ended_ = false, stopped_ = false;
};

}  // namespace

Result<std::unique_ptr<Source>> open_captures(std::vector<std::string> paths, const std::atomic<bool>* stop,
                                              const dnsqr::Settings& settings,
                                              const capture::PacketFilter* filter) {
    auto files = CaptureRow::open(std::move(paths), stop);
    if (!files) return fail(std::move(files.error()));
    return make_transaction_source(std::move(*files), settings, filter);
}

std::unique_ptr<Source> make_transaction_source(std::unique_ptr<FrameRow> frames,
                                                const dnsqr::Settings& settings,
                                                const capture::PacketFilter* filter) {
    return std::make_unique<CaptureSource>(std::move(frames), settings, filter);
}

}  // namespace sie::stream
