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
    const auto index = static_cast<std::uint32_t>(values_.size());
    values_.push_back({value, none});
    OfRow& of = of_row_[row];
    (of.last == none ? of.first : values_[of.last].next) = index;
    of.last = index;
    ++of.count;
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
        // A dozen or two of rows: the fields mostly come in the order of the rows, but not always.
        for (std::size_t row = 0; row < type_->rows.size(); ++row) {
            const FieldRow& is = type_->rows[row];
            if (is.number != field.number || is.inside != inside) continue;
            if (!take(row, field)) return false;
            break;
        }
    }
    if (walk.damaged()) return false;
    for (std::size_t row = 0; row < type_->rows.size(); ++row) {
        const FieldRow& is = type_->rows[row];
        if (is.inside == inside && is.label == Label::required && of_row_[row].last == none) return false;
    }
    return true;
}

bool PayloadFields::decode(const PayloadType& type, Octets payload) {
    type_ = &type;
    values_.clear();
    of_row_.assign(type.rows.size(), OfRow{});
    inner_is_there_ = false;
    if (!walk(payload, 0)) return false;
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
