#include "dns/rdata_layout.h"

#include <array>

namespace sie::dns {

namespace {

using enum Item;

template <Item... items>
constexpr std::array<Item, sizeof...(items)> row{items...};

constexpr bool in_only = true, any_class = false;

constexpr std::uint8_t octets_of(Item item) {
    switch (item) {
        case u8: return 1;
        case u16:
        case Item::type: return 2;
        case u32:
        case ipv4: return 4;
        case ipv6: return 16;
        default: return 0;
    }
}

template <std::size_t size>
constexpr std::array<RdataLayout, size> with_fixed_items(std::array<RdataLayout, size> layouts) {
    for (RdataLayout& layout : layouts)
        for (const Item item : layout.items) {
            if (octets_of(item) == 0) break;
            ++layout.fixed_items;
            layout.fixed_octets = static_cast<std::uint8_t>(layout.fixed_octets + octets_of(item));
        }
    return layouts;
}

// In the order of the numbers.
constexpr auto layouts = with_fixed_items(std::to_array<RdataLayout>({
    {1, in_only, row<ipv4>},                                               // A
    {2, any_class, row<name>},                                             // NS
    {3, any_class, row<name>},                                             // MD
    {4, any_class, row<name>},                                             // MF
    {5, any_class, row<name>},                                             // CNAME
    {6, any_class, row<name, name, u32, u32, u32, u32, u32>},              // SOA
    {7, any_class, row<name>},                                             // MB
    {8, any_class, row<name>},                                             // MG
    {9, any_class, row<name>},                                             // MR
    {10, any_class, row<hex>},                                             // NULL
    {11, in_only, row<u32, u8, hex>},                                      // WKS
    {12, any_class, row<name>},                                            // PTR
    {13, any_class, row<string, string>},                                  // HINFO
    {14, any_class, row<name, name>},                                      // MINFO
    {15, any_class, row<u16, name>},                                       // MX
    {16, any_class, row<strings>},                                         // TXT
    {17, any_class, row<name, name>},                                      // RP
    {18, any_class, row<u16, name>},                                       // AFSDB
    {19, any_class, row<string>},                                          // X25
    {20, any_class, row<string, string>},                                  // ISDN
    {21, any_class, row<u16, name>},                                       // RT
    {24, any_class, row<u16, u8, u8, u32, u32, u32, u16, name, hex>},      // SIG
    {26, in_only, row<u16, name, name>},                                   // PX
    {28, in_only, row<ipv6>},                                              // AAAA
    {30, any_class, row<name, hex>},                                       // NXT
    {33, in_only, row<u16, u16, u16, name>},                               // SRV
    {35, any_class, row<u16, u16, string, string, string, name>},          // NAPTR
    {36, in_only, row<u16, name>},                                         // KX
    {38, in_only, row<a6, name>},                                          // A6
    {39, any_class, row<name>},                                            // DNAME
    {41, any_class, row<edns_options>},                                    // OPT
    {43, any_class, row<u16, u8, u8, hex>},                                // DS
    {46, any_class, row<type, u8, u8, u32, u32, u32, u16, name, base64>},  // RRSIG
    {47, any_class, row<name, bitmap>},                                    // NSEC
    {48, any_class, row<u16, u8, u8, base64>},                             // DNSKEY
    {50, any_class, row<u8, u8, u16, salt, hash, bitmap>},                 // NSEC3
    {51, any_class, row<u8, u8, u16, salt>},                               // NSEC3PARAM
    {52, any_class, row<u8, u8, u8, hex>},                                 // TLSA
    {59, any_class, row<u16, u8, u8, hex>},                                // CDS
    {60, any_class, row<u16, u8, u8, base64>},                             // CDNSKEY
    {61, any_class, row<base64>},                                          // OPENPGPKEY
    {62, any_class, row<u32, u16, bitmap>},                                // CSYNC
    {64, in_only, row<u16, name, svc_params>},                             // SVCB
    {65, in_only, row<u16, name, svc_params>},                             // HTTPS
    {99, any_class, row<strings>},                                         // SPF
    {108, any_class, row<octet_pairs>},                                    // EUI48
    {109, any_class, row<octet_pairs>},                                    // EUI64
    {256, any_class, row<u16, u16, quoted>},                               // URI
    {257, in_only, row<u8, string, quoted>},                               // CAA
}));

constexpr std::size_t types_with_layout = 258;
constexpr auto by_type = [] {
    std::array<std::uint8_t, types_with_layout> index{};
    for (std::size_t i = 0; i < std::size(layouts); ++i)
        index[layouts[i].type] = static_cast<std::uint8_t>(i + 1);
    return index;
}();

}  // namespace

const RdataLayout* layout_of(std::uint16_t type) {
    if (type >= types_with_layout || by_type[type] == 0) return nullptr;
    return &layouts[by_type[type] - 1];
}

}  // namespace sie::dns
