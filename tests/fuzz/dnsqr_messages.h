// DNS messages in their packets, and settings for them, from the choices of a fuzzer.
#pragma once

#include <algorithm>

#include "dnsqr/transactions_twin.h"
#include "fuzz/fuzz_target.h"

namespace sie::fuzz::dnsqr_messages {

using dnsqr::Settings, dnsqr::TransactionKind, dnsqr::TransactionsTwin;

inline constexpr std::int64_t second = Time::per_second;
// Of client subnets and of the resolver's addresses, and of nothing else in a message.
inline constexpr std::uint8_t client_octet = 0xab, resolver_octet = 0xfd;
inline const Bytes resolver4{10, resolver_octet, resolver_octet, 1}, server4{198, 51, 100, 2},
    resolver6{0x20, 1, 0xd, 0xb8, 0, resolver_octet, resolver_octet, 0, 0, 0, 0, 0, 0, 0, 0, 1},
    server6{0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};

//   0: QR (2 bits: both, both, 0, 1), RD (2 bits, the same), zero addresses, zero subnets, names, rcodes
//   1: timeout (4 bits), table (3 bits), the server listed too
inline Settings settings_of(Choices& choices) {
    const unsigned what = choices.octet(), bounds = choices.octet();
    Settings s;
    const auto half = [](unsigned bits) {
        return (bits & 2) == 0 ? std::nullopt : std::optional(static_cast<std::uint8_t>(bits & 1));
    };
    s.capture_qr = half(what);
    s.capture_rd = half(what >> 2);
    s.zero_resolver_address = (what & 16) != 0;
    s.zero_client_subnet = (what & 32) != 0;
    if ((what & 64) != 0) s.exclude_names = dnsqr::NameSet({std::string("\1b\0", 3)});
    if ((what & 128) != 0) s.exclude_rcodes = 8, s.include_rcodes = 0xff;
    s.query_timeout_s = 1 + (bounds & 15);
    s.state_table_max = 1 + (bounds >> 4 & 7);
    for (const Bytes* address : {&resolver4, &resolver6, &server4, &server6}) {
        const bool six = address->size() == 16, server = address == &server4 || address == &server6;
        if (server && (bounds & 128) == 0) continue;
        const auto family = six ? net::Family::v6 : net::Family::v4;
        s.resolver_prefixes.push_back(
            {net::Address::of(family, address->data()), static_cast<std::uint8_t>(six ? 128 : 32)});
    }
    s.resolvers = net::PrefixSet(s.resolver_prefixes);
    return s;
}

// One message in its packets, as the packet path hands it on.
class Made {
  public:
    //   0: response, IPv6, RD, question (2 bits), in two fragments, extra record (2 bits)
    //   1: id (2 bits), port, clock (3 bits), stamp earlier than the clock   2: rcode
    Made(Choices& choices, Time& now) {
        static constexpr std::int64_t ticks[] = {0,          1,           second / 2,    second,
                                                 3 * second, 16 * second, 1000 * second, -5 * second};
        const unsigned what = choices.octet(), ends = choices.octet();
        now.ns += ticks[ends >> 3 & 7];
        said.response = (what & 1) != 0;
        said.rd = (what & 4) != 0;
        said.rcode = choices.octet() & 15;
        said.id = ends & 3;
        said.initiator_port = static_cast<std::uint16_t>(40000 + (ends >> 2 & 1));
        said.family = (what & 2) != 0 ? net::Family::v6 : net::Family::v4;
        said.time = Time{now.ns - ((ends & 64) != 0 ? 2 * second : 0)};
        const Bytes questions[] = {
            {}, {1, 'a', 0, 0, 1, 0, 1}, {1, 'b', 0, 0, 1, 0, 1}, {1, 'a', 0, 0, 28, 0, 1}};
        said.question = questions[what >> 3 & 3];
        dns_ = {0,
                static_cast<std::uint8_t>(said.id),
                static_cast<std::uint8_t>((what & 1) << 7 | (said.rd ? 1 : 0)),
                said.rcode,
                0,
                static_cast<std::uint8_t>(said.question.empty() ? 0 : 1),
                0,
                0,
                0,
                0,
                0,
                0};
        dns_.insert(dns_.end(), said.question.begin(), said.question.end());
        const unsigned extra = what >> 6;  // an OPT record with a client subnet; the same, cut; anything
        if (extra != 0) dns_[11] = 1;
        if (extra == 1 || extra == 2)
            dns_.insert(dns_.end(), {0,
                                     0,
                                     41,
                                     4,
                                     0,
                                     0,
                                     0,
                                     0,
                                     0,
                                     0,
                                     11,
                                     0,
                                     8,
                                     0,
                                     7,
                                     0,
                                     1,
                                     24,
                                     0,
                                     client_octet,
                                     client_octet,
                                     client_octet});
        if (extra == 2) dns_.pop_back();
        if (extra == 3) {
            const Octets octets = choices.octets(choices.octet() % 64);
            dns_.insert(dns_.end(), octets.begin(), octets.end());
            for (const std::uint8_t octet : {client_octet, resolver_octet})
                std::replace(dns_.begin() + 12, dns_.end(), octet, std::uint8_t{0});
        }
        in_packets((what & 32) != 0);
    }
    Made(const Made&) = delete;
    Made& operator=(const Made&) = delete;

    TransactionsTwin::Said said;
    dnsqr::Message message;

  private:
    Bytes packet(Octets data, unsigned offset, bool more, bool fragmented) const {
        const bool six = said.family == net::Family::v6;
        Bytes out =
            six ? Bytes{0x60, 0, 0, 0, 0, 0, 17, 9} : Bytes{0x45, 0, 0, 0, 0, 7, 0, 0, 9, 17, 0x12, 0x34};
        for (const Bytes* address : {six ? &resolver6 : &resolver4, six ? &server6 : &server4})
            out.insert(said.response ? out.begin() + (six ? 8 : 12) : out.end(), address->begin(),
                       address->end());
        const auto field =
            static_cast<std::uint16_t>(six ? offset | (more ? 1 : 0) : offset / 8 | (more ? 0x2000 : 0));
        if (six && fragmented) {
            out[6] = 44;
            out.insert(out.end(), {17, 0, 0, 0, 0, 0, 0, 7});
            store_be16(&out[42], field);
        } else if (!six) {
            store_be16(&out[6], field);
        }
        out.insert(out.end(), data.begin(), data.end());
        store_be16(&out[six ? 4 : 2], static_cast<std::uint16_t>(six ? out.size() - 40 : out.size()));
        return out;
    }
    void in_packets(bool fragmented) {
        const bool six = said.family == net::Family::v6;
        Bytes udp{0, 53, 0, 53, 0, 0, 0x56, 0x78};
        store_be16(&udp[said.response ? 2 : 0], said.initiator_port);
        udp.insert(udp.end(), dns_.begin(), dns_.end());
        store_be16(&udp[4], static_cast<std::uint16_t>(udp.size()));
        const auto header = static_cast<std::uint32_t>(six ? 40 : 20);
        packets_.push_back(packet(udp, 0, false, false));
        if (fragmented) {
            packets_.push_back(packet(Octets(udp).first(16), 0, true, true));
            packets_.push_back(packet(Octets(udp).subspan(16), 16, false, true));
            const std::uint32_t data_at = six ? header + 8 : header;
            parts_ = {{packets_[1], said.time, data_at, 0},
                      {packets_[2], Time{said.time.ns + 1}, data_at, 16}};
        } else {
            parts_ = {{packets_[0], said.time, header, 0}};
        }
        const std::uint8_t* const source = packets_[0].data() + (six ? 8 : 12);
        dnsqr::Message& m = message;
        m.family = said.family;
        m.response = said.response;
        m.recursion_desired = said.rd;
        m.rcode = said.rcode;
        m.id = said.id;
        m.initiator_port = said.initiator_port;
        m.responder_port = 53;
        m.initiator = said.response ? source + m.address_octets() : source;
        m.responder = said.response ? source : source + m.address_octets();
        m.dns = Octets(packets_[0]).last(dns_.size());
        m.question = m.dns.subspan(12, said.question.size());
        m.parts = parts_;
    }

    Bytes dns_;
    std::vector<Bytes> packets_;
    std::vector<reassembly::Part> parts_;
};

}  // namespace sie::fuzz::dnsqr_messages
