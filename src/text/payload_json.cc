// PayloadText's JSON form (FACTS N45–N52; REFERENCE §4).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <optional>
#include <stdexcept>

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
    if (const double whole = std::floor(value); value >= 0 && value < exact_below && !std::signbit(value)) {
        if (const auto fraction = fraction_digits<18>(value - whole)) {
            append_decimal(json, static_cast<std::uint64_t>(whole));
            json += '.';
            const std::size_t start = json.size();
            append_padded(json, *fraction, 18);
            std::size_t size = 18;
            while (size > 1 && json[start + size - 1] == '0') --size;
            json.cut(start + size);
            return;
        }
    }
    fmt::memory_buffer digits;
    fmt::format_to(std::back_inserter(digits), "{:.18f}", value);
    std::size_t size = digits.size();
    while (digits[size - 1] == '0' && digits[size - 2] != '.') --size;
    json += std::string_view(digits.data(), size);
}

// Kinds of which a value must be made or judged before its key is written.
bool is_plainly_stored(Kind kind) {
    switch (kind) {
        case Kind::name:
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
        case Kind::ncap_dns: return false;
        default: return true;
    }
}

void append_ip(TextBuffer& json, Octets octets) {
    if (octets.size() != 4 && octets.size() != 16) {
        json += "null";
        return;
    }
    json += '"';
    octets.size() == 4 ? append_ipv4(json, octets.data()) : append_ipv6(json, octets.data());
    json += '"';
}

}  // namespace

void PayloadText::append_json(TextBuffer& json, const nmsg::Payload& payload) {
    const bool shown = body_is_shown(payload);
    json += "{\"time\":\"";
    // N45: nine digits exactly, so that more than a second of nanoseconds is carried.
    constexpr std::uint32_t second = 1'000'000'000;
    const std::int64_t carried = std::min<std::int64_t>(
        payload.time_nsec / second, INT64_MAX - std::max<std::int64_t>(payload.time_sec, 0));
    append_time(json, payload.time_sec + carried, payload.time_nsec % second);
    const std::string_view vendor = vendor_name(payload.vendor);
    json += "\",\"vname\":\"";
    json += vendor.empty() ? "(unknown)" : vendor;
    json += "\",\"mname\":\"";
    json += decoded_.type() == nullptr ? "(unknown)" : decoded_.type()->name;
    json += '"';
    if (!shown) {
        json += ",\"vid\":";
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
        json += ",\"message\":{";
        json_rows(json);
        json += '}';
    } else {
        json += ",\"message\":null,\"payload\":";
        append_json_base64(json, payload.octets);
    }
    json += "}\n";
}

void PayloadText::use_type() {
    in_use_ = decoded_.type();
    rows_in_json_.assign(in_use_->rows.size(), {});
    for (std::size_t row = 0; row < rows_in_json_.size(); ++row) {
        const FieldRow& is = in_use_->rows[row];
        RowInJson& in_json = rows_in_json_[row];
        if (is.shown == Shown::in_both || is.shown == Shown::in_json)
            in_json.way = !is_plainly_stored(is.kind) || is.with_default ? Way::other
                          : is.label == Label::repeated                  ? Way::list
                                                                         : Way::stored;
        if (is.name.size() + 3 > in_json.key.size())
            throw std::logic_error("a field's name is too long for its key");
        in_json.key[0] = '"';
        std::copy(is.name.begin(), is.name.end(), in_json.key.begin() + 1);
        in_json.key[is.name.size() + 1] = '"';
        in_json.key[is.name.size() + 2] = ':';
        in_json.key_size = static_cast<std::uint8_t>(is.name.size() + 3);
    }
}

// Of a row of the type in use.
[[gnu::always_inline]] inline void PayloadText::json_key(TextBuffer& json, const FieldRow& row) {
    const RowInJson& in_json = rows_in_json_[static_cast<std::size_t>(&row - in_use_->rows.data())];
    char* const out = json.room(in_json.key.size() + 1);
    *out = ',';
    const std::size_t comma = first_key_ ? 0 : 1;
    std::memcpy(out + comma, in_json.key.data(), in_json.key.size());
    json.grow(comma + in_json.key_size);
    first_key_ = false;
}

void PayloadText::json_key(TextBuffer& json, std::string_view name) {
    if (!first_key_) json += ',';
    json += '"';
    json += name;
    json += "\":";
    first_key_ = false;
}

void PayloadText::json_rows(TextBuffer& json) {
    if (in_use_ != decoded_.type()) use_type();
    first_key_ = true;
    const std::span<const FieldRow> rows = in_use_->rows;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        switch (rows_in_json_[row].way) {
            case Way::hidden: break;
            case Way::stored:
                if (const FieldValue* stored = decoded_.fields().last(row)) {
                    json_key(json, rows[row]);
                    json_value(json, rows[row], *stored);
                }
                break;
            case Way::list:
                if (decoded_.fields().holder_is_there(rows[row])) json_list(json, rows[row], row);
                break;
            case Way::other:
                if (decoded_.fields().holder_is_there(rows[row])) json_row(json, rows[row], row);
                break;
        }
    }
}

void PayloadText::json_list(TextBuffer& json, const FieldRow& row, std::size_t number) {
    json_key(json, row);
    char before = '[';
    decoded_.fields().each(number, [&](const FieldValue& value) {
        json += before;
        before = ',';
        json_value(json, row, value);
    });
    if (before == '[') json += before;
    json += ']';
}

void PayloadText::json_message(TextBuffer& json, const FieldRow& row, Octets message) {
    json_key(json, row);
    const std::size_t start = json.size();
    append_json_base64(json, message);
    if (row.kind == Kind::dnsqr_response) {
        response_at_ = start;
        response_size_ = json.size() - start;
    }
    if (row.json_twin.empty()) return;
    json_key(json, row.json_twin);
    message_text_.append_json(json, message);
}

void PayloadText::json_row(TextBuffer& json, const FieldRow& is, std::size_t row) {
    const FieldValue* stored = decoded_.fields().last(row);
    std::optional<FieldValue> derived;
    switch (is.kind) {
        case Kind::dnsqr_delay:
            if (const auto delay = decoded_.dnsqr_delay()) {
                json_key(json, is);
                append_double(json, *delay);
            }
            return;
        case Kind::dnsqr_query:
            if (const auto message = decoded_.dnsqr_message(false)) json_message(json, is, *message);
            return;
        case Kind::dnsqr_response:
            response_size_ = 0;
            if (const auto message = decoded_.dnsqr_message(true)) json_message(json, is, *message);
            return;
        case Kind::dnsqr_dns:  // the response once more
            if (response_size_ == 0) return;
            json_key(json, is);
            json.repeat(response_at_, response_size_);
            return;
        case Kind::message:
            if (stored != nullptr) json_message(json, is, stored->octets);
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
                json_message(json, is, *ends->data);
            return;
        default: break;
    }
    if (derived) stored = &*derived;
    if (stored == nullptr && is.with_default) {
        derived = FieldValue{is.symbols.front().value, {}};
        stored = &*derived;
    }
    if (stored == nullptr) return;
    const bool is_name = is.kind == Kind::name || is.kind == Kind::dnstap_qname;
    if (is_name && (stored->octets.empty() || stored->octets.size() > most_name)) return;
    json_key(json, is);
    json_value(json, is, *stored);
}

// The kinds of which there are many, at once; the others by json_other_value().
void PayloadText::json_value(TextBuffer& json, const FieldRow& row, const FieldValue& value) {
    const auto number16 = static_cast<std::uint16_t>(value.number);
    switch (row.kind) {
        case Kind::u16: append_decimal(json, number16); break;
        case Kind::i32: append_signed(json, static_cast<std::int32_t>(value.number)); break;
        case Kind::i64: append_signed(json, static_cast<std::int64_t>(value.number)); break;
        case Kind::ip: append_ip(json, value.octets); break;
        case Kind::bytes: append_json_base64(json, value.octets); break;
        case Kind::rrtype:
            json += '"';
            dns::append_type(json, number16, style_.rdata_form);
            json += '"';
            break;
        case Kind::rrclass:
            json += '"';
            dns::append_class(json, number16);
            json += '"';
            break;
        default: json_other_value(json, row, value); break;
    }
}

void PayloadText::json_other_value(TextBuffer& json, const FieldRow& row, const FieldValue& value) {
    const auto quoted = [&](const auto& append) {
        json += '"';
        append();
        json += '"';
    };
    switch (row.kind) {
        case Kind::enumeration:
        case Kind::dnsqr_checksum:
            for (const Symbol& symbol : row.symbols) {
                if (symbol.value != static_cast<std::uint32_t>(value.number)) continue;
                return quoted([&] { json += symbol.name; });
            }
            return append_decimal(json, static_cast<std::uint32_t>(value.number));
        case Kind::ncap_source:
        case Kind::ncap_destination: return append_ip(json, value.octets);
        case Kind::dnstap_id:
        case Kind::ncap_source_port:
        case Kind::ncap_destination_port:
        case Kind::ncap_proto:
        case Kind::i16:
        case Kind::u32:
        case Kind::u64:
        case Kind::boolean: return void(append_value_text(json, row, value));
        case Kind::f64: return append_double(json, std::bit_cast<double>(value.number));
        case Kind::string:
        case Kind::multiline: return append_json_text(json, value.octets);
        case Kind::name:
        case Kind::dnstap_qname:
            return append_json_through(json, [&] { return dns::append_name(value.octets, json); });
        case Kind::dnstap_qtype:
        case Kind::dnstap_qclass:
        case Kind::rcode:
        case Kind::dnstap_rcode:
        case Kind::proto:
        case Kind::hex:
            return quoted([&] { append_value_text(json, row, value, {.form = style_.rdata_form}); });
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
