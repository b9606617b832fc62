// PayloadText's JSON form (FACTS N45–N52; REFERENCE §4).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "base/address_text.h"
#include "base/text_append.h"
#include "dns/name.h"
#include "dns/type_name.h"
#include "text/fraction_digits.h"
#include "text/json_string.h"
#include "text/json_syntax.h"
#include "text/payload_text.h"
#include "text/value_text.h"

namespace sie::text {

namespace {

constexpr std::size_t most_name = 255;

// %.18f without the zeros behind, but one digit. What JSON has no number for is null.
void append_double(TextBuffer& json, double value) {
    if (!std::isfinite(value)) {
        json += "null";
        return;
    }
    constexpr double exact_below = 1e15;  // the whole part fits, and the fraction is a multiple of 2^-1074
    if (value >= 0 && value < exact_below && !std::signbit(value)) {
        const auto whole = static_cast<std::int64_t>(value);
        if (const auto fraction = fraction_digits<18>(value - static_cast<double>(whole))) {
            constexpr std::uint32_t nine_digits = 1'000'000'000;
            char* const point = put_signed(json.room(2 * longest_decimal), whole);
            *point = '.';
            char* end = put_nine_digits(point + 1, static_cast<std::uint32_t>(*fraction / nine_digits));
            end = put_nine_digits(end, static_cast<std::uint32_t>(*fraction % nine_digits));
            while (end - point > 2 && end[-1] == '0') --end;
            return json.grow_to(end);
        }
    }
    fmt::memory_buffer digits;
    fmt::format_to(std::back_inserter(digits), "{:.18f}", value);
    std::size_t size = digits.size();
    while (digits[size - 1] == '0' && digits[size - 2] != '.') --size;
    json += std::string_view(digits.data(), size);
}

char* put_ip(char* out, Octets octets) {
    if (octets.size() != 4 && octets.size() != 16) return put(out, "null");
    *out++ = '"';
    out = octets.size() == 4 ? put_ipv4(out, octets.data()) : put_ipv6(out, octets.data());
    *out++ = '"';
    return out;
}

char* put_proto(char* out, std::uint16_t proto) {
    switch (proto) {
        case 1: return put(out, "\"ICMP\"");
        case 6: return put(out, "\"TCP\"");
        case 17: return put(out, "\"UDP\"");
        default: return put(put_decimal(put(out, "\""), proto), "\"");
    }
}

char* put_rcode(char* out, std::uint16_t rcode) {
    *out++ = '"';
    char* const end = dns::put_rcode_name(out, rcode);
    return put(end != nullptr ? end : put_decimal(out, rcode), "\"");
}

// More than a value takes of a kind that put_value() knows.
constexpr std::size_t value_room = 64;
static_assert(value_room >= address_room + 2 && value_room >= dns::name_room + 2);

}  // namespace

void PayloadText::append_json(TextBuffer& json, const nmsg::Payload& payload) {
    message_text_.forget_name();
    const bool shown = body_is_shown(payload);
    json += "{\"time\":\"";
    // N45: nine digits exactly, so that more than a second of nanoseconds is carried.
    constexpr std::uint32_t second = 1'000'000'000;
    const std::int64_t carried = std::min<std::int64_t>(
        payload.time_nsec / second, INT64_MAX - std::max<std::int64_t>(payload.time_sec, 0));
    append_time(json, payload.time_sec + carried, payload.time_nsec % second);
    if (shown) {
        json.grow_to(names_in_json_.put(json.room(sizeof names_in_json_)));
    } else {
        const std::string_view vendor = vendor_name(payload.vendor);
        json += "\",\"vname\":\"";
        json += vendor.empty() ? "(unknown)" : vendor;
        json += "\",\"mname\":\"";
        json += decoded_.type() == nullptr ? "(unknown)" : decoded_.type()->name;
        json += "\",\"vid\":";
        append_decimal(json, payload.vendor);
        json += ",\"msgtype\":";
        append_decimal(json, payload.type);
    }
    if (const std::uint32_t source = style_.source.value_or(payload.source.value_or(0)); source != 0) {
        std::array<std::uint8_t, 4> octets;
        detail::store(octets.data(), detail::big(source));
        json += ",\"source\":\"";
        append_hex(json, octets, false);
        json += '"';
    }
    const auto append_alias = [&](std::string_view key, std::optional<std::uint32_t> set,
                                  std::optional<std::uint32_t> own,
                                  const std::function<std::string_view(std::uint32_t)>& name_of) {
        const std::uint32_t number = set.value_or(own.value_or(0));
        if (number == 0) return;
        json += key;
        const std::string_view name = name_of ? name_of(number) : std::string_view{};
        name.empty() ? append_decimal(json, number) : append_json_string(json, name);
    };
    append_alias(",\"operator\":", style_.group_operator, payload.group_operator, style_.operator_name);
    append_alias(",\"group\":", style_.group, payload.group, style_.group_name);
    if (shown) {
        json += ",\"message\":";
        json_rows(json);
    } else {
        json += ",\"message\":null,\"payload\":";
        append_json_base64(json, payload.octets);
    }
    json += "}\n";
}

namespace {

// Kinds whose values put_value() writes.
bool is_short(Kind kind) {
    switch (kind) {
        case Kind::enumeration:
        case Kind::dnsqr_checksum:
        case Kind::ip:
        case Kind::ncap_source:
        case Kind::ncap_destination:
        case Kind::u16:
        case Kind::i32:
        case Kind::i64:
        case Kind::rrtype:
        case Kind::rrclass:
        case Kind::rcode:
        case Kind::proto: return true;
        default: return false;
    }
}

// Kinds of which a value must be made or judged before its key is written.
bool is_made(Kind kind) {
    switch (kind) {
        case Kind::message:
        case Kind::dnsqr_delay:
        case Kind::dnsqr_query:
        case Kind::dnsqr_response:
        case Kind::dnsqr_dns:
        case Kind::dnstap_id:
        case Kind::dnstap_qname:
        case Kind::dnstap_qclass:
        case Kind::dnstap_qtype:
        case Kind::dnstap_rcode:
        case Kind::ncap_source_port:
        case Kind::ncap_destination_port:
        case Kind::ncap_proto:
        case Kind::ncap_dns: return true;
        default: return false;
    }
}

std::string key_of(std::string_view name) { return fmt::format(",\"{}\":", name); }

}  // namespace

void PayloadText::use_rows_in_json() {
    names_in_json_ = TextPiece<64>(
        fmt::format("\",\"vname\":\"{}\",\"mname\":\"{}\"", vendor_name(in_use_->vendor), in_use_->name));
    rows_in_json_.clear();
    for (const FieldRow& is : in_use_->rows) {
        if (is.shown != Shown::in_both && is.shown != Shown::in_json) continue;
        ShownRow& row = rows_in_json_.emplace_back();
        row.is = &is;
        row.number = static_cast<std::size_t>(&is - in_use_->rows.data());
        row.way = is_made(is.kind) || is.with_default ? Way::other
                  : is.label == Label::repeated       ? Way::list
                  : is.kind == Kind::name             ? Way::name
                  : is_short(is.kind)                 ? Way::value
                                                      : Way::other_value;
        row.key = Piece(key_of(is.name));
        if (!is.json_twin.empty()) row.twin_key = Piece(key_of(is.json_twin));
        for (const Symbol& symbol : is.symbols) {
            row.symbols.resize(std::max<std::size_t>(row.symbols.size(), symbol.value + 1));
            row.symbols[symbol.value] = Piece(fmt::format("\"{}\"", symbol.name));
        }
    }
}

// The kinds of which there are many, and whose text is short.
[[gnu::always_inline]] inline char* PayloadText::put_value(char* out, const ShownRow& row,
                                                           const FieldValue& value) const {
    const auto number16 = static_cast<std::uint16_t>(value.number);
    switch (row.is->kind) {
        case Kind::u16: return put_decimal(out, number16);
        case Kind::i32: return put_signed(out, static_cast<std::int32_t>(value.number));
        case Kind::i64: return put_signed(out, static_cast<std::int64_t>(value.number));
        case Kind::enumeration:
        case Kind::dnsqr_checksum: {
            const auto number = static_cast<std::uint32_t>(value.number);
            return number < row.symbols.size() && !row.symbols[number].empty() ? row.symbols[number].put(out)
                                                                               : put_decimal(out, number);
        }
        case Kind::ip:
        case Kind::ncap_source:
        case Kind::ncap_destination: return put_ip(out, value.octets);
        case Kind::rrtype: return put(dns::put_type(put(out, "\""), number16, style_.rdata_form), "\"");
        case Kind::rrclass: return put(dns::put_class(put(out, "\""), number16), "\"");
        case Kind::rcode: return put_rcode(out, number16);
        default: return put_proto(out, number16);
    }
}

// Each row is written with a comma in front, and the first comma becomes the brace.
void PayloadText::json_rows(TextBuffer& json) {
    const std::size_t start = json.size();
    const PayloadFields& fields = decoded_.fields();
    for (const ShownRow& row : rows_in_json_) {
        const FieldValue* const stored = fields.last(row.number);
        switch (row.way) {
            case Way::value:
                if (stored != nullptr) {
                    char* const out = json.room(sizeof row.key + value_room);
                    json.grow_to(put_value(row.key.put(out), row, *stored));
                }
                break;
            case Way::other_value:
                if (stored == nullptr) break;
                json.grow_to(row.key.put(json.room(sizeof row.key)));
                append_other_value(json, row, *stored);
                break;
            case Way::list:
                if (fields.holder_is_there(*row.is)) json_list(json, row);
                break;
            case Way::name:
                if (stored != nullptr) json_name(json, row, stored->octets);
                break;
            case Way::other:
                if (fields.holder_is_there(*row.is)) json_row(json, row);
                break;
        }
    }
    if (json.size() == start) json += '{';
    json[start] = '{';
    json += '}';
}

void PayloadText::json_list(TextBuffer& json, const ShownRow& row) {
    json.grow_to(row.key.put(json.room(sizeof row.key)));
    json += '[';
    const std::size_t start = json.size();
    decoded_.fields().each(row.number, [&](const FieldValue& value) {
        if (json.size() != start) json += ',';
        json_value(json, row, value);
    });
    json += ']';
}

void PayloadText::json_name(TextBuffer& json, const ShownRow& row, Octets name) {
    if (name.empty() || name.size() > most_name) return;
    json.grow_to(row.key.put(json.room(sizeof row.key)));
    const std::size_t start = json.size();
    append_json_through(json, [&] { return dns::append_name(name, json); });
    message_text_.know_name(name, start, json.size() - start);
}

void PayloadText::json_message(TextBuffer& json, const ShownRow& row, Octets message) {
    json.grow_to(row.key.put(json.room(sizeof row.key)));
    const std::size_t start = json.size();
    append_json_base64(json, message);
    if (row.is->kind == Kind::dnsqr_response) {
        response_at_ = start;
        response_size_ = json.size() - start;
    }
    if (row.twin_key.empty()) return;
    json.grow_to(row.twin_key.put(json.room(sizeof row.twin_key)));
    message_text_.append_json(json, message);
}

void PayloadText::json_row(TextBuffer& json, const ShownRow& row) {
    const FieldRow& is = *row.is;
    const FieldValue* stored = decoded_.fields().last(row.number);
    std::optional<FieldValue> derived;
    switch (is.kind) {
        case Kind::dnsqr_delay:
            if (const auto delay = decoded_.dnsqr_delay()) {
                json.grow_to(row.key.put(json.room(sizeof row.key)));
                append_double(json, *delay);
            }
            return;
        case Kind::dnsqr_query:
            if (const auto message = decoded_.dnsqr_message(false)) json_message(json, row, *message);
            return;
        case Kind::dnsqr_response:
            response_size_ = 0;
            if (const auto message = decoded_.dnsqr_message(true)) json_message(json, row, *message);
            return;
        case Kind::dnsqr_dns:  // the response once more
            if (response_size_ == 0) return;
            json.grow_to(row.key.put(json.room(sizeof row.key)));
            json.repeat(response_at_, response_size_);
            return;
        case Kind::message:
            if (stored != nullptr) json_message(json, row, stored->octets);
            return;
        case Kind::dnstap_id:
        case Kind::dnstap_qname:
        case Kind::dnstap_qclass:
        case Kind::dnstap_qtype:
        case Kind::dnstap_rcode: derived = decoded_.dnstap_value(is.kind); break;
        case Kind::ncap_source_port:
        case Kind::ncap_destination_port:
        case Kind::ncap_proto: derived = decoded_.ncap_value(is.kind, nullptr); break;
        case Kind::ncap_dns:
            if (const auto ends = decoded_.ncap_ends(); ends && ends->data)
                json_message(json, row, *ends->data);
            return;
        default: break;
    }
    if (derived) stored = &*derived;
    if (stored == nullptr && is.with_default) {
        derived = FieldValue{is.symbols.front().value, {}};
        stored = &*derived;
    }
    if (stored == nullptr) return;
    if (is.kind == Kind::dnstap_qname) return json_name(json, row, stored->octets);
    json.grow_to(row.key.put(json.room(sizeof row.key)));
    json_value(json, row, *stored);
}

void PayloadText::json_value(TextBuffer& json, const ShownRow& row, const FieldValue& value) {
    is_short(row.is->kind) ? json.grow_to(put_value(json.room(value_room), row, value))
                           : append_other_value(json, row, value);
}

void PayloadText::append_other_value(TextBuffer& json, const ShownRow& row, const FieldValue& value) {
    const auto quoted = [&] {
        json += '"';
        append_value_text(json, *row.is, value, {.form = style_.rdata_form});
        json += '"';
    };
    switch (row.is->kind) {
        case Kind::dnstap_id:
        case Kind::ncap_source_port:
        case Kind::ncap_destination_port:
        case Kind::ncap_proto:
        case Kind::i16:
        case Kind::u32:
        case Kind::u64:
        case Kind::boolean: return void(append_value_text(json, *row.is, value));
        case Kind::f64: return append_double(json, std::bit_cast<double>(value.number));
        case Kind::string:
        case Kind::multiline: return append_json_text(json, value.octets);
        case Kind::dnstap_qtype:
        case Kind::dnstap_qclass:
        case Kind::dnstap_rcode:
        case Kind::hex: return quoted();
        case Kind::rdata: {
            std::uint16_t type = 0, rrclass = 0;
            static_cast<void>(decoded_.rdata_type(type, rrclass));
            return append_json_through(json, [&] {
                return dns::append_rdata(json, dns::Rdata::alone(value.octets, type, rrclass),
                                         style_.rdata_form);
            });
        }
        case Kind::encoded: return json_encoded(json, value.octets);
        default: return append_json_base64(json, value.octets);
    }
}

// N52: what the octets are, if JSON can show it, and the octets.
void PayloadText::json_encoded(TextBuffer& json, Octets octets) {
    enum : std::uint64_t { plain = 0, as_json = 1, yaml = 2, as_xml = 4 };
    const std::uint64_t type = decoded_.fields().last("type")->number;
    json += '{';
    if (type == plain || type == yaml || type == as_xml) {
        json += "\"val\":";
        append_json_text(json, octets);
        json += ',';
    } else if (type == as_json && is_json(as_text(octets))) {
        json += "\"val\":";
        json += as_text(octets);
        json += ',';
    }
    json += "\"b64\":";
    append_json_base64(json, octets);
    json += '}';
}

}  // namespace sie::text
