// DNS messages in their packets, as the packet path hands them to the transaction rules, and a sink that
// keeps what comes out.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dnsqr/message.h"
#include "dnsqr/transactions.h"
#include "support/packet_builder.h"

namespace sie::dnsqr {

// Wire form of dotted text; no escapes.
inline test::Bytes wire_name(const std::string& text) {
    test::Bytes wire;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('.', at), text.size());
        wire.push_back(static_cast<std::uint8_t>(end - at));
        wire.insert(wire.end(), text.begin() + static_cast<std::ptrdiff_t>(at),
                    text.begin() + static_cast<std::ptrdiff_t>(end));
        at = end + 1;
    }
    wire.push_back(0);
    return wire;
}

// What to say. A query goes from the initiator to the responder, a response back.
struct Say {
    std::string initiator = "192.0.2.1", responder = "198.51.100.2";
    std::uint16_t initiator_port = 40000, responder_port = 53;
    std::uint16_t id = 1;
    bool response = false, rd = false;
    std::uint8_t rcode = 0;
    std::optional<std::string> name = "www.example";  // none: no question
    std::uint16_t type = 1, qclass = 1;
    test::Bytes rest{};  // behind the question, counted as one additional record
    Time time{};
    nmsg::ChecksumVerdict verdict = nmsg::ChecksumVerdict::correct;
    test::Bytes options{};                      // IPv4
    std::vector<test::Extension> extensions{};  // IPv6, in front of a fragment header
    std::vector<test::Extension> fragmented{};  // IPv6, part of the fragmented data
    std::size_t piece = 0;                      // octets of data a fragment; 0: one packet
};

// Owns the packets that its message views. Moving keeps the views: they point into memory of the heap.
class Made {
  public:
    explicit Made(const Say& say) {
        const bool six = say.initiator.find(':') != std::string::npos;
        test::Bytes dns{static_cast<std::uint8_t>(say.id >> 8),
                        static_cast<std::uint8_t>(say.id),
                        static_cast<std::uint8_t>((say.response ? 0x80 : 0) | (say.rd ? 1 : 0)),
                        say.rcode,
                        0,
                        static_cast<std::uint8_t>(say.name ? 1 : 0),
                        0,
                        0,
                        0,
                        0,
                        0,
                        static_cast<std::uint8_t>(say.rest.empty() ? 0 : 1)};
        std::size_t question = 0;
        if (say.name) {
            const test::Bytes name = wire_name(*say.name);
            dns.insert(dns.end(), name.begin(), name.end());
            for (const std::uint16_t field : {say.type, say.qclass}) {
                dns.push_back(static_cast<std::uint8_t>(field >> 8));
                dns.push_back(static_cast<std::uint8_t>(field));
            }
            question = name.size() + 4;
        }
        dns.insert(dns.end(), say.rest.begin(), say.rest.end());
        auto from = std::pair{say.initiator, say.initiator_port},
             to = std::pair{say.responder, say.responder_port};
        if (say.response) std::swap(from, to);
        const test::Bytes udp = test::udp(from.first, to.first, from.second, to.second, dns);

        std::size_t headers = 0;  // of the fragmented data
        if (six) {
            test::Ipv6 header{from.first, to.first, say.extensions};
            auto all = header;
            all.extensions.insert(all.extensions.end(), say.fragmented.begin(), say.fragmented.end());
            whole_ = test::ipv6(all, udp);
            if (say.piece != 0) {
                const std::size_t front = test::ipv6(header, {}).size();
                headers = whole_.size() - udp.size() - front;
                if (!say.fragmented.empty()) header.protocol = say.fragmented[0].type;
                packets_ = test::fragments6(header, 7, Octets(whole_).subspan(front), say.piece);
                take_parts(say, front + 8);
            }
        } else {
            const test::Ipv4 header{.source = from.first, .destination = to.first, .options = say.options};
            whole_ = test::ipv4(header, udp);
            if (say.piece != 0) {
                packets_ = test::fragments4(header, udp, say.piece);
                take_parts(say, whole_.size() - udp.size());
            }
        }
        if (say.piece == 0) {
            packets_ = {whole_};
            take_parts(say, whole_.size() - udp.size());
        }
        // As the packet path: of a fragmented message the views point into the rebuilt packet.
        const test::Bytes& seen = say.piece == 0 ? packets_[0] : whole_;
        const std::uint8_t* const source = seen.data() + (six ? 8 : 12);
        const std::size_t n = six ? 16 : 4;
        message.family = six ? net::Family::v6 : net::Family::v4;
        message.response = say.response;
        message.recursion_desired = say.rd;
        message.rcode = say.rcode;
        message.id = say.id;
        message.initiator_port = say.initiator_port;
        message.responder_port = say.responder_port;
        message.initiator = say.response ? source + n : source;
        message.responder = say.response ? source : source + n;
        message.dns = Octets(seen).last(dns.size());
        message.question = message.dns.subspan(12, question);
        message.verdict = say.verdict;
        message.parts = parts_;
        message.base = static_cast<std::uint32_t>(headers);
    }
    Made(Made&&) = default;

    [[nodiscard]] const std::vector<test::Bytes>& packets() const { return packets_; }

    Message message;

  private:
    // Each fragment a nanosecond later than the one before.
    void take_parts(const Say& say, std::size_t data_at) {
        for (std::size_t i = 0; i < packets_.size(); ++i)
            parts_.push_back({packets_[i], Time{say.time.ns + static_cast<std::int64_t>(i)},
                              static_cast<std::uint32_t>(data_at),
                              static_cast<std::uint32_t>(i * say.piece)});
    }

    test::Bytes whole_;
    std::vector<test::Bytes> packets_;
    std::vector<reassembly::Part> parts_;
};

// A payload with octets of its own, blanked as in a container.
struct Kept {
    struct Packet {
        test::Bytes octets;
        std::int64_t seconds = 0;
        std::int32_t nanoseconds = 0;
        friend bool operator==(const Packet&, const Packet&) = default;
    };
    nmsg::DnsqrType type{};
    Time envelope{};
    test::Bytes query_ip{}, response_ip{};
    std::uint32_t proto = 0, query_port = 0, response_port = 0, id = 0;
    std::optional<test::Bytes> qname{}, tcp{}, icmp{};
    std::optional<std::uint32_t> qtype{}, qclass{}, rcode{};
    std::vector<Packet> queries{}, responses{};
    std::optional<double> timeout{};
    std::optional<nmsg::ChecksumVerdict> checksum{};
    std::optional<bool> zeroed{};
    friend bool operator==(const Kept&, const Kept&) = default;
};

class KeepingSink final : public PayloadSink {
  public:
    void payload(const nmsg::DnsqrPayload& p, Time envelope, nmsg::Blank blank) override {
        const auto copy = [](Octets octets) { return test::Bytes(octets.begin(), octets.end()); };
        const auto optional = [&](const std::optional<Octets>& octets) {
            return octets ? std::optional(copy(*octets)) : std::nullopt;
        };
        const auto packets = [&](std::span<const nmsg::DnsqrPacket> from) {
            std::vector<Kept::Packet> out;
            for (const auto& packet : from)
                out.push_back({copy(packet.octets), packet.time_sec, packet.time_nsec});
            return out;
        };
        Kept k{p.type,
               envelope,
               copy(p.query_ip),
               copy(p.response_ip),
               p.proto,
               p.query_port,
               p.response_port,
               p.id,
               optional(p.qname),
               optional(p.tcp),
               optional(p.icmp),
               p.qtype,
               p.qclass,
               p.rcode,
               packets(p.query_packets),
               packets(p.response_packets),
               p.timeout,
               p.udp_checksum,
               p.resolver_address_zeroed};
        if (blank.apply != nullptr) {
            std::vector<std::uint8_t*> placed;
            for (auto* list : {&k.queries, &k.responses})
                for (auto& packet : *list) placed.push_back(packet.octets.data());
            blank.apply(blank.context, placed.data());
        }
        kept.push_back(std::move(k));
    }
    std::vector<Kept> kept;
};

// The rules with all that they tell.
class Rules {
  public:
    Rules() : Rules(Settings()) {}
    explicit Rules(const Settings& settings) : rules_(settings, {1, 2}, counts, drops_, sink_) {}
    Rules(const Rules&) = delete;
    Rules& operator=(const Rules&) = delete;

    // As the packet path does: the clock first, then the message.
    void say(const Say& say) {
        const Made made(say);
        rules_.advance(say.time);
        rules_.message(made.message);
    }
    void advance(Time now) { rules_.advance(now); }
    void flush() { rules_.flush(); }
    [[nodiscard]] Transactions& operator*() { return rules_; }
    [[nodiscard]] const std::vector<Kept>& kept() const { return sink_.kept; }
    [[nodiscard]] std::uint64_t drops(DropReason reason) const { return drops_[index_of(reason)]; }
    [[nodiscard]] std::uint64_t kind(TransactionKind kind) const {
        return counts.by_kind[static_cast<std::size_t>(kind)];
    }
    // "pair:1 unanswered:2": type and id of each payload.
    [[nodiscard]] std::string text() const {
        static constexpr const char* words[]{"invalid", "pair", "unanswered", "unsolicited",
                                             "tcp",     "icmp", "query_only", "response_only"};
        std::string out;
        for (const Kept& k : kept())
            out += (out.empty() ? "" : " ") + std::string(words[static_cast<std::size_t>(k.type)]) + ':' +
                   std::to_string(k.id);
        return out;
    }

    TransactionCounts counts;

  private:
    DropCounts drops_{};
    KeepingSink sink_;
    Transactions rules_;
};

// Settings from text, as the environment gives them.
inline Settings settings_of(std::initializer_list<std::pair<const char*, const char*>> given) {
    Settings settings;
    for (const auto& [name, text] : given) {
        const SettingRow* row = find_setting(name);
        if (row == nullptr) throw std::invalid_argument(name);
        const auto applied = row->apply(settings, name, text);
        if (!applied) throw std::invalid_argument(applied.error().text());
    }
    return settings;
}

}  // namespace sie::dnsqr
