#include "capture/capture_file.h"

#include <utility>
#include <variant>

#include "capture/damage.h"
#include "capture/pcap.h"
#include "capture/pcapng.h"

namespace sie::capture {

namespace {
// A few hundred packets: they are still in the processor's cache when they are looked at.
constexpr std::size_t buffer_octets = std::size_t{128} << 10;
}  // namespace

struct CaptureFile::State {
    OctetSource source;
    std::variant<Pcap, Pcapng> format;
    std::optional<Error> error;
};

Result<CaptureFile> CaptureFile::open(const std::string& path, const std::atomic<bool>* stop) {
    auto source = OctetSource::open(path, buffer_octets, stop);
    if (!source) return fail(std::move(source.error()));
    return read(std::move(*source));
}

Result<CaptureFile> CaptureFile::read(OctetSource source) {
    if (Pcapng::begins(source.want(4))) {
        return CaptureFile(std::make_unique<State>(State{std::move(source), Pcapng(), std::nullopt}));
    }
    auto pcap = Pcap::begin(source);
    if (!pcap) return fail(std::move(pcap.error()));
    return CaptureFile(std::make_unique<State>(State{std::move(source), *pcap, std::nullopt}));
}

bool CaptureFile::next(Frame& out) {
    State& s = *state_;
    if (s.error) return false;
    if (auto* pcap = std::get_if<Pcap>(&s.format)) return pcap->next(s.source, out, s.error);
    return std::get_if<Pcapng>(&s.format)->next(s.source, out, s.error);
}

CaptureFile::CaptureFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
CaptureFile::CaptureFile(CaptureFile&&) noexcept = default;
CaptureFile& CaptureFile::operator=(CaptureFile&&) noexcept = default;
CaptureFile::~CaptureFile() = default;

const std::optional<Error>& CaptureFile::error() const { return state_->error; }
const OctetSource& CaptureFile::source() const { return state_->source; }

}  // namespace sie::capture
