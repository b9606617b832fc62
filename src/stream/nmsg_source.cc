#include <fmt/format.h>

#include "nmsg/reader.h"
#include "stream/source.h"

namespace sie::stream {

namespace {

class NmsgSource final : public Source {
  public:
    explicit NmsgSource(nmsg::Reader reader) : reader_(std::move(reader)) {}
    bool next(nmsg::Payload& out) override { return !stopped_ && reader_.next(out); }
    void stop() override { stopped_ = true; }
    const std::optional<Error>& error() const override { return reader_.error(); }
    const OctetSource& octets() const override { return reader_.source(); }
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

  private:
    nmsg::Reader reader_;
    bool stopped_ = false;
};

}  // namespace

Result<std::unique_ptr<Source>> open_nmsg(const std::string& path, const std::atomic<bool>* stop) {
    auto octets = OctetSource::open(path, OctetSource::default_buffer_octets, stop);
    if (!octets) return fail(std::move(octets.error()));
    auto reader = nmsg::Reader::read(std::move(*octets));
    if (!reader) return fail(std::move(reader.error()));
    return std::make_unique<NmsgSource>(std::move(*reader));
}

}  // namespace sie::stream
