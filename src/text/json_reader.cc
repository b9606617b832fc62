#include "text/json_reader.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <bit>
#include <cmath>
#include <limits>
#include <tuple>
#include <vector>

#include "base/encoded_octets.h"
#include "base/number.h"
#include "base/octets.h"
#include "base/quoted.h"
#include "dns/type_name.h"
#include "text/payload_encoder.h"
#include "text/payload_types.h"
#include "text/time_text.h"

namespace sie::text {

namespace {

namespace dom = simdjson::dom;

std::optional<std::string_view> text_in(const dom::element& element) {
    std::string_view text;
    return element.get(text) == simdjson::SUCCESS ? std::optional(text) : std::nullopt;
}

// An integer between two bounds; 64 bits may come as text.
std::optional<std::int64_t> signed_in(const dom::element& element, std::int64_t least, std::int64_t most) {
    std::int64_t value;
    if (element.get(value) != simdjson::SUCCESS || value < least || value > most) return std::nullopt;
    return value;
}

std::optional<std::uint64_t> unsigned_in(const dom::element& element, std::uint64_t most) {
    std::uint64_t value;
    if (element.get(value) != simdjson::SUCCESS) {
        const auto text = text_in(element);
        const auto number = text ? whole_number<std::uint64_t>(*text) : std::nullopt;
        if (!number) return std::nullopt;
        value = *number;
    }
    return value <= most ? std::optional(value) : std::nullopt;
}

// YYYY-MM-DD HH:MM:SS, perhaps with a fraction, UTC; or seconds since 1970.
std::optional<std::pair<std::int64_t, std::uint32_t>> time_in(const dom::element& element) {
    if (std::int64_t seconds; element.get(seconds) == simdjson::SUCCESS) return std::pair{seconds, 0U};
    if (double real; element.is_double() && element.get(real) == simdjson::SUCCESS) {
        if (!(std::abs(real) < 9e18)) return std::nullopt;
        const double below = std::floor(real);
        const auto nanoseconds = std::min(999'999'999.0, std::round((real - below) * 1e9));
        return std::pair{static_cast<std::int64_t>(below), static_cast<std::uint32_t>(nanoseconds)};
    }
    const auto text = text_in(element);
    return text ? time_from_text(*text) : std::nullopt;
}

std::optional<std::string> base64_in(dom::element element) {
    if (dom::object object; element.get(object) == simdjson::SUCCESS)
        if (object["b64"].get(element) != simdjson::SUCCESS) return std::nullopt;
    if (element.is_null()) return std::string{};
    const auto text = text_in(element);
    std::string octets;
    if (!text || !append_decoded_base64(octets, *text)) return std::nullopt;
    return octets;
}

}  // namespace

struct JsonReader::State {
    Alias operator_number, group_number;
    dom::parser parser;
    std::string padded, unknown;
    Octets octets;

    PayloadEncoder encoder;
    RdataType rdata;

    // The value of one field; nothing if it is none.
    [[nodiscard]] std::optional<StoredValue> value_of(const FieldRow& row, const dom::element& element) const;
    [[nodiscard]] Result<void> take_row(const PayloadType& type, const FieldRow& row,
                                        const dom::object& message);
    [[nodiscard]] Result<void> take_message(const PayloadType& type, const dom::object& message);
    [[nodiscard]] std::optional<std::uint32_t> alias(const dom::element& element,
                                                     const Alias& number_of) const;
};

std::optional<StoredValue> JsonReader::State::value_of(const FieldRow& row,
                                                       const dom::element& element) const {
    const auto number = [](auto value) {
        return value ? std::optional(StoredValue{static_cast<std::uint64_t>(*value)}) : std::nullopt;
    };
    const auto text = text_in(element);
    using Signed = std::numeric_limits<std::int64_t>;
    switch (row.kind) {
        case Kind::enumeration:
        case Kind::dnsqr_checksum:
            if (text) break;
            return number(unsigned_in(element, row.symbols.back().value));
        case Kind::ip:
        case Kind::ncap_source:
        case Kind::ncap_destination:
            if (element.is_null()) return StoredValue{};
            break;
        case Kind::u16: return number(unsigned_in(element, 0xffff));
        case Kind::u32: return number(unsigned_in(element, 0xffff'ffff));
        case Kind::u64: return number(unsigned_in(element, UINT64_MAX));
        case Kind::i16: return number(signed_in(element, -0x8000, 0x7fff));
        case Kind::i32: return number(signed_in(element, INT32_MIN, INT32_MAX));
        case Kind::i64: return number(signed_in(element, Signed::min(), Signed::max()));
        case Kind::f64: {
            double real;
            if (!element.is_double() || element.get(real) != simdjson::SUCCESS) return std::nullopt;
            return StoredValue{std::bit_cast<std::uint64_t>(real)};
        }
        case Kind::boolean:
            if (bool is; element.get(is) == simdjson::SUCCESS) return StoredValue{is ? 1U : 0U};
            if (std::int64_t is; element.get(is) == simdjson::SUCCESS) return StoredValue{is != 0 ? 1U : 0U};
            break;
        case Kind::string:
        case Kind::multiline:
        case Kind::name:
        case Kind::rrtype:
        case Kind::rrclass:
        case Kind::rcode:
        case Kind::proto:
        case Kind::rdata:
        case Kind::hex: break;
        default: {
            auto decoded = base64_in(element);
            return decoded ? std::optional(StoredValue{0, std::move(*decoded)}) : std::nullopt;
        }
    }
    return text ? value_from_text(row, *text, rdata) : std::nullopt;
}

Result<void> JsonReader::State::take_row(const PayloadType& type, const FieldRow& row,
                                         const dom::object& message) {
    const auto refused = [&](const FieldRow& of) {
        return fail(ErrorKind::damaged, fmt::format("{}.{}", type.name, of.name), "is not understood",
                    "write " + wanted(of));
    };
    dom::element element;
    const bool there = message[row.name].get(element) == simdjson::SUCCESS;
    // null is absent; what a message cannot lack is empty then.
    const bool may_be_empty = row.label == Label::required && row.storage == Storage::bytes;
    if (!there || (element.is_null() && !may_be_empty)) return {};
    if (row.label != Label::repeated) {
        const auto value = value_of(row, element);
        if (!value) return refused(row);
        encoder.add(row, *value);
        return {};
    }
    dom::array list;
    if (element.get(list) != simdjson::SUCCESS) return refused(row);
    for (const dom::element item : list) {
        const auto value = item.is_null() ? std::optional(StoredValue{}) : value_of(row, item);
        if (!value) return refused(row);
        encoder.add(row, *value);
    }
    return {};
}

Result<void> JsonReader::State::take_message(const PayloadType& type, const dom::object& message) {
    encoder.start(type);
    const auto number16 = [&](const char* name, const auto& from_text) -> std::uint16_t {
        std::string_view text;
        return message[name].get(text) == simdjson::SUCCESS ? from_text(text).value_or(0) : 0;
    };
    rdata = {number16("rrtype", dns::type_from_text), number16("rrclass", dns::class_from_text)};
    for (const FieldRow& row : type.rows) {
        if (row.number == 0 || row.shown == Shown::in_neither) continue;
        if (auto taken = take_row(type, row, message); !taken) return taken;
    }
    auto encoded = encoder.finish();
    if (!encoded) return fail(std::move(encoded.error()));
    octets = *encoded;
    return {};
}

std::optional<std::uint32_t> JsonReader::State::alias(const dom::element& element,
                                                      const Alias& number_of) const {
    if (const auto text = text_in(element)) {
        if (number_of)
            if (const auto number = number_of(*text)) return number;
        return whole_number<std::uint32_t>(*text);
    }
    const auto number = unsigned_in(element, UINT32_MAX);
    return number ? std::optional(static_cast<std::uint32_t>(*number)) : std::nullopt;
}

JsonReader::JsonReader(Alias operator_number, Alias group_number) : state_(std::make_unique<State>()) {
    state_->operator_number = std::move(operator_number);
    state_->group_number = std::move(group_number);
}
JsonReader::~JsonReader() = default;
JsonReader::JsonReader(JsonReader&&) noexcept = default;
JsonReader& JsonReader::operator=(JsonReader&&) noexcept = default;

Result<nmsg::Payload> JsonReader::read(std::string_view line, Time now) {
    State& s = *state_;
    const auto refused = [](const char* what, std::string why, std::string remedy = {}) {
        return fail(ErrorKind::damaged, what, std::move(why), std::move(remedy));
    };
    s.padded.assign(line);
    s.padded.reserve(line.size() + simdjson::SIMDJSON_PADDING);
    dom::object record;
    dom::element element;
    if (const auto error = s.parser.parse(s.padded.data(), s.padded.size(), false).get(element);
        error != simdjson::SUCCESS)
        return refused("JSON", simdjson::error_message(error));
    if (element.get(record) != simdjson::SUCCESS) return refused("JSON", "is no object");

    nmsg::Payload payload;
    payload.time_sec = now.seconds();
    payload.time_nsec = now.nanoseconds();
    if (record["time"].get(element) == simdjson::SUCCESS) {
        const auto time = time_in(element);
        if (!time)
            return refused("time", "is not understood",
                           "write YYYY-MM-DD HH:MM:SS.NNNNNNNNN or seconds since 1970");
        payload.time_sec = time->first;
        payload.time_nsec = time->second;
    }
    if (record["source"].get(element) == simdjson::SUCCESS && !element.is_null()) {
        const auto text = text_in(element);
        const auto number = text ? whole_number<std::uint32_t>(*text, 16) : s.alias(element, {});
        if (!number)
            return refused("source", "is not understood", "write hexadecimal digits as text, or a number");
        payload.source = *number;
    }
    for (const auto& [key, number_of, to] :
         {std::tuple{"operator", &s.operator_number, &payload.group_operator},
          {"group", &s.group_number, &payload.group}}) {
        if (record[key].get(element) != simdjson::SUCCESS || element.is_null()) continue;
        *to = s.alias(element, *number_of);
        if (!*to) return refused(key, "is not understood", "write a number, or a name of the alias file");
    }
    std::string_view vendor, name;
    if (record["vname"].get(vendor) != simdjson::SUCCESS || record["mname"].get(name) != simdjson::SUCCESS)
        return refused("vname, mname", "are missing or no texts");
    if (record["message"].get(element) != simdjson::SUCCESS) return refused("message", "is missing");
    if (element.is_null()) {  // what was unknown or undecodable when it was printed
        std::uint64_t number = 0, kind = 0;
        if (record["vid"].get(number) != simdjson::SUCCESS ||
            record["msgtype"].get(kind) != simdjson::SUCCESS || number > UINT32_MAX || kind > UINT32_MAX)
            return refused("message", "is null, and vid and msgtype do not say what it is");
        payload.vendor = static_cast<std::uint32_t>(number);
        payload.type = static_cast<std::uint32_t>(kind);
        const auto octets =
            record["payload"].get(element) == simdjson::SUCCESS ? base64_in(element) : std::nullopt;
        if (!octets) return refused("payload", "is not understood", "write base64");
        s.unknown = *octets;
        s.octets = as_octets(s.unknown);
    } else {
        const PayloadType* type = find_type(vendor, name);
        if (type == nullptr)
            return refused("vname, mname",
                           fmt::format("no type is called {} {}", quoted(vendor), quoted(name)));
        dom::object message;
        if (element.get(message) != simdjson::SUCCESS) return refused("message", "is no object");
        if (auto taken = s.take_message(*type, message); !taken) return fail(std::move(taken.error()));
        payload.vendor = type->vendor;
        payload.type = type->type;
    }
    payload.octets = s.octets;
    return payload;
}

}  // namespace sie::text
