#include <vector>

#include "sensor/packet_path.h"
#include "stream/source.h"

namespace sie::stream {

namespace {

// The packet path, pulled: frames go in until payloads come out. Few wait at a time (many only when a table
// full of open queries leaves at once); their memory is used again.
class CaptureSource final : public Source, private dnsqr::PayloadSink, private sensor::ClockListener {
  public:
    CaptureSource(capture::CaptureFile first, std::vector<std::string> paths, const std::atomic<bool>* stop,
                  const dnsqr::Settings& settings, const capture::PacketFilter* filter)
        : file_(std::move(first)),
          paths_(std::move(paths)),
          stop_(stop),
          path_(settings, HashKey::random(), ledger_, *this, *this, filter) {}

    bool next(nmsg::Payload& out) override {
        while (taken_ == made_) {
            taken_ = made_ = 0;
            if (ended_) return false;
            if (capture::Frame frame; !stopped_ && (file_.next(frame) || next_file(frame))) {
                path_.frame(frame);
            } else {
                path_.finish();
                ended_ = true;
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
    void stop() override { stopped_ = true; }
    const std::optional<Error>& error() const override { return error_ ? error_ : file_.error(); }
    const OctetSource& octets() const override { return file_.source(); }
    void report(const std::function<void(const std::string&)>&) const override {}

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
    // The first frame of the next file that has one; a damaged file or one that cannot be opened ends the
    // row.
    bool next_file(capture::Frame& frame) {
        while (!file_.error() && at_ + 1 < paths_.size()) {
            auto file = capture::CaptureFile::open(paths_[++at_], stop_);
            if (!file) {
                error_ = std::move(file.error());
                at_ = paths_.size();
                return false;
            }
            file_ = std::move(*file);
            if (file_.next(frame)) return true;
        }
        return false;
    }

    capture::CaptureFile file_;
    const std::vector<std::string> paths_;
    const std::atomic<bool>* const stop_;
    std::size_t at_ = 0;
    std::optional<Error> error_;
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
    auto file = capture::CaptureFile::open(paths.front(), stop);
    if (!file) return fail(std::move(file.error()));
    return std::make_unique<CaptureSource>(std::move(*file), std::move(paths), stop, settings, filter);
}

}  // namespace sie::stream
