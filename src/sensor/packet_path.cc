#include "sensor/packet_path.h"

#include <algorithm>

#include "dns/message.h"
#include "net/checksum.h"
#include "sensor/icmp_quote.h"

namespace sie::sensor {

namespace {
constexpr std::uint16_t multicast_dns_port = 5353;  // counts without a list only (§1.3)
}

PacketPath::PacketPath(const dnsqr::Settings& settings, HashKey key, Ledger& ledger, dnsqr::PayloadSink& sink,
                       ClockListener& clock, const capture::PacketFilter* filter)
    : settings_(settings),
      lists_(settings.has_lists()),
      wanted_{settings.wants_tcp(), settings.wants_icmp()},
      first_port_(settings.ports.front()),
      ledger_(ledger),
      clock_(clock),
      filter_(filter),
      reassembler_(*this, key),
      transactions_(settings, key, ledger.transactions, ledger.drops, sink) {}

void PacketPath::set_rules(const dnsqr::Settings& settings, const capture::PacketFilter* filter) {
    settings_ = settings;
    lists_ = settings.has_lists();
    wanted_ = {settings.wants_tcp(), settings.wants_icmp()};
    first_port_ = settings.ports.front();
    filter_ = filter;
    transactions_.set_rules(settings);
}

void PacketPath::frame(const capture::Frame& frame) {
    ++ledger_.frames;
    net::PacketView packet;
    if (const auto reason =
            net::decode_frame(frame.link, frame.octets, frame.wire_length, wanted_, packet, frame.tags_taken))
        return drop(*reason);
    if (packet.fragment) return fragment(packet, frame.time);
    const reassembly::Part whole{packet.ip, frame.time, packet.transport_at, 0};
    datagram(packet, frame.time, {&whole, 1}, 0);
}

void PacketPath::fragment(const net::PacketView& packet, Time time) {
    const auto listed = [&](const std::uint8_t* address) {
        return settings_.resolvers.contains(packet.family, address) ||
               settings_.servers.contains(packet.family, address);
    };
    if (lists_ && !listed(packet.source()) && !listed(packet.destination()))
        return drop(DropReason::not_initiator);
    tick(time);
    reassembly::Datagram whole;
    const auto inserted = reassembler_.insert(packet, time, wanted_, whole);
    if (inserted.outcome != reassembly::Outcome::complete) return;
    ledger_.joined += inserted.joined - 1;
    if (inserted.rebuilt_drop) return drop(*inserted.rebuilt_drop);
    datagram(whole.packet, time, whole.parts, whole.base);
}

void PacketPath::datagram(const net::PacketView& packet, Time time, std::span<const reassembly::Part> parts,
                          std::uint32_t base) {
    if (filter_ != nullptr && !filter_->matches(packet.ip)) return drop(DropReason::filtered_bpf);
    const bool is_udp = packet.protocol == net::protocol_udp;
    if (is_udp && load_be16(packet.transport() + 4) < 8) return drop(DropReason::bad_udp_header);
    if (!lists_) tick(time);
    is_udp ? udp(packet, time, parts, base) : other(packet, time);
}

void PacketPath::udp(const net::PacketView& packet, Time time, std::span<const reassembly::Part> parts,
                     std::uint32_t base) {
    const std::uint16_t source = packet.source_port(), destination = packet.destination_port();
    if (!has_dns_port(source, destination, !lists_)) return drop(DropReason::other_port);
    const std::uint16_t stated = load_be16(packet.transport() + 4);
    const Octets segment = packet.ip.subspan(packet.transport_at);
    const Octets datagram =
        segment.first(std::min<std::size_t>(segment.size(), stated));  // a longer length is no fault (Q8)
    const Octets dns = datagram.subspan(8);
    const auto header = dns::read_header(dns);
    if (!header) return drop(DropReason::dns_short);

    dnsqr::Message m = dnsqr::message_of(packet, *header);
    if (lists_) {  // §1.1: judged on the message, so that no client of the resolver is recorded
        if (!is_dns_port(m.responder_port) || (!settings_.resolvers.contains(m.family, m.initiator) &&
                                               !settings_.servers.contains(m.family, m.responder)))
            return drop(DropReason::not_initiator);
        tick(time);
    }
    dns::Question question;
    const auto outcome = dns::read_question(dns, question);
    if (outcome == dns::QuestionOutcome::bad) return drop(DropReason::dns_bad_question);
    if (outcome == dns::QuestionOutcome::present) m.question = question.octets;
    ++ledger_.messages;
    m.dns = dns;
    m.parts = parts;
    m.base = base;
    const auto keys = transactions_.keys_of(m);
    if (m.response) {
        transactions_.approach(keys);
        if (load_be16(datagram.data() + 6) == 0)
            m.verdict = nmsg::ChecksumVerdict::absent;
        else
            m.verdict =
                net::udp_checksum_sum(packet.family, packet.source(), packet.destination(), datagram, stated)
                    ? nmsg::ChecksumVerdict::correct
                    : nmsg::ChecksumVerdict::incorrect;
    }
    transactions_.message(m, keys);
}

void PacketPath::other(const net::PacketView& packet, Time time) {
    IcmpQuote ends{packet.family, packet.source(), packet.destination(), 0, 0, false};
    if (packet.protocol == net::protocol_tcp) {
        ends.source_port = packet.source_port();
        ends.destination_port = packet.destination_port();
    } else {
        const auto quote = read_icmp_quote(packet.ip.subspan(packet.transport_at + 8));
        if (!quote) return drop(DropReason::icmp_no_quote);
        ends = *quote;
    }
    if (!has_dns_port(ends.source_port, ends.destination_port, ends.udp && !lists_))
        return drop(DropReason::other_port);
    if (lists_) {
        // §1.4: with port 53 at the listed resolver's own end as well, the other side might be its client.
        const auto between = [&](const std::uint8_t* asks, std::uint16_t here, const std::uint8_t* answers,
                                 std::uint16_t there) {
            return is_dns_port(there) &&
                   ((settings_.resolvers.contains(ends.family, asks) && !is_dns_port(here)) ||
                    settings_.servers.contains(ends.family, answers));
        };
        if (!between(ends.source, ends.source_port, ends.destination, ends.destination_port) &&
            !between(ends.destination, ends.destination_port, ends.source, ends.source_port))
            return drop(DropReason::not_initiator);
        tick(time);
    }
    const bool is_tcp = packet.protocol == net::protocol_tcp;
    ++(is_tcp ? ledger_.tcp : ledger_.icmp);
    transactions_.packet(is_tcp ? nmsg::DnsqrType::tcp : nmsg::DnsqrType::icmp, packet.ip, time);
}

void PacketPath::idle(Time now) {
    if (now > latest_) tick(now);
}

void PacketPath::tick(Time now) {
    latest_ = now;
    clock_.clock(now);
    reassembler_.expire(now);
    transactions_.advance(now);
}

void PacketPath::finish() {
    reassembler_.finish();
    transactions_.flush();
}

bool PacketPath::has_dns_port(std::uint16_t a, std::uint16_t b, bool multicast_too) const {
    return is_dns_port(a) || is_dns_port(b) ||
           (multicast_too && (a == multicast_dns_port || b == multicast_dns_port));
}

}  // namespace sie::sensor
