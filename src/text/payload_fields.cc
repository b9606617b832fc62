#include "text/payload_fields.h"

#include <algorithm>
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

void PayloadFields::put(std::size_t row, FieldValue value) {
    OfRow& of = of_row_[row];
    if (of.count++ == 0) {
        of.first = value;
        return;
    }
    const auto index = static_cast<std::uint32_t>(more_.size());
    more_.push_back({value, none});
    (of.last == none ? of.second : more_[of.last].next) = index;
    of.last = index;
}

bool PayloadFields::take(std::size_t row, const nmsg::protobuf::Field& field) {
    const FieldRow& is = type_->rows[row];
    if (field.wire == wire_of(is.storage)) {
        put(row, {field.value, field.octets});
        return true;
    }
    // A list of numbers may stand packed in one field.
    if (is.label != Label::repeated || !field.is_bytes()) return false;
    for (Octets rest = field.octets; !rest.empty();) {
        FieldValue value;
        if (is.storage == Storage::varint) {
            if (!nmsg::protobuf::take_varint(rest, value.number)) return false;
        } else {
            if (rest.size() < 4) return false;
            value.number = load_le32(rest.data());
            rest = rest.subspan(4);
        }
        put(row, value);
    }
    return true;
}

bool PayloadFields::walk(Octets message, std::uint32_t inside) {
    nmsg::protobuf::FieldWalk walk(message);
    for (nmsg::protobuf::Field field; walk.next(field);) {
        const std::size_t row = row_of_number(field.number, inside);
        if (row != no_row && !take(row, field)) return false;
    }
    if (walk.damaged()) return false;
    for (const std::size_t row : required_)
        if (type_->rows[row].inside == inside && of_row_[row].count == 0) return false;
    return true;
}

// By the lists that use() made; what has no place there has no row.
std::size_t PayloadFields::row_of_number(std::uint32_t number, std::uint32_t inside) const {
    if (number >= listed_numbers) return no_row;
    return (inside == 0 ? outer_rows_ : inner_rows_)[number];
}

void PayloadFields::use(const PayloadType& type) {
    type_ = &type;
    outer_rows_.fill(no_row);
    inner_rows_.fill(no_row);
    required_.clear();
    has_inner_ = false;
    for (std::size_t row = 0; row < type.rows.size(); ++row) {
        const FieldRow& is = type.rows[row];
        has_inner_ = has_inner_ || is.inside != 0;
        if (is.label == Label::required) required_.push_back(static_cast<std::uint8_t>(row));
        if (is.number == 0) continue;
        if (is.number >= listed_numbers) throw std::logic_error("a field's number is beyond the list");
        std::uint8_t& place = (is.inside == 0 ? outer_rows_ : inner_rows_)[is.number];
        if (place == no_row) place = static_cast<std::uint8_t>(row);
    }
}

bool PayloadFields::decode(const PayloadType& type, Octets payload) {
    if (type_ != &type) use(type);
    more_.clear();
    of_row_.resize(type.rows.size());
    for (OfRow& of : of_row_) {
        of.count = 0;
        of.second = of.last = none;
    }
    inner_is_there_ = false;
    if (!walk(payload, 0)) return false;
    if (!has_inner_) return true;
    const auto inner =
        std::find_if(type.rows.begin(), type.rows.end(), [](const FieldRow& row) { return row.inside != 0; });
    if (inner == type.rows.end()) return true;
    const auto holder = std::find_if(type.rows.begin(), type.rows.end(), [&](const FieldRow& row) {
        return row.inside == 0 && row.number == inner->inside;
    });
    const FieldValue* value = last(static_cast<std::size_t>(holder - type.rows.begin()));
    inner_is_there_ = value != nullptr;
    return value == nullptr || walk(Octets(value->octets), inner->inside);
}

std::size_t PayloadFields::row_of(std::string_view name) const {
    for (std::size_t row = 0; row < type_->rows.size(); ++row)
        if (type_->rows[row].name == name) return row;
    throw std::logic_error("no such row");
}

const FieldValue* PayloadFields::last(std::string_view name) const { return last(row_of(name)); }

}  // namespace sie::text
