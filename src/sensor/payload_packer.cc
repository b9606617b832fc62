#include "sensor/payload_packer.h"

namespace sie::sensor {

PayloadPacker::PayloadPacker(ContainerSink* sink, Ledger& ledger, spool::Rotation rotation,
                             std::size_t capacity)
    : sink_(sink), ledger_(ledger), rotation_(rotation), builder_(capacity) {}

void PayloadPacker::observe(Observer observer, std::uint64_t most) {
    observer_ = std::move(observer);
    observed_ = most;
}

void PayloadPacker::clock(Time now) {
    if (begun_ && (!boundary_s_ || now.seconds() < *boundary_s_)) return;
    flush();
    begun_ = true;
    stamp_ = now;
    boundary_s_ = spool::boundary_after(now, rotation_);
}

void PayloadPacker::payload(const nmsg::DnsqrPayload& payload, Time envelope, nmsg::Blank blank) {
    if (count_++ < observed_) observer_(payload, envelope);
    const auto type = static_cast<std::size_t>(payload.type);
    if (sink_ == nullptr) {
        ++ledger_.payloads[type];
        return;
    }
    if (!builder_.fits(payload, envelope.seconds())) flush();
    std::uint8_t** placed = nullptr;
    if (blank.apply != nullptr) {
        placed_.resize(payload.query_packets.size() + payload.response_packets.size());
        placed = placed_.data();
    }
    builder_.add(payload, envelope.seconds(), envelope.nanoseconds(), placed, blank);
    ++open_.payloads[type];
    if (builder_.oversized()) flush();
}

void PayloadPacker::flush() {
    if (builder_.empty()) return;
    open_.oversized = builder_.oversized();
    open_.file_stamp = stamp_;
    builder_.finish_into(open_.octets);
    ++containers_;
    sink_->submit(open_);
}

}  // namespace sie::sensor
