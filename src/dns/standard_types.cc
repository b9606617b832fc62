#include "dns/standard_types.h"

#include <algorithm>
#include <array>

#include "base/text_append.h"

namespace sie::dns {

namespace {

using enum Part;

template <Part... parts>
constexpr std::array<Part, sizeof...(parts)> row{parts...};
constexpr std::span<const Part> opaque{};
constexpr bool in_only = true, any = false;

constexpr auto signature = row<type, u8, u8, u32, time, time, u16, name, base64>;
constexpr auto key = row<u16, u8, u8, base64_or_none>;
constexpr auto digest = row<u16, u8, u8, hex_or_none>;

constexpr StandardType types_in_order[] = {
    {1, "A", "RFC 1035", in_only, row<ipv4>},
    {2, "NS", "RFC 1035", any, row<name>},
    {3, "MD", "RFC 1035", any, row<name>},
    {4, "MF", "RFC 1035", any, row<name>},
    {5, "CNAME", "RFC 1035", any, row<name>},
    {6, "SOA", "RFC 1035", any, row<name, name, u32, u32, u32, u32, u32>},
    {7, "MB", "RFC 1035", any, row<name>},
    {8, "MG", "RFC 1035", any, row<name>},
    {9, "MR", "RFC 1035", any, row<name>},
    {10, "NULL", "RFC 1035", any, opaque},
    {11, "WKS", "RFC 1035", in_only, row<ipv4, u8, ports>},
    {12, "PTR", "RFC 1035", any, row<name>},
    {13, "HINFO", "RFC 1035", any, row<string, string>},
    {14, "MINFO", "RFC 1035", any, row<name, name>},
    {15, "MX", "RFC 1035", any, row<u16, name>},
    {16, "TXT", "RFC 1035", any, row<strings>},
    {17, "RP", "RFC 1183", any, row<name, name>},
    {18, "AFSDB", "RFC 1183", any, row<u16, name>},
    {19, "X25", "RFC 1183", any, row<string>},
    {20, "ISDN", "RFC 1183", any, row<string, optional_string>},
    {21, "RT", "RFC 1183", any, row<u16, name>},
    {22, "NSAP", "RFC 1706", in_only, row<nsap>},
    {23, "NSAP-PTR", "RFC 1706", in_only, row<name>},
    {24, "SIG", "RFC 2535", any, signature},
    {25, "KEY", "RFC 2535", any, key},
    {26, "PX", "RFC 2163", in_only, row<u16, name, name>},
    {27, "GPOS", "RFC 1712", any, row<string, string, string>},
    {28, "AAAA", "RFC 3596", in_only, row<ipv6>},
    {29, "LOC", "RFC 1876", any, row<loc>},
    {30, "NXT", "RFC 2535", any, row<name, old_types>},
    {31, "EID", "Nimrod", in_only, row<hex>},
    {32, "NIMLOC", "Nimrod", in_only, row<hex>},
    {33, "SRV", "RFC 2782", in_only, row<u16, u16, u16, name>},
    {34, "ATMA", "ATM Forum af-dans-0152", in_only, row<atm>},
    {35, "NAPTR", "RFC 3403", any, row<u16, u16, string, string, string, name>},
    {36, "KX", "RFC 2230", in_only, row<u16, name>},
    {37, "CERT", "RFC 4398", any, row<u16, u16, u8, base64>},
    {38, "A6", "RFC 2874", in_only, row<a6>},
    {39, "DNAME", "RFC 6672", any, row<name>},
    {40, "SINK", "draft-eastlake-kitchen-sink", any, row<u8, u8, u8, base64_or_none>},
    {41, "OPT", "RFC 6891", any, opaque},
    {42, "APL", "RFC 3123", in_only, row<apl>},
    {43, "DS", "RFC 4034", any, digest},
    {44, "SSHFP", "RFC 4255", any, row<u8, u8, hex>},
    {45, "IPSECKEY", "RFC 4025", any, row<u8, ipsec_gateway, base64_or_none>},
    {46, "RRSIG", "RFC 4034", any, signature},
    {47, "NSEC", "RFC 4034", any, row<name, types>},
    {48, "DNSKEY", "RFC 4034", any, key},
    {49, "DHCID", "RFC 4701", in_only, row<base64>},
    {50, "NSEC3", "RFC 5155", any, row<u8, u8, u16, salt, hash, types>},
    {51, "NSEC3PARAM", "RFC 5155", any, row<u8, u8, u16, salt>},
    {52, "TLSA", "RFC 6698", any, row<u8, u8, u8, hex>},
    {53, "SMIMEA", "RFC 8162", any, row<u8, u8, u8, hex>},
    {55, "HIP", "RFC 8005", any, row<hip, names>},
    {56, "NINFO", "Jim Reid", any, row<strings>},
    {57, "RKEY", "Jim Reid", any, key},
    {58, "TALINK", "Wouter Wijngaards", any, row<name, name>},
    {59, "CDS", "RFC 7344", any, digest},
    {60, "CDNSKEY", "RFC 7344", any, key},
    {61, "OPENPGPKEY", "RFC 7929", any, row<base64>},
    {62, "CSYNC", "RFC 7477", any, row<u32, u16, types>},
    {63, "ZONEMD", "RFC 8976", any, row<u32, u8, u8, hex>},
    {64, "SVCB", "RFC 9460", in_only, row<u16, name, svc_params>},
    {65, "HTTPS", "RFC 9460", in_only, row<u16, name, svc_params>},
    {66, "DSYNC", "RFC 9859", any, row<type, scheme, u16, name>},
    {67, "HHIT", "RFC 9886", any, row<base64>},
    {68, "BRID", "RFC 9886", any, row<base64>},
    {99, "SPF", "RFC 7208", any, row<strings>},
    {100, "UINFO", "IANA-Reserved", any, opaque},
    {101, "UID", "IANA-Reserved", any, opaque},
    {102, "GID", "IANA-Reserved", any, opaque},
    {103, "UNSPEC", "IANA-Reserved", any, opaque},
    {104, "NID", "RFC 6742", any, row<u16, locator>},
    {105, "L32", "RFC 6742", any, row<u16, ipv4>},
    {106, "L64", "RFC 6742", any, row<u16, locator>},
    {107, "LP", "RFC 6742", any, row<u16, name>},
    {108, "EUI48", "RFC 7043", any, row<pairs>},
    {109, "EUI64", "RFC 7043", any, row<pairs>},
    {128, "NXNAME", "RFC 9824", any, opaque},
    {249, "TKEY", "RFC 2930", any, row<transaction_key>},
    {250, "TSIG", "RFC 8945", any, row<transaction_signature>},
    {251, "IXFR", "RFC 1995", any, opaque},
    {252, "AXFR", "RFC 5936", any, opaque},
    {253, "MAILB", "RFC 1035", any, opaque},
    {254, "MAILA", "RFC 1035", any, opaque},
    {255, "ANY", "RFC 8482", any, opaque},
    {256, "URI", "RFC 7553", any, row<u16, u16, quoted>},
    {257, "CAA", "RFC 8659", any, row<u8, word, quoted>},
    {258, "AVC", "Wolfgang Riedel", any, row<strings>},
    {259, "DOA", "draft-durand-doa-over-dns", any, row<u32, u32, u8, string, base64_or_dash>},
    {260, "AMTRELAY", "RFC 8777", any, row<u8, relay>},
    {261, "RESINFO", "RFC 9606", any, row<strings>},
    {262, "WALLET", "Paul Hoffman", any, row<strings>},
    {263, "CLA", "Felipe Gasper Santillan", any, row<strings>},
    {264, "IPN", "Scott Johnson", any, row<u64>},
    {32768, "TA", "Sam Weiler", any, digest},
    {32769, "DLV", "RFC 8749", any, digest},
    {65533, "KEYDATA", "BIND 9", any, row<time, time, time, u16, u8, u8, base64_or_none>},
};

}  // namespace

std::span<const StandardType> standard_types() { return types_in_order; }

const StandardType* standard_type(std::uint16_t number) {
    const auto found =
        std::lower_bound(std::begin(types_in_order), std::end(types_in_order), number,
                         [](const StandardType& row, std::uint16_t n) { return row.number < n; });
    return found != std::end(types_in_order) && found->number == number ? found : nullptr;
}

char* put_standard_type(char* out, std::uint16_t number) {
    const StandardType* const known = standard_type(number);
    if (known != nullptr) return std::copy(known->name.begin(), known->name.end(), out);
    return put_decimal(put(out, "TYPE"), number);
}

void append_standard_type(TextBuffer& text, std::uint16_t number) {
    text.grow_to(put_standard_type(text.room(standard_name_room), number));
}

}  // namespace sie::dns
