// PayloadText's presentation form (FACTS N35–N42).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/address_text.h"
#include "base/text_append.h"
#include "dns/name.h"
#include "dns/type_name.h"
#include "text/fraction_digits.h"
#include "text/payload_text.h"

namespace sie::text {

namespace {

constexpr std::size_t most_name = 255;

std::string_view symbol_of(const FieldRow& row, std::uint64_t number) {
    for (const Symbol& symbol : row.symbols)
        if (symbol.value == static_cast<std::uint32_t>(number)) return symbol.name;
    return {};
}

Octets up_to_nul(Octets octets) {
    return octets.first(
        static_cast<std::size_t>(std::find(octets.begin(), octets.end(), std::uint8_t{0}) - octets.begin()));
}

void append_numbered(TextBuffer& text, std::string_view name, std::string_view unnamed,
                     std::uint16_t number) {
    text += name.empty() ? unnamed : name;
    text += " (";
    append_decimal(text, number);
    text += ')';
}

// %.6f
void append_seconds(TextBuffer& text, double value) {
    constexpr double exact_below = 1e15;  // the whole part fits
    if (value >= 0 && value < exact_below && !std::signbit(value)) {
        const auto whole = static_cast<std::int64_t>(value);
        if (const auto fraction = fraction_digits<6>(value - static_cast<double>(whole))) {
            append_signed(text, whole);
            text += '.';
            return append_padded(text, *fraction, 6);
        }
    }
    text += fmt::format("{:.6f}", value);
}

// Kinds whose lines put_line() writes.
bool is_short(Kind kind) {
    switch (kind) {
        case Kind::u16:
        case Kind::enumeration:
        case Kind::ip:
        case Kind::rrtype:
        case Kind::rrclass:
        case Kind::rcode: return true;
        default: return false;
    }
}
// More than such a line takes, without its end.
constexpr std::size_t line_room = 128;

std::string_view proto_name(std::uint32_t proto) {
    switch (proto) {
        case 1: return "ICMP";
        case 6: return "TCP";
        case 17: return "UDP";
        default: return {};
    }
}

}  // namespace

void PayloadText::append_presentation(TextBuffer& text, const nmsg::Payload& payload) {
    message_text_.forget_name();
    const bool shown = body_is_shown(payload);
    text += '[';
    append_decimal(text, payload.octets.size());
    text += "] [";
    append_time(text, payload.time_sec, payload.time_nsec);  // N35: a larger number prints wider
    text += "] [";
    append_decimal(text, payload.vendor);
    text += ':';
    append_decimal(text, payload.type);
    const std::string_view vendor = vendor_name(payload.vendor);
    text += ' ';
    text += vendor.empty() ? "(unknown)" : vendor;
    text += ' ';
    text += decoded_.type() == nullptr ? "(unknown)" : decoded_.type()->name;
    text += "] [";
    const std::uint32_t source = style_.source.value_or(payload.source.value_or(0));
    std::array<std::uint8_t, 4> octets;
    detail::store(octets.data(), detail::big(source));
    append_hex(text, octets, false);
    text += "] [";
    const auto append_alias = [&](std::optional<std::uint32_t> set, std::optional<std::uint32_t> own,
                                  const std::function<std::string_view(std::uint32_t)>& name_of) {
        const std::uint32_t number = set.value_or(own.value_or(0));
        if (number == 0) return;
        const std::string_view name = name_of ? name_of(number) : std::string_view{};
        name.empty() ? append_decimal(text, number) : void(text += name);
    };
    append_alias(style_.group_operator, payload.group_operator, style_.operator_name);
    text += "] [";
    append_alias(style_.group, payload.group, style_.group_name);
    text += "] ";
    text += style_.end_of_line;
    if (shown) {
        presentation_rows(text);
    } else if (decoded_.type() == nullptr) {
        text += fmt::format("<UNKNOWN NMSG {}:{}>{}", payload.vendor, payload.type, style_.end_of_line);
    } else {
        text += fmt::format("<UNDECODABLE NMSG {}:{}>{}payload: <BYTE ARRAY LEN={}>{}", payload.vendor,
                            payload.type, style_.end_of_line, payload.octets.size(), style_.end_of_line);
    }
    text += '\n';
}

void PayloadText::use_rows_in_presentation() {
    rows_in_presentation_.clear();
    for (const FieldRow& is : in_use_->rows) {
        if (is.shown != Shown::in_both && is.shown != Shown::in_presentation) continue;
        ShownRow& row = rows_in_presentation_.emplace_back();
        row.is = &is;
        row.number = static_cast<std::size_t>(&is - in_use_->rows.data());
        row.way =
            is_short(is.kind) && is.label != Label::repeated && !is.with_default ? Way::value : Way::other;
        row.key = Piece(fmt::format("{}: ", is.name));
        for (const Symbol& symbol : is.symbols) {
            row.symbols.resize(std::max<std::size_t>(row.symbols.size(), symbol.value + 1));
            row.symbols[symbol.value] = Piece(symbol.name);
        }
    }
}

// A value of which there are many, up to the end of its line; null: it is one for presentation_value().
[[gnu::always_inline]] inline char* PayloadText::put_line(char* out, const ShownRow& row,
                                                          const FieldValue& value) const {
    const auto number16 = static_cast<std::uint16_t>(value.number);
    const auto number = [number16](char* end) { return put(put_decimal(put(end, " ("), number16), ")"); };
    out = row.key.put(out);
    switch (row.is->kind) {
        case Kind::u16: return put_decimal(out, number16);
        case Kind::enumeration: {
            const auto symbol = static_cast<std::uint32_t>(value.number);
            const bool known = symbol < row.symbols.size() && !row.symbols[symbol].empty();
            return known ? row.symbols[symbol].put(out) : nullptr;
        }
        case Kind::ip:
            return value.octets.size() == 4    ? put_ipv4(out, value.octets.data())
                   : value.octets.size() == 16 ? put_ipv6(out, value.octets.data())
                                               : nullptr;
        case Kind::rrclass: return number(dns::put_class(out, number16));
        case Kind::rcode: {
            char* const end = dns::put_rcode_name(out, number16);
            return end != nullptr ? number(end) : nullptr;
        }
        default: {
            if (dns::type_name(number16, style_.rdata_form).empty()) return nullptr;
            return number(dns::put_type(out, number16, style_.rdata_form));
        }
    }
}

void PayloadText::presentation_rows(TextBuffer& text) {
    for (const ShownRow& row : rows_in_presentation_) {
        if (row.way == Way::value) {
            const FieldValue* const stored = decoded_.fields().last(row.number);
            if (stored == nullptr) continue;
            if (char* const end = put_line(text.room(line_room), row, *stored)) {
                text.grow_to(end);
                text += style_.end_of_line;
                continue;
            }
        }
        presentation_row(text, row.number);
    }
}

void PayloadText::presentation_row(TextBuffer& text, std::size_t row) {
    const FieldRow& is = decoded_.type()->rows[row];
    if (!decoded_.fields().holder_is_there(is)) return;
    switch (is.kind) {
        case Kind::dnsqr_delay:
            if (const auto delay = decoded_.dnsqr_delay()) {
                text += is.name;
                text += ": ";
                append_seconds(text, *delay);
                text += style_.end_of_line;
            }
            return;
        case Kind::dnsqr_query:
        case Kind::dnsqr_response:
            if (const auto message = decoded_.dnsqr_message(is.kind == Kind::dnsqr_response))
                presentation_message(text, is.name, *message);
            return;
        case Kind::message:
            if (const auto stored = decoded_.value(row)) presentation_message(text, is.name, stored->octets);
            return;
        case Kind::ncap_payload: presentation_ncap_payload(text); return;
        default: break;
    }
    if (is.label == Label::repeated) {
        decoded_.fields().each(row, [&](const FieldValue& value) { presentation_value(text, is, value); });
    } else if (const auto value = decoded_.value(row)) {
        presentation_value(text, is, *value);
    }
}

void PayloadText::presentation_name(TextBuffer& text, Octets name) {
    const std::size_t start = text.size();
    dns::append_name(name, text);
    message_text_.know_name(name, start, text.size() - start);
}

void PayloadText::presentation_value(TextBuffer& text, const FieldRow& row, const FieldValue& value) {
    const std::size_t start = text.size();
    const auto number16 = static_cast<std::uint16_t>(value.number);
    const Octets octets = value.octets;
    text += row.name;
    if (row.kind == Kind::multiline) {
        text += ':';
        text += style_.end_of_line;
        text += as_text(up_to_nul(octets));
        text += '.';
        text += style_.end_of_line;
        return;
    }
    text += ": ";
    switch (row.kind) {
        case Kind::enumeration:
        case Kind::dnsqr_checksum:
            if (const std::string_view symbol = symbol_of(row, value.number); !symbol.empty())
                text += symbol;
            else
                text += fmt::format("<UNKNOWN ENUM VAL={}>", static_cast<std::uint32_t>(value.number));
            break;
        case Kind::ip:
        case Kind::ncap_source:
        case Kind::ncap_destination:
            if (octets.size() == 4)
                append_ipv4(text, octets.data());
            else if (octets.size() == 16)
                append_ipv6(text, octets.data());
            else
                text += fmt::format("<INVALID IP len={}>", octets.size());
            break;
        case Kind::u16:
        case Kind::dnstap_id:
        case Kind::ncap_source_port:
        case Kind::ncap_destination_port:
        case Kind::ncap_proto: append_decimal(text, number16); break;
        case Kind::i16: append_signed(text, static_cast<std::int16_t>(number16)); break;
        case Kind::u32: append_decimal(text, static_cast<std::uint32_t>(value.number)); break;
        case Kind::u64: append_decimal(text, value.number); break;
        case Kind::i32: append_signed(text, static_cast<std::int32_t>(value.number)); break;
        case Kind::i64: append_signed(text, static_cast<std::int64_t>(value.number)); break;
        case Kind::f64: append_seconds(text, std::bit_cast<double>(value.number)); break;
        case Kind::boolean: text += value.number != 0 ? "True" : "False"; break;
        case Kind::string: text += as_text(up_to_nul(octets)); break;
        case Kind::hex: text += fmt::format("{:x}", static_cast<std::uint32_t>(value.number)); break;
        case Kind::name:
        case Kind::dnstap_qname:
            if (octets.empty() || octets.size() > most_name) return text.cut(start);
            presentation_name(text, octets);
            break;
        case Kind::rrtype:
        case Kind::dnstap_qtype:
            append_numbered(text, dns::type_name(number16, style_.rdata_form), "<UNKNOWN>", number16);
            break;
        case Kind::rrclass:
        case Kind::dnstap_qclass:
            dns::append_class(text, number16);
            append_numbered(text, "", "", number16);
            break;
        case Kind::rcode:
        case Kind::dnstap_rcode:
            append_numbered(text, dns::rcode_name(number16), "<UNKNOWN>", number16);
            break;
        case Kind::proto: {
            // This line ends in \n whatever the end of the others is (N37).
            const std::string_view name = proto_name(number16);
            name.empty() ? append_decimal(text, number16) : append_numbered(text, name, "", number16);
            text += '\n';
            return;
        }
        case Kind::rdata: {
            std::uint16_t type = 0, rrclass = 0;
            static_cast<void>(decoded_.rdata_type(type, rrclass));
            dns::append_rdata(text, dns::Rdata::alone(octets, type, rrclass), style_.rdata_form);
            break;
        }
        default: text += fmt::format("<BYTE ARRAY LEN={}>", octets.size()); break;
    }
    text += style_.end_of_line;
}

void PayloadText::presentation_message(TextBuffer& text, std::string_view name, Octets message) {
    const std::size_t start = text.size();
    text += name;
    text += ": [";
    append_decimal(text, message.size());
    text += " octets]";
    text += style_.end_of_line;
    if (message_text_.append_presentation(text, message)) {
        text += "---";
    } else {
        text.cut(start);
        text += name;
        text += ": <PARSE ERROR>";
    }
    text += style_.end_of_line;
}

void PayloadText::presentation_ncap_payload(TextBuffer& text) {
    const auto ends = decoded_.ncap_ends();
    text += "payload:";
    text += style_.end_of_line;
    if (!ends) {
        text += '\n';
        return;
    }
    const auto append_end = [&](std::string_view field, Kind kind, std::optional<std::uint32_t> port) {
        const auto address = decoded_.ncap_value(kind, decoded_.fields().last(field));
        text += '[';
        if (address && address->octets.size() == 4) append_ipv4(text, address->octets.data());
        if (address && address->octets.size() == 16) append_ipv6(text, address->octets.data());
        text += "].";
        append_decimal(text, port.value_or(0));
    };
    append_end("srcip", Kind::ncap_source, ends->source_port);
    text += ' ';
    append_end("dstip", Kind::ncap_destination, ends->destination_port);
    text += ' ';
    text += dns::lowered(proto_name(ends->proto));
    text += fmt::format(" [{}]{}", ends->data ? ends->data->size() : 0, style_.end_of_line);
    const auto is_dns = [](std::optional<std::uint32_t> port) {
        return port && (*port == 53 || *port == 5353);
    };
    if (ends->data && (is_dns(ends->source_port) || is_dns(ends->destination_port)))
        static_cast<void>(message_text_.append_presentation(text, *ends->data));
    text += '\n';
}

}  // namespace sie::text
