#include "text/decoded_payload.h"

#include <algorithm>
#include <array>

#include "dns/message.h"
#include "net/packet.h"

namespace sie::text {

namespace {

constexpr std::uint64_t udp_query_response = 1;  // of the type of base:dnsqr

}  // namespace

namespace {

// Where the rows of base:dnsqr stand that derived values are made of.
struct DnsqrRows {
    std::size_t type, query_ip, query_packet, query_sec, query_nsec, response_packet, response_sec,
        response_nsec, zeroed;
};
const DnsqrRows& dnsqr_rows() {
    static const DnsqrRows rows = [] {
        const PayloadType& dnsqr = *find_type(nmsg::vendor_base, nmsg::type_dnsqr);
        const auto row = [&](std::string_view name) {
            const auto found = std::find_if(dnsqr.rows.begin(), dnsqr.rows.end(),
                                            [&](const FieldRow& each) { return each.name == name; });
            return static_cast<std::size_t>(found - dnsqr.rows.begin());
        };
        return DnsqrRows{row("type"),
                         row("query_ip"),
                         row("query_packet"),
                         row("query_time_sec"),
                         row("query_time_nsec"),
                         row("response_packet"),
                         row("response_time_sec"),
                         row("response_time_nsec"),
                         row("resolver_address_zeroed")};
    }();
    return rows;
}

}  // namespace

DecodedPayload::Outcome DecodedPayload::decode(const nmsg::Payload& payload) {
    type_ = find_type(payload.vendor, payload.type);
    if (type_ == nullptr) return Outcome::unknown_type;
    if (!payload.has_octets || !fields_.decode(*type_, payload.octets)) return Outcome::undecodable;
    if (type_ != rdata_rows_of_) find_rdata_rows();
    // Rdata means nothing without its type and class (N38).
    std::uint16_t type, rrclass;
    for (const std::size_t row : rdata_rows_)
        if (fields_.count(row) != 0 && !rdata_type(type, rrclass)) return Outcome::undecodable;
    return Outcome::decoded;
}

void DecodedPayload::find_rdata_rows() {
    rdata_rows_of_ = type_;
    rdata_rows_.clear();
    for (std::size_t row = 0; row < type_->rows.size(); ++row)
        if (type_->rows[row].kind == Kind::rdata) rdata_rows_.push_back(row);
}

bool DecodedPayload::rdata_type(std::uint16_t& type, std::uint16_t& rrclass) const {
    const FieldValue *t = fields_.last("rrtype"), *c = fields_.last("rrclass");
    if (t == nullptr || c == nullptr) return false;
    type = static_cast<std::uint16_t>(t->number);
    rrclass = static_cast<std::uint16_t>(c->number);
    return true;
}

std::optional<FieldValue> DecodedPayload::value(std::size_t row) {
    const FieldRow& is = type_->rows[row];
    if (!fields_.holder_is_there(is)) return std::nullopt;
    const FieldValue* stored = fields_.last(row);
    switch (is.kind) {
        case Kind::dnsqr_checksum:
            if (fields_.count(dnsqr_rows().response_packet) == 0) return std::nullopt;
            if (stored == nullptr) return FieldValue{static_cast<std::uint64_t>(*dnsqr_verdict()), {}};
            break;
        case Kind::dnstap_id:
        case Kind::dnstap_qname:
        case Kind::dnstap_qclass:
        case Kind::dnstap_qtype:
        case Kind::dnstap_rcode: return dnstap_value(is.kind);
        case Kind::ncap_source:
        case Kind::ncap_destination:
        case Kind::ncap_source_port:
        case Kind::ncap_destination_port:
        case Kind::ncap_proto: return ncap_value(is.kind, stored);
        default: break;
    }
    if (stored != nullptr) return *stored;
    if (is.with_default) return FieldValue{is.symbols.front().value, {}};
    return std::nullopt;
}

std::optional<double> DecodedPayload::dnsqr_delay() {
    const DnsqrRows& rows = dnsqr_rows();
    if (fields_.last(rows.type)->number != udp_query_response || fields_.count(rows.query_sec) != 1 ||
        fields_.count(rows.query_nsec) != 1 || fields_.count(rows.response_sec) == 0 ||
        fields_.count(rows.response_sec) != fields_.count(rows.response_nsec))
        return std::nullopt;
    const auto asked_sec = static_cast<std::int64_t>(fields_.last(rows.query_sec)->number);
    const auto asked_nsec = static_cast<std::int32_t>(fields_.last(rows.query_nsec)->number);
    // Differences of stamps from outside: their wrap is harmless, their overflow must be.
    const auto delay = [&](std::uint64_t seconds, std::uint64_t nanoseconds) {
        const auto whole = static_cast<std::int64_t>(seconds - static_cast<std::uint64_t>(asked_sec));
        const auto part = std::int64_t{static_cast<std::int32_t>(nanoseconds)} - asked_nsec;
        return static_cast<double>(whole) + static_cast<double>(part) / 1e9;
    };
    double longest = 0;
    if (fields_.count(rows.response_sec) == 1)
        return std::max(longest, delay(fields_.last(rows.response_sec)->number,
                                       fields_.last(rows.response_nsec)->number));
    seconds_.clear();
    fields_.each(rows.response_sec, [&](const FieldValue& value) { seconds_.push_back(value.number); });
    std::size_t i = 0;
    fields_.each(rows.response_nsec, [&](const FieldValue& value) {
        longest = std::max(longest, delay(seconds_[i++], value.number));
    });
    return longest;
}

std::span<const Octets> DecodedPayload::packets_of(std::size_t row) {
    packets_.clear();
    fields_.each(row, [&](const FieldValue& value) { packets_.push_back(value.octets); });
    return packets_;
}

std::optional<Octets> DecodedPayload::dnsqr_message(bool response) {
    const DnsqrRows& rows = dnsqr_rows();
    const std::span<const Octets> packets = packets_of(response ? rows.response_packet : rows.query_packet);
    if (!response) {
        const std::size_t address = fields_.last(rows.query_ip)->octets.size();
        if (packets.size() != 1 || (address != 4 && address != 16)) return std::nullopt;
    }
    if (packets.empty()) return std::nullopt;
    return recorded_.dns(packets);
}

std::optional<nmsg::ChecksumVerdict> DecodedPayload::dnsqr_verdict() {
    const DnsqrRows& rows = dnsqr_rows();
    const std::span<const Octets> packets = packets_of(rows.response_packet);
    if (packets.empty()) return std::nullopt;
    if (const FieldValue* zeroed = fields_.last(rows.zeroed); zeroed != nullptr && zeroed->number != 0)
        return nmsg::ChecksumVerdict::error;
    return recorded_.verdict(packets);
}

std::optional<FieldValue> DecodedPayload::dnstap_value(Kind kind) const {
    const FieldValue* message = fields_.last("query_message");
    if (message == nullptr) message = fields_.last("response_message");
    if (message == nullptr) return std::nullopt;
    const auto header = dns::read_header(message->octets);
    if (!header) return std::nullopt;
    if (kind == Kind::dnstap_id) return FieldValue{header->id, {}};
    if (kind == Kind::dnstap_rcode) return FieldValue{header->rcode(), {}};
    dns::Question question;
    if (dns::read_question(message->octets, question) != dns::QuestionOutcome::present) return std::nullopt;
    if (kind == Kind::dnstap_qname) return FieldValue{0, question.name()};
    return FieldValue{kind == Kind::dnstap_qtype ? question.type() : question.qclass(), {}};
}

std::optional<DecodedPayload::NcapEnds> DecodedPayload::ncap_ends() const {
    constexpr std::uint64_t legacy = 2;
    const Octets payload = fields_.last("payload")->octets;
    const auto number = [&](std::string_view name) -> std::optional<std::uint32_t> {
        const FieldValue* value = fields_.last(name);
        return value == nullptr ? std::nullopt : std::optional(static_cast<std::uint32_t>(value->number));
    };
    NcapEnds ends;
    if (fields_.last("type")->number == legacy) {
        constexpr std::array<std::uint32_t, 3> protocols{net::protocol_udp, net::protocol_tcp,
                                                         net::protocol_icmp};
        const auto ltype = number("ltype");
        if (!ltype || *ltype >= protocols.size()) return std::nullopt;
        ends.proto = protocols[*ltype];
        ends.source_port = number("lint0");
        ends.destination_port = number("lint1");
        ends.data = payload;
        return ends;
    }
    if (payload.empty()) return std::nullopt;
    net::PacketView view;
    if (net::decode_ip(payload[0] >> 4 == 6 ? net::Family::v6 : net::Family::v4, payload, false,
                       {.tcp = true, .icmp = true}, view) ||
        view.fragment)
        return std::nullopt;
    const std::size_t address = net::address_octets(view.family);
    ends.source = {view.source(), address};
    ends.destination = {view.destination(), address};
    ends.proto = view.protocol;
    const Octets segment = view.ip.subspan(view.transport_at);
    if (view.protocol != net::protocol_icmp) {
        ends.source_port = view.source_port();
        ends.destination_port = view.destination_port();
    }
    if (view.protocol == net::protocol_udp) {
        const std::size_t stated = load_be16(segment.data() + 4);
        if (stated >= 8) ends.data = segment.first(std::min(stated, segment.size())).subspan(8);
    }
    return ends;
}

std::optional<FieldValue> DecodedPayload::ncap_value(Kind kind, const FieldValue* stored) const {
    if (stored != nullptr) return *stored;
    const auto ends = ncap_ends();
    if (!ends) return std::nullopt;
    const auto port = [](std::optional<std::uint32_t> number) {
        return number ? std::optional(FieldValue{*number, {}}) : std::nullopt;
    };
    const auto address = [](Octets octets) {
        return octets.empty() ? std::nullopt : std::optional(FieldValue{0, octets});
    };
    switch (kind) {
        case Kind::ncap_source: return address(ends->source);
        case Kind::ncap_destination: return address(ends->destination);
        case Kind::ncap_source_port: return port(ends->source_port);
        case Kind::ncap_destination_port: return port(ends->destination_port);
        case Kind::ncap_proto: return FieldValue{ends->proto, {}};
        default: return std::nullopt;
    }
}

}  // namespace sie::text
