#include "text/transaction_line.h"

#include <fmt/format.h>

#include "dns/name.h"
#include "dns/type_name.h"
#include "net/address.h"

namespace sie::text {

namespace {

std::string end_of(Octets address, std::uint32_t port) {
    if (address.size() == 4)
        return fmt::format("{}:{}", net::to_text(net::Address::of(net::Family::v4, address.data())), port);
    if (address.size() == 16)
        return fmt::format("[{}]:{}", net::to_text(net::Address::of(net::Family::v6, address.data())), port);
    return "-";
}

std::size_t octets_of(std::span<const nmsg::DnsqrPacket> packets) {
    std::size_t sum = 0;
    for (const nmsg::DnsqrPacket& packet : packets) sum += packet.octets.size();
    return sum;
}

}  // namespace

std::string transaction_line(const nmsg::DnsqrPayload& p, std::int64_t seconds, std::uint32_t nanoseconds) {
    std::string line = fmt::format("{}.{:09} {:<24} {} > {}", seconds, nanoseconds, nmsg::name_of(p.type),
                                   end_of(p.query_ip, p.query_port), end_of(p.response_ip, p.response_port));
    if (p.qname && p.qtype && p.qclass)
        line += fmt::format(" {} {} {}", dns::name_to_text(*p.qname),
                            dns::class_text(static_cast<std::uint16_t>(*p.qclass)),
                            dns::type_text(static_cast<std::uint16_t>(*p.qtype)));
    if (p.rcode) line += fmt::format(" {}", dns::rcode_text(static_cast<std::uint16_t>(*p.rcode & 15)));
    if (!p.query_packets.empty()) line += fmt::format(" query {} octets", octets_of(p.query_packets));
    if (!p.response_packets.empty())
        line += fmt::format(" response {} octets", octets_of(p.response_packets));
    return line;
}

}  // namespace sie::text
