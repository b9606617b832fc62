#include "text/value_text.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include "base/address_text.h"
#include "base/number.h"
#include "base/text_append.h"
#include "dns/name.h"
#include "dns/rdata_parse.h"
#include "dns/rdata_text.h"
#include "dns/type_name.h"

namespace sie::text {

namespace {

template <class T>
std::optional<StoredValue> number(std::optional<T> value) {
    return value ? std::optional(StoredValue{static_cast<std::uint64_t>(*value)}) : std::nullopt;
}

std::optional<StoredValue> symbol(const FieldRow& row, std::string_view text) {
    for (const Symbol& each : row.symbols)
        if (dns::lowered(text) == dns::lowered(each.name)) return StoredValue{each.value};
    return std::nullopt;
}

std::optional<StoredValue> address(std::string_view text) {
    std::array<char, 16> octets;
    const std::string name(text);
    if (::inet_pton(AF_INET, name.c_str(), octets.data()) == 1)
        return StoredValue{0, std::string(octets.data(), 4)};
    if (::inet_pton(AF_INET6, name.c_str(), octets.data()) == 1)
        return StoredValue{0, std::string(octets.data(), 16)};
    return std::nullopt;
}

std::optional<StoredValue> protocol(std::string_view text) {
    const std::string name = dns::lowered(text);
    if (name == "udp") return StoredValue{17};
    if (name == "tcp") return StoredValue{6};
    if (name == "icmp") return StoredValue{1};
    return number(whole_number<std::uint16_t>(text));
}

std::optional<StoredValue> real(std::string_view text) {
    double value{};
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
    return StoredValue{std::bit_cast<std::uint64_t>(value)};
}

std::optional<StoredValue> owned(Result<std::string> octets) {
    return octets ? std::optional(StoredValue{0, std::move(*octets)}) : std::nullopt;
}

Octets up_to_nul(Octets octets) {
    return octets.first(
        static_cast<std::size_t>(std::find(octets.begin(), octets.end(), std::uint8_t{0}) - octets.begin()));
}

}  // namespace

std::optional<StoredValue> value_from_text(const FieldRow& row, std::string_view text, RdataType rdata) {
    switch (row.kind) {
        case Kind::enumeration:
        case Kind::dnsqr_checksum: return symbol(row, text);
        case Kind::ip:
        case Kind::ncap_source:
        case Kind::ncap_destination: return address(text);
        case Kind::u16: return number(whole_number<std::uint16_t>(text));
        case Kind::u32: return number(whole_number<std::uint32_t>(text));
        case Kind::u64: return number(whole_number<std::uint64_t>(text));
        case Kind::i16: return number(whole_number<std::int16_t>(text));
        case Kind::i32: return number(whole_number<std::int32_t>(text));
        case Kind::i64: return number(whole_number<std::int64_t>(text));
        case Kind::f64: return real(text);
        case Kind::boolean:
            if (text != "true" && text != "false") return std::nullopt;
            return StoredValue{text == "true" ? 1U : 0U};
        case Kind::string:
        case Kind::multiline: return StoredValue{0, std::string(text) + '\0'};
        case Kind::name: return owned(dns::name_from_text(text));
        case Kind::rrtype: return number(dns::type_from_text(text));
        case Kind::rrclass: return number(dns::class_from_text(text));
        case Kind::rcode: return number(dns::rcode_from_text(text));
        case Kind::proto: return protocol(text);
        case Kind::rdata: return owned(dns::rdata_from_text(text, rdata.type, rdata.rrclass));
        case Kind::hex: return number(whole_number<std::uint32_t>(text, 16));
        default: return std::nullopt;
    }
}

bool append_value_text(TextBuffer& text, const FieldRow& row, const FieldValue& value, RdataType rdata) {
    const auto number16 = static_cast<std::uint16_t>(value.number);
    switch (row.kind) {
        case Kind::enumeration:
        case Kind::dnsqr_checksum:
            for (const Symbol& each : row.symbols) {
                if (each.value != static_cast<std::uint32_t>(value.number)) continue;
                text += each.name;
                return true;
            }
            append_decimal(text, static_cast<std::uint32_t>(value.number));
            return true;
        case Kind::ip:
        case Kind::ncap_source:
        case Kind::ncap_destination:
            if (value.octets.size() != 4 && value.octets.size() != 16) return false;
            value.octets.size() == 4 ? append_ipv4(text, value.octets.data())
                                     : append_ipv6(text, value.octets.data());
            return true;
        case Kind::u16:
        case Kind::dnstap_id:
        case Kind::ncap_source_port:
        case Kind::ncap_destination_port:
        case Kind::ncap_proto: append_decimal(text, number16); return true;
        case Kind::i16: append_signed(text, static_cast<std::int16_t>(number16)); return true;
        case Kind::u32: append_decimal(text, static_cast<std::uint32_t>(value.number)); return true;
        case Kind::u64: append_decimal(text, value.number); return true;
        case Kind::i32: append_signed(text, static_cast<std::int32_t>(value.number)); return true;
        case Kind::i64: append_signed(text, static_cast<std::int64_t>(value.number)); return true;
        case Kind::f64:
        case Kind::dnsqr_delay: text += fmt::format("{}", std::bit_cast<double>(value.number)); return true;
        case Kind::boolean: text += value.number != 0 ? "true" : "false"; return true;
        case Kind::string:
        case Kind::multiline: text += as_text(up_to_nul(value.octets)); return true;
        case Kind::hex: text += fmt::format("{:x}", static_cast<std::uint32_t>(value.number)); return true;
        case Kind::name:
        case Kind::dnstap_qname: dns::append_name(value.octets, text); return true;
        case Kind::rrtype:
        case Kind::dnstap_qtype: dns::append_type(text, number16, rdata.form); return true;
        case Kind::rrclass:
        case Kind::dnstap_qclass: dns::append_class(text, number16); return true;
        case Kind::rcode:
        case Kind::dnstap_rcode: dns::append_rcode(text, number16); return true;
        case Kind::proto:
            switch (number16) {
                case 1: text += "ICMP"; return true;
                case 6: text += "TCP"; return true;
                case 17: text += "UDP"; return true;
                default: append_decimal(text, number16); return true;
            }
        case Kind::rdata:
            dns::append_rdata(text, dns::Rdata::alone(value.octets, rdata.type, rdata.rrclass), rdata.form);
            return true;
        default: return false;
    }
}

}  // namespace sie::text
