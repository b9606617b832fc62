// Every record type of the IANA registry and the one that BIND keeps for itself, and of which parts its rdata
// consists as its RFC writes them.
//
// One row a type. Types without parts have no text of their own: RFC 3597 §5.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/text_buffer.h"

namespace sie::dns {

enum class Part : std::uint8_t {
    name,
    u8,
    u16,
    u32,
    u64,
    ipv4,
    ipv6,
    string,           // <character-string> in quotation marks
    optional_string,  // the same, or nothing at the end
    strings,          // any number of them
    word,             // length and octets, without quotation marks
    quoted,           // the rest, as one string
    hex,              // the rest
    hex_or_none,      // the rest, nothing if it is empty
    base64,           // the rest
    base64_or_none,
    base64_or_dash,         // the rest, - if it is empty
    scheme,                 // NOTIFY, or a number of 8 bits (RFC 9859 §2.1)
    type,                   // a type by its name
    types,                  // bitmap of types (RFC 4034 §4.1.2)
    old_types,              // bitmap of types 0 … 127 (RFC 2535 §5.2)
    time,                   // 32 bits as YYYYMMDDHHmmSS (RFC 4034 §3.2)
    salt,                   // length and octets in hex, - if empty
    hash,                   // length and octets in base32hex
    pairs,                  // the rest, pairs of hex digits joined by '-'
    nsap,                   // 0x and hex (RFC 1706 §5)
    atm,                    // format octet; E.164 digits behind +, or hex
    ports,                  // bitmap of ports (RFC 1035 §3.4.2)
    loc,                    // RFC 1876 §3
    a6,                     // RFC 2874 §3.1
    apl,                    // RFC 3123 §4
    ipsec_gateway,          // type, algorithm, gateway by the type (RFC 4025 §3)
    relay,                  // D bit and type, relay by the type (RFC 8777 §4)
    hip,                    // lengths, algorithm, HIT, key (RFC 8005 §6)
    names,                  // any number of names
    locator,                // 64 bits as four groups of hex (RFC 6742 §2)
    svc_params,             // RFC 9460 §2.1
    transaction_signature,  // RFC 8945 §4.2
    transaction_key,        // RFC 2930 §2
};

struct StandardType {
    std::uint16_t number = 0;
    std::string_view name;
    std::string_view source;  // the RFC, or who registered it
    bool internet_only = false;
    std::span<const Part> parts{};
};

// In ascending order of numbers.
[[nodiscard]] std::span<const StandardType> standard_types();
[[nodiscard]] const StandardType* standard_type(std::uint16_t number);  // null if it is not registered
// For those who have made room: writes at `out`, no more than `standard_name_room`, and gives the end.
constexpr std::size_t standard_name_room = 32;
[[nodiscard]] char* put_standard_type(char* out, std::uint16_t number);
void append_standard_type(TextBuffer& text, std::uint16_t number);  // "ZONEMD", "TYPE65280"

}  // namespace sie::dns
