#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "nmsg/reader.h"
#include "stream/source.h"

namespace sie::stream {

namespace {

class NmsgSource final : public Source {
  public:
    NmsgSource(nmsg::Reader reader, const std::atomic<bool>* stop, std::uint64_t rate)
        : reader_(std::move(reader)), stop_(stop), rate_(rate) {}
    bool next(nmsg::Payload& out) override {
        if (stopped_ || !reader_.next(out)) return false;
        if (rate_ != 0) keep_rate();
        return true;
    }
    void stop() override { stopped_ = true; }
    const std::optional<Error>& error() const override { return reader_.error(); }
    const OctetSource* octets() const override { return &reader_.source(); }
    Dropped dropped() const override {
        return {reader_.counts().crc_failures, reader_.counts().malformed_payloads};
    }
    void report(const std::function<void(const std::string&)>& line) const override {
        const nmsg::ReadCounts& counts = reader_.counts();
        const std::string& name = reader_.source().name();
        if (counts.crc_failures != 0) {
            const auto [calculated, stored] = reader_.last_crc_failure();
            line(fmt::format("{}: crc mismatch ({:x} != {:x}), {} payloads dropped", name, calculated, stored,
                             counts.crc_failures));
        }
        if (counts.malformed_payloads != 0)
            line(fmt::format("{}: {} malformed payloads dropped", name, counts.malformed_payloads));
        if (counts.fragments_incomplete != 0)
            line(fmt::format("{}: {} fragments dropped, the rest of their containers is missing", name,
                             counts.fragments_incomplete));
        if (counts.fragments_rejected != 0)
            line(fmt::format("{}: {} contradictory fragments dropped", name, counts.fragments_rejected));
    }

    void statistics(const std::function<void(const std::string&)>& line) const override {
        const nmsg::ReadCounts& counts = reader_.counts();
        line(fmt::format("{}: {} octets, {} containers, {} fragments, {} payloads", reader_.source().name(),
                         reader_.source().offset(), counts.containers, counts.fragments, counts.payloads));
    }

  private:
    // N27: waits about every tenth of a container, so that its octets come evenly and at `rate_` on average.
    void keep_rate() {
        const std::uint64_t from = reader_.container_offset(), to = reader_.source().offset();
        const double share = reader_.share_of_container();
        if (from == container_ && share < 1 && share < waited_at_ + 0.1) return;
        container_ = from;
        waited_at_ = share;
        const double read = static_cast<double>(from) + share * static_cast<double>(to - from);
        const auto due = start_ + std::chrono::duration<double>(read / static_cast<double>(rate_));
        constexpr std::chrono::milliseconds at_once(100);  // it looks at `stop_` that often
        for (auto now = Clock::now(); now < due && !stop_->load(std::memory_order_relaxed);
             now = Clock::now())
            std::this_thread::sleep_for(std::min<std::chrono::duration<double>>(due - now, at_once));
    }

    using Clock = std::chrono::steady_clock;
    nmsg::Reader reader_;
    const std::atomic<bool>* const stop_;
    const std::uint64_t rate_;
    const Clock::time_point start_ = Clock::now();
    std::uint64_t container_ = UINT64_MAX;
    double waited_at_ = 0;
    bool stopped_ = false;
};

}  // namespace

Result<std::unique_ptr<Source>> open_nmsg(const std::string& path, const std::atomic<bool>* stop,
                                          std::uint64_t rate) {
    auto octets = OctetSource::open(path, OctetSource::default_buffer_octets, stop);
    if (!octets) return fail(std::move(octets.error()));
    auto reader = nmsg::Reader::read(std::move(*octets));
    if (!reader) return fail(std::move(reader.error()));
    return std::make_unique<NmsgSource>(std::move(*reader), stop, rate);
}

}  // namespace sie::stream
