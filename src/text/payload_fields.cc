#include "text/payload_fields.h"

#include <stdexcept>

namespace sie::text {

namespace {

using nmsg::protobuf::Wire;

constexpr Wire wire_of(Storage storage) {
    switch (storage) {
        case Storage::varint: return Wire::varint;
        case Storage::fixed32: return Wire::fixed32;
        case Storage::fixed64: return Wire::fixed64;
        case Storage::bytes: return Wire::bytes;
    }
    return Wire::bytes;
}

}  // namespace

void PayloadFields::put_more(std::size_t row, std::uint64_t number, Octets octets) {
    const auto index = static_cast<std::uint32_t>(more_.size());
    more_.push_back({{number, octets}, none});
    List& list = lists_[row];
    if (!is_listed(row)) {
        listed_ |= std::uint64_t{1} << row;
        list = {1, index, index};
    } else {
        more_[list.last].next = index;
        list.last = index;
    }
    ++list.count;
}

// A list of numbers may stand packed in one field.
bool PayloadFields::take_packed(std::size_t row, std::optional<Octets> packed) {
    const FieldRow& is = type_->rows[row];
    if (is.label != Label::repeated || !packed) return false;
    for (Octets rest = *packed; !rest.empty();) {
        std::uint64_t number = 0;
        if (is.storage == Storage::varint) {
            if (!nmsg::protobuf::take_varint(rest, number)) return false;
        } else {
            if (rest.size() < 4) return false;
            number = load_le32(rest.data());
            rest = rest.subspan(4);
        }
        put(row, number, {});
    }
    return true;
}

bool PayloadFields::walk(Octets message, const Places& places, std::uint64_t required) {
    nmsg::protobuf::FieldWalk walk(message);
    for (nmsg::protobuf::Field field; walk.next(field);) {
        const Place place = field.number < listed_numbers ? places[field.number] : Place{};
        if (place.row == no_row) continue;
        if (field.wire == place.wire)
            put(place.row, field.value, field.octets);
        else if (!take_packed(place.row, field.is_bytes() ? std::optional(field.octets) : std::nullopt))
            return false;
    }
    return !walk.damaged() && (seen_ & required) == required;
}

void PayloadFields::use(const PayloadType& type) {
    if (type.rows.size() > most_rows) throw std::logic_error("a type has more rows than bits");
    type_ = &type;
    outer_.fill({});
    inner_.fill({});
    required_outer_ = required_inner_ = 0;
    holder_ = no_row;
    for (std::size_t row = 0; row < type.rows.size(); ++row) {
        const FieldRow& is = type.rows[row];
        const bool outer = is.inside == 0;
        if (is.label == Label::required)
            (outer ? required_outer_ : required_inner_) |= std::uint64_t{1} << row;
        if (is.number == 0) continue;
        if (is.number >= listed_numbers) throw std::logic_error("a field's number is beyond the list");
        Place& place = (outer ? outer_ : inner_)[is.number];
        if (place.row == no_row) place = {static_cast<std::uint8_t>(row), wire_of(is.storage)};
        if (!outer) holder_ = is.inside;  // its number, for now
    }
    if (holder_ != no_row) holder_ = outer_[holder_].row;
}

bool PayloadFields::decode(const PayloadType& type, Octets payload) {
    if (type_ != &type) use(type);
    more_.clear();
    seen_ = listed_ = 0;
    inner_is_there_ = false;
    if (!walk(payload, outer_, required_outer_)) return false;
    if (holder_ == no_row) return true;
    const FieldValue* value = last(holder_);
    inner_is_there_ = value != nullptr;
    return value == nullptr || walk(Octets(value->octets), inner_, required_inner_);
}

std::size_t PayloadFields::row_of(std::string_view name) const {
    for (std::size_t row = 0; row < type_->rows.size(); ++row)
        if (type_->rows[row].name == name) return row;
    throw std::logic_error("no such row");
}

const FieldValue* PayloadFields::last(std::string_view name) const { return last(row_of(name)); }

}  // namespace sie::text
