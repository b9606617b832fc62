#include "bench/micro/made_frames.h"

#include "dns/message.h"
#include "dnsqr/transactions.h"
#include "net/packet.h"

namespace sie::bench {

namespace {

[[nodiscard]] bool message_of(Octets frame, net::PacketView& packet, dnsqr::Message& m) {
    if (net::decode_frame(net::LinkType::ethernet, frame, static_cast<std::uint32_t>(frame.size()), {},
                          packet) ||
        packet.fragment)
        return false;
    const Octets dns = packet.ip.subspan(packet.transport_at + udp_header);
    const auto header = dns::read_header(dns);
    dns::Question question;
    if (!header || dns::read_question(dns, question) != dns::QuestionOutcome::present) return false;
    m = dnsqr::message_of(packet, *header);
    m.dns = dns;
    m.question = question.octets;
    m.verdict = nmsg::ChecksumVerdict::correct;
    return true;
}

}  // namespace

MadeFrames::MadeFrames(const CaptureOptions& options) {
    CaptureTraffic traffic(options);
    CaptureTraffic::Made made;
    std::vector<std::size_t> begins;
    while (traffic.next(made)) {
        frames_.push_back({made.time, {}});
        begins.push_back(octets_.size());
        put_octets(octets_, made.frame);
    }
    begins.push_back(octets_.size());
    for (std::size_t i = 0; i < frames_.size(); ++i)
        frames_[i].octets = Octets(octets_).subspan(begins[i], begins[i + 1] - begins[i]);
}

MadeMessages::MadeMessages(const MadeFrames& frames, bool responses) {
    parts_.reserve(frames.frames().size());  // the messages point to them
    for (const MadeFrames::Frame& frame : frames.frames()) {
        net::PacketView packet;
        dnsqr::Message message;
        if (!message_of(frame.octets, packet, message) || message.response != responses) continue;
        parts_.push_back({packet.ip, frame.time, packet.transport_at, 0});
        message.parts = {&parts_.back(), 1};
        messages_.push_back(message);
    }
}

MadePayloads::MadePayloads(const MadeFrames& frames) {
    struct Keep final : dnsqr::PayloadSink {
        std::vector<Bytes>* encoded = nullptr;
        std::vector<Time> times;
        void payload(const nmsg::DnsqrPayload& payload, Time envelope, nmsg::Blank) override {
            Bytes& octets = encoded->emplace_back(nmsg::encoded_size(payload));
            nmsg::encode(payload, octets.data());
            times.push_back(envelope);
        }
    } sink;
    sink.encoded = &encoded_;
    dnsqr::TransactionCounts counts;
    DropCounts drops{};
    dnsqr::Transactions rules(dnsqr::Settings(), {1, 2}, counts, drops, sink);
    for (const MadeFrames::Frame& frame : frames.frames()) {
        net::PacketView packet;
        dnsqr::Message message;
        if (!message_of(frame.octets, packet, message)) continue;
        const reassembly::Part part{packet.ip, frame.time, packet.transport_at, 0};
        message.parts = {&part, 1};
        rules.advance(frame.time);
        rules.message(message);
    }
    rules.flush();
    for (std::size_t i = 0; i < encoded_.size(); ++i)
        payloads_.push_back({sink.times[i], nmsg::decode_dnsqr(encoded_[i]).value()});
}

std::vector<std::uint8_t> MadePayloads::container(std::size_t capacity) const {
    nmsg::ContainerBuilder builder(capacity);
    for (const Made& made : payloads_) {
        if (!builder.fits(made.decoded.payload, made.time.seconds())) break;
        builder.add(made.decoded.payload, made.time.seconds(), made.time.nanoseconds());
    }
    const Octets body = builder.finish();
    return {body.begin(), body.end()};
}

const MadeFrames& ordinary_frames() {
    static const MadeFrames frames({.packets = 20'000});
    return frames;
}

const MadePayloads& ordinary_payloads() {
    static const MadePayloads payloads(ordinary_frames());
    return payloads;
}

}  // namespace sie::bench
