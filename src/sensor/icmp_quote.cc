#include "sensor/icmp_quote.h"

#include <algorithm>

namespace sie::sensor {

std::optional<IcmpQuote> read_icmp_quote(Octets b) {
    if (b.empty()) return std::nullopt;
    IcmpQuote quote{};
    std::uint8_t protocol;
    std::size_t at;
    if (b[0] >> 4 == 4) {
        if (b.size() < 20 || (load_be16(&b[6]) & 0x1fff) != 0) return std::nullopt;
        quote = {net::Family::v4, &b[12], &b[16], 0, 0, false};
        protocol = b[9];
        at = std::max<std::size_t>(20, (b[0] & 15U) * 4U);
    } else if (b[0] >> 4 == 6) {
        if (b.size() < 40) return std::nullopt;
        quote = {net::Family::v6, &b[8], &b[24], 0, 0, false};
        protocol = b[6];
        at = 40;
        while (protocol == 0 || protocol == 43 || protocol == 51 || protocol == 60) {
            if (at + 2 > b.size()) return std::nullopt;
            const std::size_t size = protocol == 51 ? (b[at + 1] + 2U) * 4 : (b[at + 1] + 1U) * 8;
            protocol = b[at];
            at += size;
        }
    } else {
        return std::nullopt;
    }
    if ((protocol != net::protocol_tcp && protocol != net::protocol_udp) || at + 8 > b.size())
        return std::nullopt;
    quote.udp = protocol == net::protocol_udp;
    quote.source_port = load_be16(&b[at]);
    quote.destination_port = load_be16(&b[at + 2]);
    return quote;
}

}  // namespace sie::sensor
