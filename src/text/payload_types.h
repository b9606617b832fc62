// The message types of vendor base as tables (FACTS N28–N33, N39, N41, N47): what the text forms know of
// them.
//
// One row a field, in the order in which it is printed; number and storage say where it stands in the
// protobuf message, kind says what it means. The writers and the reader of JSON are made from these rows
// alone.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace sie::text {

enum class Storage : std::uint8_t { varint, fixed32, fixed64, bytes };

enum class Kind : std::uint8_t {
    enumeration,
    ip,
    u16,  // 16 bits of a varint
    i16,
    u32,
    u64,
    i32,
    i64,
    f64,
    boolean,
    bytes,
    string,     // up to the first NUL
    multiline,  // the same, with a line of its own
    name,
    rrtype,
    rrclass,
    rcode,
    proto,
    rdata,    // of the fields rrtype and rrclass
    message,  // a DNS message
    hex,      // 32 bits
    encoded,  // of base:encode: octets that may be text or JSON themselves
    // Derived: not stored, or stored only at times.
    dnsqr_delay,
    dnsqr_checksum,
    dnsqr_query,
    dnsqr_response,
    dnsqr_dns,
    dnstap_id,
    dnstap_qname,
    dnstap_qclass,
    dnstap_qtype,
    dnstap_rcode,
    ncap_source,
    ncap_destination,
    ncap_source_port,
    ncap_destination_port,
    ncap_proto,
    ncap_payload,
    ncap_dns,
};

enum class Label : std::uint8_t { required, optional, repeated, derived };
enum class Shown : std::uint8_t { in_both, in_json, in_presentation, in_neither };

struct Symbol {
    std::uint32_t value;
    std::string_view name;
};

struct FieldRow {
    std::string_view name;
    std::uint32_t number;  // 0: derived
    Storage storage;
    Kind kind;
    Label label;
    Shown shown = Shown::in_both;
    std::span<const Symbol> symbols{};  // of an enumeration
    std::string_view json_twin{};       // of a message: the name of its decoded form in JSON
    std::uint32_t inside = 0;           // the field that holds it, if it stands in an inner message
    bool with_default = false;          // an absent one is shown as the first symbol, if `inside` is there
};

struct PayloadType {
    std::uint32_t vendor, type;
    std::string_view name;
    std::span<const FieldRow> rows;
};

[[nodiscard]] const PayloadType* find_type(std::uint32_t vendor, std::uint32_t type);
// By names in any case ("ISC" is base).
[[nodiscard]] const PayloadType* find_type(std::string_view vendor, std::string_view type);
[[nodiscard]] std::span<const PayloadType> all_types();

[[nodiscard]] std::string_view vendor_name(std::uint32_t vendor);  // "" if unknown

}  // namespace sie::text
