#include "text/filter_value.h"

#include <algorithm>
#include <bit>

#include "base/encoded_octets.h"
#include "base/number.h"
#include "dns/name.h"
#include "dns/type_name.h"

namespace sie::text {

namespace {

bool is_order(Compare compare) { return compare >= Compare::less; }

std::optional<WholeNumber> whole(std::string_view text) {
    if (const auto value = whole_number<std::int64_t>(text)) return WholeNumber::of(*value);
    if (const auto value = whole_number<std::uint64_t>(text)) return WholeNumber::of_unsigned(*value);
    if (text.starts_with("0x"))
        if (const auto value = whole_number<std::uint64_t>(text.substr(2), 16))
            return WholeNumber::of_unsigned(*value);
    return std::nullopt;
}

template <class T>
std::optional<FilterValue> numbered(const std::optional<T>& named, std::string_view text) {
    if (named) return WholeNumber::of_unsigned(*named);
    return whole(text);
}

std::optional<FilterValue> symbol(const FieldRow& row, std::string_view text) {
    for (const Symbol& each : row.symbols)
        if (dns::lowered(each.name) == dns::lowered(text)) return WholeNumber::of_unsigned(each.value);
    return whole(text);
}

std::optional<FilterValue> protocol(std::string_view text) {
    const std::string word = dns::lowered(text);
    if (word == "icmp") return WholeNumber::of_unsigned(1);
    if (word == "tcp") return WholeNumber::of_unsigned(6);
    if (word == "udp") return WholeNumber::of_unsigned(17);
    return whole(text);
}

// 15 names at most: as the fields of 16 bits hold them.
std::optional<FilterValue> rcode(std::string_view text) {
    if (const auto low = dns::rcode_from_text(text)) return WholeNumber::of_unsigned(*low);
    return whole(text);
}

std::optional<FilterValue> prefix(std::string_view text) {
    auto parsed = net::parse_prefix(text);
    return parsed ? std::optional<FilterValue>(*parsed) : std::nullopt;
}

// A name ends in a dot, whether it was written or not.
FilterValue name_pattern(std::string_view text) {
    std::string pattern = dns::lowered(text);
    if (!pattern.ends_with('.') && !pattern.ends_with('*')) pattern += '.';
    return Pattern{std::move(pattern), true};
}

std::optional<FilterValue> boolean(std::string_view text) {
    const auto value = parse_switch(text);
    return value ? std::optional<FilterValue>(WholeNumber::of_unsigned(*value ? 1 : 0)) : std::nullopt;
}

std::optional<FilterValue> real(std::string_view text) {
    double value{};
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
    return value;
}

bool in_prefix(Octets address, const net::Prefix& prefix) {
    const Octets wanted = prefix.address.view();
    if (address.size() != wanted.size()) return false;
    const std::size_t whole_octets = prefix.length / 8U;
    if (!std::equal(wanted.begin(), wanted.begin() + static_cast<std::ptrdiff_t>(whole_octets),
                    address.begin()))
        return false;
    const unsigned rest = prefix.length % 8U;
    return rest == 0 || ((address[whole_octets] ^ wanted[whole_octets]) >> (8 - rest)) == 0;
}

Octets up_to_nul(Octets octets) {
    return octets.first(
        static_cast<std::size_t>(std::find(octets.begin(), octets.end(), std::uint8_t{0}) - octets.begin()));
}

WholeNumber number_of(const FieldRow& row, const FieldValue& has) {
    switch (row.kind) {
        case Kind::i16: return WholeNumber::of(static_cast<std::int16_t>(has.number));
        case Kind::i32: return WholeNumber::of(static_cast<std::int32_t>(has.number));
        case Kind::i64: return WholeNumber::of(static_cast<std::int64_t>(has.number));
        case Kind::u64: return WholeNumber::of_unsigned(has.number);
        case Kind::boolean: return WholeNumber::of_unsigned(has.number != 0 ? 1 : 0);
        case Kind::enumeration:
        case Kind::dnsqr_checksum:
        case Kind::hex:
        case Kind::u32: return WholeNumber::of_unsigned(static_cast<std::uint32_t>(has.number));
        default: return WholeNumber::of_unsigned(static_cast<std::uint16_t>(has.number));
    }
}

}  // namespace

// The last * that was met takes up what does not fit: no recursion, and no more than |pattern| × |text|
// steps.
bool fits(const Pattern& pattern, std::string_view text) {
    const auto same = [&](char p, char t) {
        return p == t ||
               (pattern.any_case && p == static_cast<char>(dns::lower(static_cast<std::uint8_t>(t))));
    };
    const std::string_view wanted = pattern.text;
    std::size_t p = 0, t = 0, star = std::string_view::npos, from = 0;
    while (t < text.size()) {
        if (p < wanted.size() && wanted[p] == '*') {
            star = p++;
            from = t;
        } else if (p < wanted.size() && same(wanted[p], text[t])) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++from;
        } else {
            return false;
        }
    }
    while (p < wanted.size() && wanted[p] == '*') ++p;
    return p == wanted.size();
}

std::optional<FilterValue> filter_value(const FieldRow& row, Compare compare, std::string_view text) {
    const auto unordered = [&](std::optional<FilterValue> value) {
        return is_order(compare) ? std::nullopt : std::move(value);
    };
    switch (row.kind) {
        case Kind::enumeration:
        case Kind::dnsqr_checksum: return unordered(symbol(row, text));
        case Kind::ip:
        case Kind::ncap_source:
        case Kind::ncap_destination: return unordered(prefix(text));
        case Kind::f64:
        case Kind::dnsqr_delay: return real(text);
        case Kind::boolean: return unordered(boolean(text));
        case Kind::name:
        case Kind::dnstap_qname: return unordered(name_pattern(text));
        case Kind::rrtype:
        case Kind::dnstap_qtype: return numbered(dns::type_from_text(text), text);
        case Kind::rrclass:
        case Kind::dnstap_qclass: return numbered(dns::class_from_text(text), text);
        case Kind::rcode:
        case Kind::dnstap_rcode: return rcode(text);
        case Kind::proto:
        case Kind::ncap_proto: return protocol(text);
        case Kind::string:
        case Kind::multiline: return unordered(Pattern{std::string(text), false});
        case Kind::rdata: return unordered(Pattern{dns::lowered(text), true});
        case Kind::hex: {
            const auto value = whole_number<std::uint32_t>(text, 16);
            return value ? unordered(WholeNumber::of_unsigned(*value)) : std::nullopt;
        }
        case Kind::u16:
        case Kind::i16:
        case Kind::u32:
        case Kind::i32:
        case Kind::u64:
        case Kind::i64:
        case Kind::dnstap_id:
        case Kind::ncap_source_port:
        case Kind::ncap_destination_port: {
            const auto value = whole(text);
            return value ? std::optional<FilterValue>(*value) : std::nullopt;
        }
        default: {
            std::string octets;
            if (row.number == 0 || !append_decoded_hex(octets, text)) return std::nullopt;
            return unordered(std::move(octets));
        }
    }
}

bool holds(WholeNumber has, Compare compare, WholeNumber wanted) { return ordered(has, compare, wanted); }
bool holds(double has, Compare compare, double wanted) { return ordered(has, compare, wanted); }

bool holds(const FieldRow& row, const FieldValue& has, Compare compare, const FilterValue& wanted,
           TextBuffer& scratch, RdataType rdata) {
    if (const auto* number = std::get_if<WholeNumber>(&wanted))
        return holds(number_of(row, has), compare, *number);
    if (const auto* value = std::get_if<double>(&wanted))
        return holds(std::bit_cast<double>(has.number), compare, *value);
    bool equal = false;
    if (const auto* network = std::get_if<net::Prefix>(&wanted)) {
        equal = in_prefix(has.octets, *network);
    } else if (const auto* octets = std::get_if<std::string>(&wanted)) {
        equal = as_text(has.octets) == *octets;
    } else if (const Pattern& pattern = std::get<Pattern>(wanted); row.kind == Kind::rdata) {
        scratch.clear();
        static_cast<void>(append_value_text(scratch, row, has, rdata));
        std::string_view shown = scratch.view();
        equal = fits(pattern, shown);
        // A name at the end may be written without its last dot, and generic rdata ends in a blank (N64).
        if (shown.ends_with('.') || shown.ends_with(' '))
            equal = equal || fits(pattern, shown.substr(0, shown.size() - 1));
    } else if (pattern.any_case) {
        scratch.clear();
        dns::append_name(has.octets, scratch);
        equal = fits(pattern, scratch.view());
    } else {
        equal = fits(pattern, as_text(up_to_nul(has.octets)));
    }
    return equal == (compare == Compare::equal);
}

}  // namespace sie::text
