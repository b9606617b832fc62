#include "capture/kernel_filter.h"

#include <algorithm>

#include "capture/filter_program.h"

namespace sie::capture {
namespace {

using Label = FilterProgram::Label;
using Ranges = std::vector<FilterRange>;

constexpr std::uint32_t ethertype_ipv4 = 0x0800, ethertype_ipv6 = 0x86dd;
constexpr std::uint32_t tag_types[] = {0x8100, 0x88a8, 0x9100};
constexpr std::uint32_t tag_octets = 4, most_tags = 2, ipv6_octets = 40;
constexpr std::uint32_t extensions[] = {0, 43, 44, 51, 60};  // those that net/packet.cc walks
constexpr std::uint16_t multicast_dns_port = 5353;
constexpr std::uint32_t highest = 0xffffffff;
// Cells of the program's scratch memory.
constexpr std::uint32_t tags_cell = 0, both_ways_cell = 1;

[[nodiscard]] FilterNumber number_of(const net::Address& address) {
    FilterNumber n{};
    for (std::size_t i = 0; i < net::address_octets(address.family) / 4; ++i)
        n[i] = load_be32(address.octets.data() + 4 * i);
    return n;
}

[[nodiscard]] FilterRange range_of(const net::Prefix& prefix) {
    FilterRange range;
    range.first = range.last = number_of(prefix.address);
    const std::size_t words = net::address_octets(prefix.address.family) / 4;
    for (std::size_t i = 0; i < words; ++i) {
        const std::size_t fixed =
            std::min<std::size_t>(32, prefix.length - std::min<std::size_t>(prefix.length, 32 * i));
        const std::uint32_t host = fixed == 32 ? 0 : highest >> fixed;
        range.first[i] &= ~host;
        range.last[i] |= host;
    }
    return range;
}

[[nodiscard]] Ranges ranges_of(const std::vector<net::Prefix>& prefixes, net::Family family) {
    Ranges ranges;
    for (const net::Prefix& prefix : prefixes)
        if (prefix.address.family == family) ranges.push_back(range_of(prefix));
    return merged(std::move(ranges), net::address_octets(family) / 4);
}

[[nodiscard]] Ranges ranges_of(const std::vector<std::uint16_t>& ports) {
    Ranges ranges;
    for (const std::uint16_t port : ports) ranges.push_back({{port}, {port}});
    return merged(std::move(ranges), 1);
}

struct FamilyLists {
    net::Family family;
    Ranges resolvers, servers;
};

struct Lists {
    bool any_address;
    FamilyLists v4, v6;
    Ranges ports;
};

[[nodiscard]] Lists lists_of(const FilterRules& rules) {
    std::vector<std::uint16_t> ports = rules.ports;
    if (rules.multicast_port_too) ports.push_back(multicast_dns_port);
    return {rules.resolvers.empty() && rules.servers.empty(),
            {net::Family::v4, ranges_of(rules.resolvers, net::Family::v4),
             ranges_of(rules.servers, net::Family::v4)},
            {net::Family::v6, ranges_of(rules.resolvers, net::Family::v6),
             ranges_of(rules.servers, net::Family::v6)},
            ranges_of(ports)};
}

[[nodiscard]] std::size_t longest_of(const Lists& lists) {
    return std::max({lists.v4.resolvers.size(), lists.v4.servers.size(), lists.v6.resolvers.size(),
                     lists.v6.servers.size(), lists.ports.size()});
}

void widen(Lists& lists, std::size_t most) {
    for (FamilyLists* of : {&lists.v4, &lists.v6}) {
        const std::size_t words = of->family == net::Family::v4 ? 1 : 4;
        of->resolvers = widened(std::move(of->resolvers), most, words);
        of->servers = widened(std::move(of->servers), most, words);
    }
    lists.ports = widened(std::move(lists.ports), most, 1);
}

// One program. Written from its end; read the functions from the bottom up. X holds the octets of tags in
// front of the IP header all the way, except while an IPv4 transport header is looked at.
class Writer {
  public:
    Writer(const Lists& lists, net::Transports wanted, FilterStart start, std::uint32_t snap_length)
        : lists_(lists), wanted_(wanted), start_(start) {
        reject_ = program_.instruction(bpf::give_constant, 0);
        accept_ = program_.instruction(bpf::give_constant, snap_length);
        link_octets_ = start == FilterStart::ethernet       ? 14
                       : start == FilterStart::linux_sll    ? 16
                       : start == FilterStart::linux_sll2   ? 20
                       : start == FilterStart::bsd_loopback ? 4
                                                            : 0;
    }

    [[nodiscard]] std::vector<FilterInstruction> write() {
        const Label v6 = ipv6(), v4 = ipv4();
        link(v4, v6);
        return program_.finished();
    }

  private:
    [[nodiscard]] std::uint32_t at(std::uint32_t octet_of_ip) const { return link_octets_ + octet_of_ip; }

    // Where both ends matter, and where a DNS port at one end leaves one end of each list.
    struct Ways {
        Label any_end, query, response;
    };

    // The four looks at the lists, each going on to the next: is the query's source a resolver, or its
    // destination a server; is the response's destination a resolver, or its source a server.
    [[nodiscard]] Ways ends(const FamilyLists& of) {
        const bool v4 = of.family == net::Family::v4;
        const std::uint32_t source = at(v4 ? 12 : 8), destination = at(v4 ? 16 : 24);
        const std::size_t words = v4 ? 1 : 4;
        const Label served = program_.find_words(of.servers, source, words, accept_, reject_);
        const Label response = program_.find_words(of.resolvers, destination, words, accept_, served);
        program_.branch(bpf::if_equal, 0, reject_, response);
        const Label more = program_.instruction(bpf::load_cell, both_ways_cell);
        const Label asked = program_.find_words(of.servers, destination, words, accept_, more);
        const Label query = program_.find_words(of.resolvers, source, words, accept_, asked);
        return {enter(true, query), enter(false, query), response};
    }
    [[nodiscard]] Label enter(bool both_ways, Label query) {
        program_.go_on_at(query);
        program_.instruction(bpf::store, both_ways_cell);
        return program_.instruction(bpf::load_constant, both_ways ? 1 : 0);
    }

    // Ports at [X + source_at], [X + source_at + 2]. `restore`: X is not yet the octets of tags again.
    Label ports(const Ways& ways, std::uint32_t source_at, bool restore) {
        const auto then = [&](Label target) {
            if (!restore || target == accept_ || target == reject_) return target;
            program_.go_on_at(target);
            return program_.instruction(bpf::load_x_cell, tags_cell);
        };
        const Label any_end = then(ways.any_end), query = then(ways.query), response = then(ways.response);
        const auto look = [&](std::uint32_t where, Label yes, Label no) {
            program_.find_accumulator(lists_.ports, yes, no);
            return program_.instruction(bpf::load_half_at_x, where);
        };
        const Label from_too = look(source_at, any_end, query);
        const Label from = look(source_at, response, reject_);
        return look(source_at + 2, from_too, from);
    }

    [[nodiscard]] Ways ways_of(const FamilyLists& of) {
        return lists_.any_address ? Ways{accept_, accept_, accept_} : ends(of);
    }
    [[nodiscard]] bool nothing_listed(const FamilyLists& of) const {
        return !lists_.any_address && of.resolvers.empty() && of.servers.empty();
    }

    // The address that an ICMP message is about stands in the packet that it quotes, so no ICMP is refused.
    Label protocol(Label with_ports, Label otherwise) {
        Label next = otherwise;
        if (wanted_.icmp) next = program_.branch(bpf::if_equal, net::protocol_icmp, accept_, next);
        if (wanted_.tcp) next = program_.branch(bpf::if_equal, net::protocol_tcp, with_ports, next);
        return program_.branch(bpf::if_equal, net::protocol_udp, with_ports, next);
    }

    [[nodiscard]] Label ipv6() {
        if (nothing_listed(lists_.v6) && !wanted_.icmp) return reject_;
        const Ways ways = nothing_listed(lists_.v6) ? Ways{reject_, reject_, reject_} : ways_of(lists_.v6);
        const Label by_port = ports(ways, at(ipv6_octets), false);
        Label next = reject_;
        for (const std::uint32_t extension : extensions)
            next = program_.branch(bpf::if_equal, extension, ways.any_end, next);
        protocol(by_port, next);
        return program_.instruction(bpf::load_octet_at_x, at(6));
    }

    [[nodiscard]] Label ipv4() {
        if (nothing_listed(lists_.v4) && !wanted_.icmp) return reject_;
        const Ways ways = nothing_listed(lists_.v4) ? Ways{reject_, reject_, reject_} : ways_of(lists_.v4);
        // The transport header: X += 4 · header length.
        ports(ways, at(0), true);
        program_.instruction(bpf::a_to_x);
        program_.instruction(bpf::add_x);
        program_.instruction(bpf::shift_left, 2);
        program_.instruction(bpf::bit_and, 15);
        program_.instruction(bpf::load_octet_at_x, at(0));
        const Label by_port = program_.instruction(bpf::store_x, tags_cell);
        protocol(by_port, reject_);
        const Label whole = program_.instruction(bpf::load_octet_at_x, at(9));
        // Of a fragment the protocol must be a wanted one as well.
        Label next = program_.branch(bpf::if_equal, net::protocol_udp, ways.any_end, reject_);
        if (wanted_.tcp) next = program_.branch(bpf::if_equal, net::protocol_tcp, ways.any_end, next);
        if (wanted_.icmp) program_.branch(bpf::if_equal, net::protocol_icmp, ways.any_end, next);
        const Label fragment = program_.instruction(bpf::load_octet_at_x, at(9));
        program_.branch(bpf::if_any_bit, 0x3fff, fragment, whole);
        return program_.instruction(bpf::load_half_at_x, at(6));
    }

    // From the type at `where`, with X octets of tags before it.
    Label by_type(Label v4, Label v6, Label tagged) {
        Label next = reject_;
        if (tagged != reject_)
            for (const std::uint32_t type : tag_types)
                next = program_.branch(bpf::if_equal, type, tagged, next);
        next = program_.branch(bpf::if_equal, ethertype_ipv6, v6, next);
        return program_.branch(bpf::if_equal, ethertype_ipv4, v4, next);
    }

    void link(Label v4, Label v6) {
        if (start_ == FilterStart::raw || start_ == FilterStart::bsd_loopback) {
            program_.branch(bpf::if_equal, 0x40, v4, program_.branch(bpf::if_equal, 0x60, v6, reject_));
            program_.instruction(bpf::bit_and, 0xf0);
            program_.instruction(bpf::load_octet, at(0));
        } else {
            Label tagged = reject_;
            for (std::uint32_t tags = most_tags; tags > 0; --tags) {
                by_type(v4, v6, tagged);
                program_.instruction(bpf::load_half, at((tags - 1) * tag_octets + 2));
                tagged = program_.instruction(bpf::load_x_constant, tags * tag_octets);
            }
            by_type(v4, v6, tagged);
            switch (start_) {
                case FilterStart::linux_sll2: program_.instruction(bpf::load_half, 0); break;
                case FilterStart::linux_cooked_socket:
                    program_.instruction(bpf::load_word, linux_protocol);
                    break;
                default: program_.instruction(bpf::load_half, link_octets_ - 2);
            }
        }
        program_.instruction(bpf::load_x_constant, 0);
    }

    const Lists& lists_;
    const net::Transports wanted_;
    const FilterStart start_;
    std::uint32_t link_octets_;
    FilterProgram program_;
    Label reject_, accept_;
};

}  // namespace

std::vector<FilterInstruction> make_kernel_filter(const FilterRules& rules, FilterStart start,
                                                  std::uint32_t snap_length, std::size_t most_instructions) {
    Lists lists = lists_of(rules);
    for (;;) {
        auto program = Writer(lists, rules.wanted, start, snap_length).write();
        const std::size_t longest = longest_of(lists);
        if (program.size() <= most_instructions || longest <= 1) return program;
        // As many as would fit if all lists were that long, and a tenth less.
        widen(lists, std::max<std::size_t>(
                         1, std::min(longest - 1, longest * most_instructions / program.size() * 9 / 10)));
    }
}

std::vector<FilterInstruction> accept_everything(std::uint32_t snap_length) {
    return {{bpf::give_constant, 0, 0, snap_length}};
}

}  // namespace sie::capture
