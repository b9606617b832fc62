#include "sie-nmsg/message.h"

#include <fmt/format.h>

#include <bit>

#include "base/quoted.h"
#include "sie-nmsg/guard.h"
#include "text/decoded_payload.h"
#include "text/payload_encoder.h"
#include "text/value_text.h"

namespace sie_nmsg {

namespace {

using sie::text::FieldRow;
using sie::text::FieldValue;
using sie::text::Kind;
using sie::text::PayloadType;
using sie::text::Storage;

constexpr std::string_view vendor_of_builders = "base";

const FieldRow* row_named(const PayloadType& type, std::string_view name) {
    for (const FieldRow& row : type.rows)
        if (row.name == name) return &row;
    return nullptr;
}

bool holds_octets(const FieldRow& row) {
    switch (row.kind) {
        case Kind::dnstap_qname: return true;
        case Kind::dnstap_id:
        case Kind::dnstap_qclass:
        case Kind::dnstap_qtype:
        case Kind::dnstap_rcode: return false;
        default: return row.storage == Storage::bytes;
    }
}
bool holds_real(const FieldRow& row) { return row.kind == Kind::f64 || row.kind == Kind::dnsqr_delay; }

}  // namespace

bool find_type(std::string_view vendor, std::string_view type, Payload& payload) noexcept {
    return guarded(false, [&] {
        const PayloadType* found = sie::text::find_type(vendor, type);
        if (found == nullptr) return false;
        payload.vendor = found->vendor;
        payload.type = found->type;
        return true;
    });
}

std::string_view type_name(std::uint32_t vendor, std::uint32_t type) noexcept {
    const PayloadType* found = sie::text::find_type(vendor, type);
    return found == nullptr ? std::string_view{} : found->name;
}

struct Message::State {
    sie::text::DecodedPayload decoded;
    bool is_decoded = false;

    // The value of a field, stored or derived.
    std::optional<FieldValue> value(const FieldRow*& row, std::string_view field, std::size_t index) {
        if (!is_decoded) return std::nullopt;
        const PayloadType& type = *decoded.type();
        row = row_named(type, field);
        if (row == nullptr) return std::nullopt;
        const auto at = static_cast<std::size_t>(row - type.rows.data());
        if (row->label != sie::text::Label::repeated) {
            if (index != 0) return std::nullopt;
            if (row->kind == Kind::dnsqr_delay) {
                const auto delay = decoded.dnsqr_delay();
                return delay ? std::optional(FieldValue{std::bit_cast<std::uint64_t>(*delay), {}})
                             : std::nullopt;
            }
            return row->number == 0 && row->storage == Storage::bytes && row->kind != Kind::dnstap_qname
                       ? std::nullopt  // DNS messages: dns_message()
                       : decoded.value(at);
        }
        std::optional<FieldValue> found;
        std::size_t i = 0;
        decoded.fields().each(at, [&](const FieldValue& each) {
            if (i++ == index) found = each;
        });
        return found;
    }
};

Message::Message() noexcept
    : state_(guarded(std::unique_ptr<State>(), [] { return std::make_unique<State>(); })) {}
Message::~Message() = default;

bool Message::decode(const Payload& payload) noexcept {
    if (!state_) return false;
    state_->is_decoded = false;
    state_->is_decoded = guarded(false, [&] {
        return state_->decoded.decode(from_view(payload)) == sie::text::DecodedPayload::Outcome::decoded;
    });
    return state_->is_decoded;
}

std::size_t Message::count(std::string_view field) const noexcept {
    return guarded(std::size_t{0}, [&]() -> std::size_t {
        if (!state_) return 0;
        const FieldRow* row = nullptr;
        if (const auto value = state_->value(row, field, 0); row == nullptr || !value) return 0;
        if (row->label != sie::text::Label::repeated) return 1;
        return state_->decoded.fields().count(
            static_cast<std::size_t>(row - state_->decoded.type()->rows.data()));
    });
}

std::optional<std::uint64_t> Message::number(std::string_view field, std::size_t index) const noexcept {
    return guarded(std::optional<std::uint64_t>(), [&]() -> std::optional<std::uint64_t> {
        const FieldRow* row = nullptr;
        const auto value = state_ ? state_->value(row, field, index) : std::nullopt;
        if (!value || holds_octets(*row) || holds_real(*row)) return std::nullopt;
        return value->number;
    });
}

std::optional<double> Message::real(std::string_view field, std::size_t index) const noexcept {
    return guarded(std::optional<double>(), [&]() -> std::optional<double> {
        const FieldRow* row = nullptr;
        const auto value = state_ ? state_->value(row, field, index) : std::nullopt;
        if (!value || !holds_real(*row)) return std::nullopt;
        return std::bit_cast<double>(value->number);
    });
}

std::optional<Octets> Message::octets(std::string_view field, std::size_t index) const noexcept {
    return guarded(std::optional<Octets>(), [&]() -> std::optional<Octets> {
        const FieldRow* row = nullptr;
        const auto value = state_ ? state_->value(row, field, index) : std::nullopt;
        if (!value || !holds_octets(*row)) return std::nullopt;
        return value->octets;
    });
}

std::optional<std::string> Message::text(std::string_view field, std::size_t index) const noexcept {
    return guarded(std::optional<std::string>(), [&]() -> std::optional<std::string> {
        const FieldRow* row = nullptr;
        const auto value = state_ ? state_->value(row, field, index) : std::nullopt;
        sie::TextBuffer text;
        sie::text::RdataType rdata;
        if (!value) return std::nullopt;
        static_cast<void>(row->kind == Kind::rdata && state_->decoded.rdata_type(rdata.type, rdata.rrclass));
        if (!sie::text::append_value_text(text, *row, *value, rdata)) return std::nullopt;
        return text.str();
    });
}

std::optional<Octets> Message::dns_message(bool response) noexcept {
    return guarded(std::optional<Octets>(), [&]() -> std::optional<Octets> {
        if (!state_ || !state_->is_decoded || state_->decoded.type()->vendor != sie::nmsg::vendor_base ||
            state_->decoded.type()->type != sie::nmsg::type_dnsqr)
            return std::nullopt;
        return state_->decoded.dnsqr_message(response);
    });
}

struct MessageBuilder::State {
    const PayloadType* type = nullptr;
    std::string name;
    sie::text::PayloadEncoder encoder;
    sie::text::RdataType rdata;
    Error error{};

    void begin() {
        if (type != nullptr) encoder.start(*type);
        rdata = {};
        error = {};
    }
    void refuse(std::string_view field, const char* why) {
        if (error) return;
        error = {Error::Kind::usage, fmt::format("{}.{}: {}", name, sie::quoted(field), why), {}};
    }
    // The row, if a value of that sort may be put there.
    template <class Fits>
    const FieldRow* row_for(std::string_view field, const Fits& fits, const char* why) {
        if (type == nullptr) return nullptr;
        const FieldRow* row = row_named(*type, field);
        if (row == nullptr || row->number == 0) {
            refuse(field, "the type has no such field");
            return nullptr;
        }
        if (!fits(*row)) {
            refuse(field, why);
            return nullptr;
        }
        if (row->label != sie::text::Label::repeated && encoder.has(*row)) {
            refuse(field, "is there already");
            return nullptr;
        }
        return row;
    }
    void add(const FieldRow& row, const sie::text::StoredValue& value) {
        if (row.kind == Kind::rrtype && row.name == "rrtype")
            rdata.type = static_cast<std::uint16_t>(value.number);
        if (row.kind == Kind::rrclass && row.name == "rrclass")
            rdata.rrclass = static_cast<std::uint16_t>(value.number);
        encoder.add(row, value);
    }
};

MessageBuilder::MessageBuilder(std::string_view type) noexcept
    : state_(guarded(std::unique_ptr<State>(), [&] {
          auto state = std::make_unique<State>();
          state->name = type;
          state->type = sie::text::find_type(vendor_of_builders, type);
          state->begin();
          return state;
      })) {}
MessageBuilder::~MessageBuilder() = default;

namespace {

// One value into a builder; a failure is kept for finish().
template <class State, class Work>
void build(const std::unique_ptr<State>& state, const Work& work) noexcept {
    if (!state) return;
    Error error;
    guarded(error, false, [&] {
        work(*state);
        return true;
    });
    if (error && !state->error) state->error = std::move(error);
}

}  // namespace

MessageBuilder& MessageBuilder::number(std::string_view field, std::uint64_t value) noexcept {
    build(state_, [&](State& s) {
        const auto fits = [](const FieldRow& row) { return !holds_octets(row) && !holds_real(row); };
        if (const FieldRow* row = s.row_for(field, fits, "holds no number")) s.add(*row, {value});
    });
    return *this;
}

MessageBuilder& MessageBuilder::real(std::string_view field, double value) noexcept {
    build(state_, [&](State& s) {
        if (const FieldRow* row = s.row_for(field, holds_real, "holds no real number"))
            s.add(*row, {std::bit_cast<std::uint64_t>(value)});
    });
    return *this;
}

MessageBuilder& MessageBuilder::octets(std::string_view field, Octets value) noexcept {
    build(state_, [&](State& s) {
        if (const FieldRow* row = s.row_for(field, holds_octets, "holds no octets"))
            s.add(*row, {0, std::string(sie::as_text(value))});
    });
    return *this;
}

MessageBuilder& MessageBuilder::text(std::string_view field, std::string_view value) noexcept {
    build(state_, [&](State& s) {
        const FieldRow* row = s.row_for(
            field, [](const FieldRow&) { return true; }, "");
        if (row == nullptr) return;
        auto stored = sie::text::value_from_text(*row, value, s.rdata);
        if (!stored) return s.refuse(field, ("write " + sie::text::wanted(*row)).c_str());
        s.add(*row, *stored);
    });
    return *this;
}

bool MessageBuilder::finish(Payload& payload, Error& error) noexcept {
    if (!state_) {
        error = {Error::Kind::memory, {}, {}};
        return false;
    }
    return guarded(error, false, [&] {
        State& s = *state_;
        if (s.type == nullptr) {
            error = {Error::Kind::usage, "no type of vendor base is called " + sie::quoted(s.name), {}};
            return false;
        }
        const auto octets = s.encoder.finish();
        if (s.error)
            error = s.error;
        else if (!octets)
            error = {Error::Kind::usage, octets.error().text(), {}};
        const bool done = !error;
        if (done) {
            payload.vendor = s.type->vendor;
            payload.type = s.type->type;
            payload.octets = *octets;
        }
        s.begin();
        return done;
    });
}

}  // namespace sie_nmsg
