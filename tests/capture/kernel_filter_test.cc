// The program against a plain predicate, both run on the same frames; libpcap's interpreter runs the program.
#include "capture/kernel_filter.h"

#include <gtest/gtest.h>
#include <pcap/pcap.h>

#include <algorithm>
#include <random>
#include <string>

#include "capture/filter_program.h"
#include "net/packet.h"
#include "support/packet_builder.h"

namespace sie::capture {
namespace {

using net::Family;
using test::Bytes;

constexpr std::uint32_t snap = 262'144;

class Program {
  public:
    explicit Program(const std::vector<FilterInstruction>& instructions) {
        for (const FilterInstruction& i : instructions)
            code_.push_back({i.code, i.jump_true, i.jump_false, i.k});
    }
    // As the kernel checks it, too: a cell is loaded only where all ways to it have stored it. It takes what
    // stands behind a return for what follows it.
    [[nodiscard]] bool valid() const {
        if (code_.size() > longest_filter || bpf_validate(code_.data(), static_cast<int>(code_.size())) == 0)
            return false;
        std::vector<unsigned> stored(code_.size() + 1, ~0U);
        unsigned now = 0;
        for (std::size_t i = 0; i < code_.size(); ++i) {
            const bpf_insn& c = code_[i];
            now &= stored[i];
            if (c.code == bpf::store || c.code == bpf::store_x) now |= 1U << c.k;
            if ((c.code == bpf::load_cell || c.code == bpf::load_x_cell) && (now & 1U << c.k) == 0)
                return false;
            if ((c.code & 7) != 5) continue;
            if (c.code == bpf::jump) {
                stored[i + 1 + c.k] &= now;
            } else {
                stored[i + 1 + c.jt] &= now;
                stored[i + 1 + c.jf] &= now;
            }
            now = ~0U;
        }
        return true;
    }
    [[nodiscard]] std::uint32_t operator()(Octets frame) const {
        return bpf_filter(code_.data(), frame.data(), static_cast<u_int>(frame.size()),
                          static_cast<u_int>(frame.size()));
    }
    [[nodiscard]] std::size_t size() const { return code_.size(); }

  private:
    std::vector<bpf_insn> code_;
};

struct Start {
    FilterStart start;
    std::string name;
    std::size_t octets;
    std::size_t type_at;
    [[nodiscard]] bool by_version() const {
        return start == FilterStart::raw || start == FilterStart::bsd_loopback;
    }
};
const Start starts[] = {{FilterStart::ethernet, "ethernet", 14, 12},
                        {FilterStart::raw, "raw", 0, 0},
                        {FilterStart::linux_sll, "linux_sll", 16, 14},
                        {FilterStart::linux_sll2, "linux_sll2", 20, 0},
                        {FilterStart::bsd_loopback, "bsd_loopback", 4, 0}};

// What shall pass, in plain words.
class Predicate {
  public:
    explicit Predicate(const FilterRules& rules)
        : rules_(rules), resolvers_(rules.resolvers), servers_(rules.servers) {}

    [[nodiscard]] bool operator()(const Start& start, const Bytes& frame) const {
        std::size_t at = start.octets;
        unsigned type = 0;
        if (start.by_version()) {
            if (frame.size() <= at) return false;
            type = frame[at] >> 4 == 4 ? 0x0800 : frame[at] >> 4 == 6 ? 0x86dd : 0;
        } else {
            if (frame.size() < start.type_at + 2) return false;
            type = load_be16(&frame[start.type_at]);
            for (int i = 0; i < 2 && (type == 0x8100 || type == 0x88a8 || type == 0x9100); ++i) {
                if (frame.size() < at + 4) return false;
                type = load_be16(&frame[at + 2]);
                at += 4;
            }
        }
        if (type == 0x0800) return v4(Octets(frame).subspan(std::min(at, frame.size())));
        if (type == 0x86dd) return v6(Octets(frame).subspan(std::min(at, frame.size())));
        return false;
    }

  private:
    [[nodiscard]] bool any() const { return rules_.resolvers.empty() && rules_.servers.empty(); }
    [[nodiscard]] bool wants(std::uint8_t p) const {
        return p == 17 || (p == 6 && rules_.wanted.tcp) || (p == 1 && rules_.wanted.icmp);
    }
    [[nodiscard]] bool dns(unsigned port) const {
        return std::count(rules_.ports.begin(), rules_.ports.end(), port) > 0 ||
               (rules_.multicast_port_too && port == 5353);
    }
    [[nodiscard]] bool either(Family f, const std::uint8_t* s, const std::uint8_t* d) const {
        return any() || resolvers_.contains(f, s) || resolvers_.contains(f, d) || servers_.contains(f, s) ||
               servers_.contains(f, d);
    }
    [[nodiscard]] bool by_port(Family f, const std::uint8_t* s, const std::uint8_t* d,
                               Octets transport) const {
        if (transport.size() < 4) return false;
        const bool from = dns(load_be16(&transport[0])), to = dns(load_be16(&transport[2]));
        if (any()) return from || to;
        return (to && (resolvers_.contains(f, s) || servers_.contains(f, d))) ||
               (from && (resolvers_.contains(f, d) || servers_.contains(f, s)));
    }
    [[nodiscard]] bool v4(Octets ip) const {
        if (ip.size() < 20 || !wants(ip[9])) return false;
        if ((load_be16(&ip[6]) & 0x3fff) != 0) return either(Family::v4, &ip[12], &ip[16]);
        if (ip[9] == 1) return true;
        const std::size_t header = (ip[0] & 15U) * 4;
        return ip.size() >= header && by_port(Family::v4, &ip[12], &ip[16], ip.subspan(header));
    }
    [[nodiscard]] bool v6(Octets ip) const {
        if (ip.size() < 40) return false;
        const std::uint8_t next = ip[6];
        if (next == 0 || next == 43 || next == 44 || next == 51 || next == 60)
            return either(Family::v6, &ip[8], &ip[24]);
        if (next == 1) return rules_.wanted.icmp;
        return wants(next) && by_port(Family::v6, &ip[8], &ip[24], ip.subspan(40));
    }

    const FilterRules rules_;
    const net::PrefixSet resolvers_, servers_;
};

class Frames {
  public:
    Frames(std::uint32_t seed, const FilterRules& rules) : random_(seed), rules_(rules) {}

    [[nodiscard]] std::uint32_t below(std::uint32_t n) { return std::uint32_t(random_()) % n; }
    template <class T>
    [[nodiscard]] T one_of(std::initializer_list<T> of) {
        return of.begin()[below(static_cast<std::uint32_t>(of.size()))];
    }

    // The frame made last may end within its IP header. The program may pass it for what it looked at.
    [[nodiscard]] bool ends_early() const { return ends_early_; }

    // In or beside a listed prefix, or anywhere.
    void address(Family family, std::uint8_t* out) {
        const std::size_t n = net::address_octets(family);
        for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<std::uint8_t>(random_());
        const auto& list = below(2) != 0 ? rules_.resolvers : rules_.servers;
        if (below(4) == 0 || list.empty()) return;
        const net::Prefix& prefix = list[below(static_cast<std::uint32_t>(list.size()))];
        if (prefix.address.family != family) return;
        const std::uint8_t fill = one_of<std::uint8_t>({0x00, 0xff, 0x55});
        for (std::size_t bit = 0; bit < n * 8; ++bit) {
            const std::uint8_t mask = static_cast<std::uint8_t>(0x80 >> bit % 8);
            const std::uint8_t from = bit < prefix.length ? prefix.address.octets[bit / 8]
                                      : fill == 0x55      ? out[bit / 8]
                                                          : fill;
            out[bit / 8] = static_cast<std::uint8_t>((out[bit / 8] & ~mask) | (from & mask));
        }
        if (below(4) == 0) {  // the neighbours of its first and last address
            const bool up = fill == 0xff;
            for (std::size_t i = n; i-- > 0;) {
                out[i] = static_cast<std::uint8_t>(up ? out[i] + 1 : out[i] - 1);
                if (out[i] != (up ? 0x00 : 0xff)) break;
            }
        } else if (below(8) == 0) {
            out[below(static_cast<std::uint32_t>(n))] ^= static_cast<std::uint8_t>(1U << below(8));
        }
    }
    [[nodiscard]] unsigned port() {
        if (below(2) != 0 && !rules_.ports.empty())
            return rules_.ports[below(static_cast<std::uint32_t>(rules_.ports.size()))];
        return one_of<unsigned>({53, 52, 54, 5353, 1024 + below(64'000), 0, 65'535});
    }

    [[nodiscard]] Bytes frame(const Start& start) {
        Bytes ip;
        unsigned type;
        const bool odd_version = below(32) == 0;
        ends_early_ = odd_version;
        if (below(2) != 0) {
            type = 0x0800;
            const std::size_t words = below(4) != 0 ? 5 : below(16);
            ip.assign(20, 0);
            ip[0] = static_cast<std::uint8_t>((odd_version ? below(256) : 0x40) | words);
            ip[9] = one_of<std::uint8_t>({17, 17, 17, 6, 1, static_cast<std::uint8_t>(random_())});
            const unsigned fragment =
                one_of<unsigned>({0, 0, 0, 0x4000, 0x8000, 0x2000, 0x1fff, 1, below(65'536)});
            ip[6] = static_cast<std::uint8_t>(fragment >> 8);
            ip[7] = static_cast<std::uint8_t>(fragment);
            address(Family::v4, &ip[12]);
            address(Family::v4, &ip[16]);
            if (words > 5) ip.resize(words * 4, static_cast<std::uint8_t>(random_()));
        } else {
            type = 0x86dd;
            ip.assign(40, 0);
            ip[0] = static_cast<std::uint8_t>(odd_version ? below(256) : 0x60);
            ip[6] = one_of<std::uint8_t>(
                {17, 17, 17, 6, 1, 58, 0, 43, 44, 51, 60, 50, static_cast<std::uint8_t>(random_())});
            address(Family::v6, &ip[8]);
            address(Family::v6, &ip[24]);
        }
        for (const unsigned p : {port(), port()}) {
            ip.push_back(static_cast<std::uint8_t>(p >> 8));
            ip.push_back(static_cast<std::uint8_t>(p));
        }
        ip.resize(ip.size() + below(20));
        if (start.by_version()) {
            ip.insert(ip.begin(), start.octets, 2);
            return cut(ip);
        }
        std::vector<std::uint16_t> types;
        for (std::uint32_t tags = below(2) != 0 ? 0 : below(4); tags > 0; --tags)
            types.push_back(one_of<std::uint16_t>({0x8100, 0x88a8, 0x9100}));
        types.push_back(static_cast<std::uint16_t>(below(32) != 0 ? type : below(65'536)));
        Bytes out(start.octets);
        out[start.type_at] = static_cast<std::uint8_t>(types[0] >> 8);
        out[start.type_at + 1] = static_cast<std::uint8_t>(types[0]);
        for (std::size_t i = 1; i < types.size(); ++i)
            out.insert(out.end(),
                       {static_cast<std::uint8_t>(random_()), static_cast<std::uint8_t>(random_()),
                        static_cast<std::uint8_t>(types[i] >> 8), static_cast<std::uint8_t>(types[i])});
        out.insert(out.end(), ip.begin(), ip.end());
        return cut(out);
    }

  private:
    [[nodiscard]] Bytes cut(Bytes octets) {
        if (below(16) != 0) return octets;
        ends_early_ = true;
        octets.resize(below(static_cast<std::uint32_t>(octets.size() + 1)));
        return octets;
    }

    std::mt19937_64 random_;
    const FilterRules& rules_;
    bool ends_early_ = false;
};

[[nodiscard]] net::Prefix prefix(const std::string& text) { return net::parse_prefix(text).value(); }

[[nodiscard]] std::vector<net::Prefix> prefixes(std::mt19937_64& random, std::size_t n, bool hosts) {
    std::vector<net::Prefix> out;
    for (std::size_t i = 0; i < n; ++i) {
        net::Prefix p;
        p.address.family = random() % 2 != 0 ? Family::v4 : Family::v6;
        const std::size_t octets = net::address_octets(p.address.family), bits = octets * 8;
        // Few different beginnings, so that prefixes share words, cover and neighbour each other.
        for (std::size_t k = 0; k < octets; ++k)
            p.address.octets[k] =
                static_cast<std::uint8_t>(random() % 3 == 0 || k % 4 == 3 ? random() : 0x20 + k);
        p.length = static_cast<std::uint8_t>(hosts ? bits : 8 + random() % (bits - 7));
        for (std::size_t bit = p.length; bit < bits; ++bit)
            p.address.octets[bit / 8] &= static_cast<std::uint8_t>(~(0x80 >> bit % 8));
        out.push_back(p);
    }
    return out;
}

struct Counts {
    int passed = 0, rejected = 0, too_many = 0, too_few = 0;
};

[[nodiscard]] Counts compare(const FilterRules& rules, const Start& start, const Program& program, int frames,
                             std::uint32_t seed, bool show = true) {
    const Predicate shall_pass(rules);
    Frames made(seed, rules);
    Counts counts;
    for (int i = 0; i < frames; ++i) {
        const Bytes frame = made.frame(start);
        const std::uint32_t answer = program(frame);
        EXPECT_TRUE(answer == 0 || answer == snap);
        const bool passed = answer != 0, should = shall_pass(start, frame) || (passed && made.ends_early());
        ++(passed ? counts.passed : counts.rejected);
        if (passed && !should) ++counts.too_many;
        if (!passed && should) ++counts.too_few;
        if (passed != should && show && counts.too_many + counts.too_few < 4)
            ADD_FAILURE() << start.name << (passed ? " passes " : " rejects ") << test::to_hex(frame);
    }
    return counts;
}

std::vector<FilterRules> rules_of_many_kinds() {
    std::vector<FilterRules> all;
    std::mt19937_64 random(7);
    for (int kind = 0; kind < 40; ++kind) {
        FilterRules r;
        r.wanted.tcp = (kind & 1) != 0;
        r.wanted.icmp = (kind & 2) != 0;
        if (kind % 5 == 1) r.ports = {53, 5300, 5301, 5302, 10'053, 65'535, 1};
        if (kind % 10 == 2) r.ports = {};
        if (kind < 4) r.multicast_port_too = true;
        if (kind >= 4) {
            if (kind % 3 != 0) r.resolvers = prefixes(random, 1 + random() % 30, random() % 2 != 0);
            if (kind % 3 != 1) r.servers = prefixes(random, 1 + random() % 30, random() % 2 != 0);
        }
        all.push_back(r);
    }
    FilterRules edges;
    edges.resolvers = {prefix("0.0.0.0/8"),
                       prefix("255.255.255.255"),
                       prefix("::/1"),
                       prefix("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
                       prefix("128.0.0.0/1"),
                       prefix("2001:db8::/32"),
                       prefix("2001:db8:0:1::/64")};
    all.push_back(edges);
    FilterRules everything;
    everything.servers = {prefix("0.0.0.0/0"), prefix("::/0")};
    all.push_back(everything);
    FilterRules one_family;
    one_family.resolvers = {prefix("192.0.2.0/24")};
    all.push_back(one_family);
    one_family.resolvers = {prefix("2001:db8::1"), prefix("2001:db8::2"), prefix("2001:db8::4/127")};
    one_family.wanted.icmp = true;
    all.push_back(one_family);
    return all;
}

TEST(KernelFilter, agrees_with_the_plain_predicate) {
    const std::uint32_t seed = 20'240'617;
    RecordProperty("seed", static_cast<int>(seed));
    std::printf("seed %u\n", seed);
    int kind = 0;
    for (const FilterRules& rules : rules_of_many_kinds()) {
        SCOPED_TRACE("rules " + std::to_string(kind++));
        for (const Start& start : starts) {
            const Program program(make_kernel_filter(rules, start.start, snap));
            ASSERT_TRUE(program.valid());
            const Counts counts =
                compare(rules, start, program, 1500, seed + static_cast<std::uint32_t>(kind));
            if (!rules.ports.empty() || rules.wanted.icmp) { EXPECT_GT(counts.passed, 20); }
            EXPECT_GT(counts.rejected, 100);
        }
    }
}

// Of a program with one instruction changed, the comparison tells.
TEST(KernelFilter, planted_faults_are_caught) {
    FilterRules rules;
    rules.resolvers = {prefix("192.0.2.0/24"), prefix("198.51.100.7"), prefix("2001:db8::/48"),
                       prefix("2001:db8:1::9")};
    rules.servers = {prefix("203.0.113.0/25")};
    rules.wanted.tcp = true;
    const auto good = make_kernel_filter(rules, FilterStart::ethernet, snap);
    int planted = 0, caught = 0;
    for (std::size_t i = 0; i < good.size(); ++i) {
        auto bad = good;
        // Those without a constant, and stores: the interpreter's cells have no value at the start.
        const std::uint16_t code = bad[i].code;
        if (code == bpf::jump || code == bpf::give_constant || code == bpf::a_to_x || code == bpf::add_x ||
            code == bpf::store || code == bpf::store_x)
            continue;
        if ((code & 7) == 5)
            std::swap(bad[i].jump_true, bad[i].jump_false);
        else
            bad[i].k ^= 1;
        const Program program(bad);
        if (!program.valid()) continue;
        ++planted;
        const Counts counts = compare(rules, starts[0], program, 4000, 5, false);
        const bool told = counts.too_few + counts.too_many > 0;
        caught += told;
        if (!told) std::printf("not told: instruction %zu, code %#x, k %#x\n", i, good[i].code, good[i].k);
    }
    EXPECT_GT(planted, 70);
    EXPECT_EQ(caught, planted);
}

TEST(KernelFilter, long_lists_pass_a_superset) {
    for (const bool hosts : {false, true}) {
        for (const std::size_t n : {10U, 1000U, 20'000U}) {
            std::mt19937_64 random(n);
            FilterRules rules;
            rules.resolvers = prefixes(random, n, hosts);
            rules.servers = prefixes(random, n / 10, hosts);
            for (const Start& start : starts) {
                const Program program(make_kernel_filter(rules, start.start, snap));
                ASSERT_TRUE(program.valid()) << program.size();
                const Counts counts = compare(rules, start, program, 4000, 11, n < 100);
                EXPECT_EQ(counts.too_few, 0) << n << " prefixes, " << start.name;
                if (n < 100) { EXPECT_EQ(counts.too_many, 0); }
                std::printf("%zu prefixes, hosts %d, %s: %zu instructions; passed %d, too many %d\n", n,
                            hosts, start.name.c_str(), program.size(), counts.passed, counts.too_many);
            }
            const Program small(make_kernel_filter(rules, FilterStart::ethernet, snap, 256));
            EXPECT_LE(small.size(), 256U);
            EXPECT_EQ(compare(rules, starts[0], small, 4000, 12, false).too_few, 0);
        }
    }
}

TEST(KernelFilter, a_thousand_listed_hosts_need_no_widening) {
    std::mt19937_64 random(3);
    FilterRules rules;
    for (int i = 0; i < 1000; ++i) {
        net::Prefix p;
        p.length = 32;
        for (int k = 0; k < 4; ++k)
            p.address.octets[static_cast<std::size_t>(k)] = static_cast<std::uint8_t>(random());
        rules.resolvers.push_back(p);
    }
    const Program program(make_kernel_filter(rules, FilterStart::ethernet, snap));
    EXPECT_TRUE(program.valid());
    const Counts counts = compare(rules, starts[0], program, 20'000, 13);
    EXPECT_EQ(counts.too_many + counts.too_few, 0) << program.size();
}

TEST(KernelFilter, clients_of_a_listed_resolver_do_not_pass) {
    FilterRules rules;
    rules.resolvers = {prefix("192.0.2.1"), prefix("2001:db8::1")};
    const Program program(make_kernel_filter(rules, FilterStart::ethernet, snap));
    const auto v4 = [&](const char* from, const char* to, std::uint16_t sport, std::uint16_t dport) {
        return program(test::ethernet(0x0800, test::ipv4({.source = from, .destination = to},
                                                         test::udp(from, to, sport, dport, Bytes(12)))));
    };
    const auto v6 = [&](const char* from, const char* to, std::uint16_t sport, std::uint16_t dport) {
        return program(test::ethernet(0x86dd, test::ipv6({.source = from, .destination = to},
                                                         test::udp(from, to, sport, dport, Bytes(12)))));
    };
    EXPECT_EQ(v4("10.0.0.9", "192.0.2.1", 4000, 53), 0U);  // a client's query
    EXPECT_EQ(v4("192.0.2.1", "10.0.0.9", 53, 4000), 0U);  // and its answer
    EXPECT_EQ(v4("192.0.2.1", "198.51.100.2", 4000, 53), snap);
    EXPECT_EQ(v4("198.51.100.2", "192.0.2.1", 53, 4000), snap);
    EXPECT_EQ(v6("2001:db8:2::9", "2001:db8::1", 4000, 53), 0U);
    EXPECT_EQ(v6("2001:db8::1", "2001:db8:2::9", 53, 4000), 0U);
    EXPECT_EQ(v6("2001:db8::1", "2001:db8:3::9", 4000, 53), snap);
    EXPECT_EQ(v6("2001:db8:3::9", "2001:db8::1", 53, 4000), snap);
}

TEST(KernelFilter, the_socket_s_type_stands_in_for_a_link_header) {
    // The interpreter knows no ancillary loads: the one there is asks for the type, the rest is as behind
    // Ethernet.
    FilterRules rules;
    rules.resolvers = {prefix("192.0.2.1")};
    const auto cooked = make_kernel_filter(rules, FilterStart::linux_cooked_socket, snap);
    const auto ethernet = make_kernel_filter(rules, FilterStart::ethernet, snap);
    ASSERT_EQ(cooked.size(), ethernet.size());
    EXPECT_EQ(cooked[1], (FilterInstruction{bpf::load_word, 0, 0, linux_protocol}));
    for (std::size_t i = 2; i < cooked.size(); ++i) {
        FilterInstruction moved = cooked[i];
        const std::uint16_t mode = moved.code & 0xe7;
        if (mode == 0x20 || mode == 0x40) moved.k += 14;  // absolute or indexed loads
        EXPECT_EQ(moved, ethernet[i]) << i;
    }
}

TEST(FilterProgram, ranges_are_merged_and_widened_at_the_smallest_gaps) {
    const auto r = [](std::uint32_t a, std::uint32_t b) { return FilterRange{{a}, {b}}; };
    const std::vector<FilterRange> four{r(1, 5), r(8, 9), r(100, 100), r(0xffffffff, 0xffffffff)};
    EXPECT_EQ(merged({r(8, 9), r(1, 3), r(4, 5), r(2, 2), r(100, 100), r(0xffffffff, 0xffffffff)}, 1), four);
    EXPECT_EQ(widened(four, 3, 1),
              (std::vector<FilterRange>{r(1, 9), r(100, 100), r(0xffffffff, 0xffffffff)}));
    EXPECT_EQ(widened(four, 1, 1), (std::vector<FilterRange>{r(1, 0xffffffff)}));
    const FilterRange low{{1, 2, 3, 0xffffffff}, {1, 2, 3, 0xffffffff}}, high{{1, 2, 4, 0}, {1, 2, 4, 7}};
    EXPECT_EQ(merged({low, high}, 4), (std::vector<FilterRange>{{low.first, high.last}}));
}

}  // namespace
}  // namespace sie::capture
