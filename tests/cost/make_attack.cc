// make_attack KIND PACKETS [SEED]: what somebody sends who wants a sensor to be slow, as a pcap on standard
// output, 200,000 packets a second of packet time. make_attack --list: the kinds.
//
// PACKETS counts what a wire carries: a longer frame is one for each 1,500 octets. Among 100 packets one is
// honest: a resolver asks its servers, a response comes 10 to 20 ms behind its query, one of 25 in two
// fragments; names end in honest.example. Standard error says in one line of JSON what was made:
//   {"packets": frames, "wire": packets of the wire, "pairs": honest transactions whose response is in the
//   file}
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <map>
#include <random>

#include "support/packet_builder.h"

namespace {

using sie::Octets;
using sie::store_be16;
using sie::store_le32;
using namespace sie::test;

constexpr std::uint64_t packets_per_second = 200'000, between_honest = 100;
constexpr std::size_t mtu = 1500, largest_udp = 65'507;

const std::string resolver4 = "198.18.0.1", resolver6 = "2001:db8:1::1";

class Maker {
  public:
    Maker(std::uint64_t seed, std::uint64_t packets) : random_(seed), most_(packets) {
        std::uint8_t header[24] = {0x4d, 0x3c, 0xb2, 0xa1, 2, 0, 4};  // nanoseconds
        store_le32(header + 16, 262'144);
        store_le32(header + 20, 1);
        std::fwrite(header, 1, sizeof header, stdout);
    }
    [[nodiscard]] bool full() const { return wire_ >= most_; }
    std::uint64_t below(std::uint64_t n) { return random_() % n; }
    std::uint16_t port() { return static_cast<std::uint16_t>(1024 + below(64'000)); }
    std::uint16_t id() { return static_cast<std::uint16_t>(below(65'536)); }
    std::string server4() { return "203.0." + std::to_string(below(256)) + "." + std::to_string(below(256)); }

    void packet(Octets ip) {
        if (full()) return;
        if (wire_ >= honest_at_) {
            honest_at_ = wire_ + between_honest;
            honest();
        }
        write(ip);
    }
    void ends() const {
        std::fprintf(stderr, "{\"packets\": %llu, \"wire\": %llu, \"pairs\": %llu}\n", packets_, wire_,
                     pairs_);
    }

    // Header, one question, and what follows it.
    static Bytes message(std::uint16_t id, std::uint16_t flags, const Bytes& name, Octets rest = {},
                         std::uint16_t answers = 0, std::uint16_t additional = 0) {
        Bytes out(12);
        store_be16(out.data(), id);
        store_be16(out.data() + 2, flags);
        store_be16(out.data() + 4, 1);
        store_be16(out.data() + 6, answers);
        store_be16(out.data() + 10, additional);
        return joined({out, name, bytes("0001 0001"), rest});
    }
    static Bytes name(std::initializer_list<std::string> labels) {
        Bytes out;
        for (const std::string& label : labels) {
            out.push_back(static_cast<std::uint8_t>(label.size()));
            out.insert(out.end(), label.begin(), label.end());
        }
        out.push_back(0);
        return out;
    }
    static Bytes query4(const std::string& server, std::uint16_t port, Octets dns) {
        return ipv4({.source = resolver4, .destination = server}, udp(resolver4, server, port, 53, dns));
    }
    static Bytes response4(const std::string& server, std::uint16_t port, Octets dns) {
        return ipv4({.source = server, .destination = resolver4}, udp(server, resolver4, 53, port, dns));
    }
    static Bytes address_record() { return bytes("c00c 0001 0001 00000e10 0004 c0000201"); }

  private:
    struct Open {
        std::uint64_t due;
        std::string server;
        std::uint16_t port, id;
        Bytes asked;
        bool in_parts;
    };

    void write(Octets ip) {
        const Bytes frame = ethernet(ip[0] >> 4 == 4 ? 0x0800 : 0x86dd, ip);
        std::uint8_t record[16];
        store_le32(record, static_cast<std::uint32_t>(1'700'000'000 + packets_ / packets_per_second));
        store_le32(record + 4, static_cast<std::uint32_t>(packets_ % packets_per_second *
                                                          (1'000'000'000 / packets_per_second)));
        store_le32(record + 8, static_cast<std::uint32_t>(frame.size()));
        store_le32(record + 12, static_cast<std::uint32_t>(frame.size()));
        if (std::fwrite(record, 1, sizeof record, stdout) != sizeof record ||
            std::fwrite(frame.data(), 1, frame.size(), stdout) != frame.size()) {
            std::perror("make_attack");
            std::exit(1);
        }
        ++packets_;
        wire_ += (ip.size() + mtu - 1) / mtu;
    }

    void honest() {
        if (open_.empty() || open_.front().due > wire_) {
            const std::string server = server4(), number = "h" + std::to_string(++asked_);
            Open open{wire_ + 2000 + below(2000),          server,          port(), id(),
                      name({number, "honest", "example"}), asked_ % 25 == 0};
            write(query4(server, open.port, message(open.id, 0, open.asked)));
            open_.push_back(std::move(open));
            return;
        }
        const Open open = std::move(open_.front());
        open_.pop_front();
        Bytes answer = address_record();
        if (open.in_parts) answer = joined({answer, bytes("c00c 0010 0001 00000e10 0640"), counting(0x640)});
        const Bytes dns = message(open.id, 0x8400, open.asked, answer, open.in_parts ? 2 : 1);
        const Bytes data = udp(open.server, resolver4, 53, open.port, dns);
        const Ipv4 header{.source = open.server, .destination = resolver4, .id = id()};
        if (open.in_parts)
            for (const Bytes& part : fragments4(header, data, 1480)) write(part);
        else
            write(ipv4(header, data));
        ++pairs_;
    }

    std::mt19937_64 random_;
    unsigned long long most_, honest_at_ = between_honest, packets_ = 0, wire_ = 0, pairs_ = 0;
    std::uint64_t asked_ = 0;
    std::deque<Open> open_;
};

// A query and its response, some thousand packets apart.
void ordinary(Maker& m) {
    struct Asked {
        std::string server;
        std::uint16_t port, id;
        Bytes name;
    };
    std::deque<Asked> open;
    while (!m.full()) {
        Asked asked{m.server4(), m.port(), m.id(),
                    Maker::name({"www" + std::to_string(m.below(50'000)),
                                 "zone" + std::to_string(m.below(500)), "example"})};
        m.packet(Maker::query4(asked.server, asked.port, Maker::message(asked.id, 0x0010, asked.name)));
        open.push_back(std::move(asked));
        if (open.size() < 1000) continue;
        const Asked& first = open.front();
        Bytes rest;
        for (int i = 0; i < 6; ++i)
            rest =
                joined({rest, Maker::address_record(), bytes("c010 0002 0001 00015180 0006 036e7331 c010")});
        m.packet(Maker::response4(first.server, first.port,
                                  Maker::message(first.id, 0x8400, first.name, rest, 12)));
        open.pop_front();
    }
}

Bytes numbered(std::uint64_t i) { return Maker::name({"a" + std::to_string(i), "attack", "example"}); }

void same_ends(Maker& m) {
    for (std::uint64_t i = 0; !m.full(); ++i)
        m.packet(Maker::query4("203.0.113.1", 4000, Maker::message(7, 0, numbered(i))));
}

void same_query(Maker& m) {
    const Bytes one = Maker::query4("203.0.113.1", 4000, Maker::message(7, 0, numbered(0)));
    while (!m.full()) m.packet(one);
}

// Half of them are answered, the first stored first: lists of equals shrink from their head.
void same_query_answered(Maker& m) {
    const Bytes one = Maker::query4("203.0.113.1", 4000, Maker::message(7, 0, numbered(0)));
    const Bytes answer = Maker::response4("203.0.113.1", 4000,
                                          Maker::message(7, 0x8400, numbered(0), Maker::address_record(), 1));
    for (std::uint64_t i = 0; !m.full(); ++i) m.packet(i % 3 == 2 ? answer : one);
}

void same_pair(Maker& m) {
    for (std::uint64_t i = 0; !m.full(); ++i)
        m.packet(Maker::query4("203.0.113.1", m.port(), Maker::message(m.id(), 0, numbered(i))));
}

// FORMERR without a question may answer any open query of its ends (Q26).
void header_only(Maker& m) {
    Bytes dns(12);
    store_be16(dns.data(), 7);
    store_be16(dns.data() + 2, 0x8401);
    const Bytes refused = Maker::response4("203.0.113.1", 4000, dns);
    for (std::uint64_t i = 0; !m.full(); ++i)
        m.packet(i % 3 == 2 ? refused
                            : Maker::query4("203.0.113.1", 4000, Maker::message(7, 0, numbered(i))));
}

void unsolicited(Maker& m) {
    for (std::uint64_t i = 0; !m.full(); ++i)
        m.packet(Maker::response4(m.server4(), m.port(),
                                  Maker::message(m.id(), 0x8400, numbered(i), Maker::address_record(), 1)));
}

// First fragments of datagrams that never come.
void open_fragments4(Maker& m) {
    const Bytes data = udp("203.0.113.1", resolver4, 53, 4000, counting(1600));
    while (!m.full())
        m.packet(
            fragments4({.source = m.server4(), .destination = resolver4, .id = m.id()}, data, 1480).front());
}
void open_fragments6(Maker& m) {
    const Bytes data = udp("2001:db8:53::1", resolver6, 53, 4000, counting(1600));
    while (!m.full())
        m.packet(fragments6({.source = "2001:db8:53::" + std::to_string(m.below(9000) + 1),
                             .destination = resolver6},
                            static_cast<std::uint32_t>(m.below(UINT32_MAX)), data, 1232)
                     .front());
}

// A datagram in as many fragments as there can be, in no order; the last is kept back.
void tiny_fragments(Maker& m) {
    while (!m.full()) {
        const Bytes data = counting(m.below(2) == 0 ? 65'000 : 8'000);
        auto parts = fragments4({.source = m.server4(), .destination = resolver4, .id = m.id()}, data, 8);
        std::mt19937_64 order(m.below(1 << 30));
        std::shuffle(parts.begin(), parts.end(), order);
        parts.pop_back();
        for (const Bytes& part : parts) m.packet(part);
    }
}

// Every second fragment, then again and again: duplicates, and gaps that stay.
void repeated_fragments(Maker& m) {
    while (!m.full()) {
        const Bytes data = counting(24'000);
        auto parts = fragments4({.source = m.server4(), .destination = resolver4, .id = m.id()}, data, 64);
        for (int round = 0; round < 8; ++round)
            for (std::size_t i = 0; i < parts.size(); i += 2) m.packet(parts[i]);
    }
}

void overlapping_fragments(Maker& m) {
    while (!m.full()) {
        const Ipv4 header{.source = m.server4(), .destination = resolver4, .id = m.id()};
        for (std::uint16_t i = 0; i < 100; ++i) {
            Ipv4 part = header;
            part.flags_and_offset = static_cast<std::uint16_t>(0x2000 | (m.below(4000)));
            m.packet(ipv4(part, counting(1400)));
        }
    }
}

// The largest message, of records that look like client subnets to whoever does not read them.
Bytes largest_message(std::uint16_t id) {
    Bytes rest, record = bytes("00 0001 0001 0008000000");
    while (rest.size() + 22 < largest_udp - 40) rest.insert(rest.end(), {0, 0, 8, 0, 8, 0, 0, 0, 8, 0, 0});
    return Maker::message(id, 0x8400, numbered(0), rest, 0xffff, 0xffff);
}

void largest_in_fragments(Maker& m) {
    while (!m.full()) {
        const std::string server = m.server4();
        const Bytes data = udp(server, resolver4, 53, m.port(), largest_message(m.id()));
        for (const Bytes& part :
             fragments4({.source = server, .destination = resolver4, .id = m.id()}, data, 1480))
            m.packet(part);
    }
}
void largest_in_one_frame(Maker& m) {
    while (!m.full()) m.packet(Maker::response4(m.server4(), m.port(), largest_message(m.id())));
}

// 127 labels of one octet, 255 octets.
void longest_names(Maker& m) {
    for (std::uint64_t i = 0; !m.full(); ++i) {
        Bytes name;
        for (std::uint64_t n = i, k = 0; k < 127; ++k, n /= 26) {
            name.push_back(1);
            name.push_back(static_cast<std::uint8_t>('a' + n % 26));
        }
        name.push_back(0);
        const std::string server = m.server4();
        const std::uint16_t port = m.port(), id = m.id();
        m.packet(Maker::query4(server, port, Maker::message(id, 0, name)));
        m.packet(
            Maker::response4(server, port, Maker::message(id, 0x8400, name, Maker::address_record(), 1)));
    }
}

// Each name a pointer to the one before, and an option code of client subnets in all of them.
void compression_chains(Maker& m) {
    for (std::uint64_t i = 0; !m.full(); ++i) {
        const Bytes asked = numbered(i % 1000);
        Bytes rest;
        std::size_t target = 12;
        std::uint16_t records = 0;
        while (rest.size() < 1380) {
            const std::size_t at = 12 + asked.size() + 4 + rest.size();
            rest.push_back(static_cast<std::uint8_t>(0xc0 | target >> 8));
            rest.push_back(static_cast<std::uint8_t>(target));
            rest = joined({rest, bytes("0008 0001 00000008 0000")});
            target = at;
            ++records;
        }
        m.packet(
            Maker::response4(m.server4(), m.port(), Maker::message(m.id(), 0x8400, asked, rest, records)));
    }
}

// An OPT record full of client subnets, each to be blanked.
void client_subnets(Maker& m) {
    Bytes options;
    while (options.size() < 1380) options = joined({options, bytes("0008 0005 0001 08 00 c6")});
    Bytes rest = bytes("00 0029 1000 00000000 0000");
    store_be16(rest.data() + 9, static_cast<std::uint16_t>(options.size()));
    rest.insert(rest.end(), options.begin(), options.end());
    for (std::uint64_t i = 0; !m.full(); ++i)
        m.packet(Maker::query4(m.server4(), m.port(), Maker::message(m.id(), 0, numbered(i), rest, 0, 1)));
}

// As many headers before the message as a packet has room for.
void many_extensions(Maker& m) {
    while (!m.full()) {
        Ipv6 header{.source = "2001:db8:53::1", .destination = resolver6};
        for (int i = 0; i < 170; ++i) header.extensions.push_back(extension(60, 0));
        m.packet(ipv6(header, udp(header.source, resolver6, 53, m.port(),
                                  Maker::message(m.id(), 0x8400, numbered(1)))));
    }
}

const std::map<std::string, std::function<void(Maker&)>> kinds{
    {"ordinary", ordinary},
    {"same-ends", same_ends},
    {"same-query", same_query},
    {"same-query-answered", same_query_answered},
    {"same-pair", same_pair},
    {"header-only", header_only},
    {"unsolicited", unsolicited},
    {"open-fragments4", open_fragments4},
    {"open-fragments6", open_fragments6},
    {"tiny-fragments", tiny_fragments},
    {"repeated-fragments", repeated_fragments},
    {"overlapping-fragments", overlapping_fragments},
    {"largest-in-fragments", largest_in_fragments},
    {"largest-in-one-frame", largest_in_one_frame},
    {"longest-names", longest_names},
    {"compression-chains", compression_chains},
    {"client-subnets", client_subnets},
    {"many-extensions", many_extensions},
};

}  // namespace

int main(int argc, char** argv) {
    if (argc == 2 && std::string(argv[1]) == "--list") {
        for (const auto& [kind, make] : kinds) std::puts(kind.c_str());
        return 0;
    }
    const auto kind = argc > 2 ? kinds.find(argv[1]) : kinds.end();
    if (kind == kinds.end()) {
        std::fputs("usage: make_attack KIND PACKETS [SEED]; make_attack --list names the kinds\n", stderr);
        return 2;
    }
    Maker maker(argc > 3 ? std::strtoull(argv[3], nullptr, 0) : 1, std::strtoull(argv[2], nullptr, 0));
    kind->second(maker);
    if (std::fflush(stdout) != 0) {
        std::perror("make_attack");
        return 1;
    }
    maker.ends();
    return 0;
}
