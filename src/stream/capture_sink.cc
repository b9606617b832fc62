#include <fmt/format.h>

#include <algorithm>

#include "capture/pcapng_writer.h"
#include "net/packet.h"
#include "stream/sink.h"
#include "text/decoded_payload.h"

namespace sie::stream {

namespace {

// What tells the resolver's address in a packet whose payload says that it was zeroed: nothing, if the sensor
// did it. Who made the payload otherwise may have left it: it does not go on from here.
void zero_addresses(std::vector<std::uint8_t>& ip, bool source, bool destination) {
    const bool v4 = ip[0] >> 4 == 4;
    const std::size_t first = v4 ? 12 : 8, size = v4 ? 4 : 16;
    if (ip.size() < first + 2 * size) return;
    const auto zero = [&](std::size_t from, std::size_t octets) {
        const auto begin = ip.begin() + static_cast<std::ptrdiff_t>(from);
        const auto end = begin + static_cast<std::ptrdiff_t>(octets);
        const bool was_zero = std::all_of(begin, end, [](std::uint8_t octet) { return octet == 0; });
        std::fill(begin, end, std::uint8_t{0});
        return !was_zero;
    };
    const bool was_source = source && zero(first, size),
               was_destination = destination && zero(first + size, size);
    if (!was_source && !was_destination) return;
    // Checksums would betray 16 bits of it.
    if (v4) zero(10, 2);
    net::PacketView view;
    if (net::decode_ip(v4 ? net::Family::v4 : net::Family::v6, ip, false, {}, view)) return;
    if ((!view.fragment || view.fragment->offset == 0) && view.transport_at + 8 <= view.ip.size())
        zero(view.transport_at + 6, 2);
}

constexpr std::size_t write_octets = std::size_t{64} << 10;
constexpr std::uint32_t type_ncap = 1, type_pkt = 8, type_packet = 12;

Time moment(std::int64_t seconds, std::int64_t nanoseconds) {
    constexpr std::int64_t most = INT64_MAX / Time::per_second - 1;
    return Time{std::clamp(seconds, -most, most) * Time::per_second + nanoseconds};
}

class CaptureSink final : public Sink {
  public:
    CaptureSink(std::unique_ptr<sensor::ContainerOutput> output, const SinkOptions& options)
        : output_(std::move(output)), unbuffered_(options.unbuffered) {
        capture::append_pcapng_head(held_);
    }
    Result<void> put(const nmsg::Payload& payload) override {
        if (!append(payload)) ++without_packets_;
        if (unbuffered_) return flush();
        return held_.size() >= write_octets ? write() : Result<void>{};
    }
    Result<void> tick() override {
        return held_.empty() || ++waited_ < ticks_to_flush ? Result<void>{} : flush();
    }
    Result<void> drain() override { return write(); }
    Result<void> close() override {
        auto written = write();
        auto closed = output_->close();
        return written ? closed : written;
    }
    void report(const std::function<void(const std::string&)>& line) const override {
        if (without_packets_ != 0)
            line(fmt::format("--writepcap: {} payloads have no packets in them", without_packets_));
    }

  private:
    // The packets as they were recorded: where addresses were zeroed, they are zero here too.
    bool append(const nmsg::Payload& payload) {
        if (payload.vendor != nmsg::vendor_base ||
            decoded_.decode(payload) != text::DecodedPayload::Outcome::decoded)
            return false;
        const Time time = moment(payload.time_sec, payload.time_nsec);
        const auto octets = [&](std::string_view field) { return decoded_.fields().last(field)->octets; };
        switch (payload.type) {
            case nmsg::type_dnsqr: return append_dnsqr(time);
            case type_packet: return append_ip(octets("payload"), time);
            case type_ncap: return decoded_.ncap_ends() && append_ip(octets("payload"), time);
            case type_pkt: {
                const Octets frame = octets("payload");
                const text::FieldValue* length = decoded_.fields().last("len_frame");
                const auto captured = static_cast<std::uint32_t>(frame.size());
                const std::uint32_t stated =
                    length == nullptr ? captured : static_cast<std::uint32_t>(length->number);
                capture::append_pcapng_packet(held_, capture::WrittenLink::ethernet, frame,
                                              std::max(stated, captured), time);
                return true;
            }
            default: return false;
        }
    }
    bool append_ip(Octets packet, Time time) {
        if (packet.empty() || (packet[0] >> 4 != 4 && packet[0] >> 4 != 6)) return false;
        capture::append_pcapng_packet(held_, capture::WrittenLink::raw_ip, packet,
                                      static_cast<std::uint32_t>(packet.size()), time);
        return true;
    }
    bool append_dnsqr(Time time) {
        const text::FieldValue* zeroed = decoded_.fields().last("resolver_address_zeroed");
        const bool zero = zeroed != nullptr && zeroed->number != 0;
        // A responder without an address is the listed one.
        const Octets responder = decoded_.fields().last("response_ip")->octets;
        const bool both = zero && std::all_of(responder.begin(), responder.end(),
                                              [](std::uint8_t octet) { return octet == 0; });
        const bool queries =
            append_list("query_packet", "query_time_sec", "query_time_nsec", time, {zero, both});
        const bool responses =
            append_list("response_packet", "response_time_sec", "response_time_nsec", time, {both, zero});
        bool others = false;
        for (const std::string_view field : {"tcp", "icmp"})
            if (const text::FieldValue* packet = decoded_.fields().last(field); packet != nullptr)
                others = append_ip(packet->octets, time) || others;
        return queries || responses || others;
    }
    // A packet whose stamp is missing has that of the payload.
    struct Zero {
        bool source, destination;
    };
    bool append_list(std::string_view packets, std::string_view seconds, std::string_view nanoseconds,
                     Time time, Zero zero) {
        const text::PayloadFields& fields = decoded_.fields();
        seconds_.clear();
        nanoseconds_.clear();
        fields.each(fields.row_of(seconds), [&](const text::FieldValue& value) {
            seconds_.push_back(static_cast<std::int64_t>(value.number));
        });
        fields.each(fields.row_of(nanoseconds), [&](const text::FieldValue& value) {
            nanoseconds_.push_back(static_cast<std::int32_t>(value.number));
        });
        std::size_t i = 0;
        bool any = false;
        fields.each(fields.row_of(packets), [&](const text::FieldValue& value) {
            const bool stamped = i < seconds_.size() && i < nanoseconds_.size();
            Octets packet = value.octets;
            if ((zero.source || zero.destination) && !packet.empty()) {
                zeroed_.assign(packet.begin(), packet.end());
                zero_addresses(zeroed_, zero.source, zero.destination);
                packet = zeroed_;
            }
            any = append_ip(packet, stamped ? moment(seconds_[i], nanoseconds_[i]) : time) || any;
            ++i;
        });
        return any;
    }
    Result<void> write() {
        waited_ = 0;
        auto written = output_->write(held_, {});
        held_.clear();
        return written;
    }
    Result<void> flush() {
        if (auto written = write(); !written) return written;
        return output_->flush();
    }

    std::unique_ptr<sensor::ContainerOutput> output_;
    const bool unbuffered_;
    text::DecodedPayload decoded_;
    std::vector<std::uint8_t> held_;
    std::vector<std::int64_t> seconds_, nanoseconds_;
    std::vector<std::uint8_t> zeroed_;
    int waited_ = 0;
    std::uint64_t without_packets_ = 0;
};

}  // namespace

std::unique_ptr<Sink> make_capture_sink(std::unique_ptr<sensor::ContainerOutput> output,
                                        const SinkOptions& options) {
    return std::make_unique<CaptureSink>(std::move(output), options);
}

}  // namespace sie::stream
