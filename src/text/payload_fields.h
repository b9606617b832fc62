// The fields of one payload, by the rows of its type: what protobuf would decode, as views.
//
// In: octets of a payload, which must outlive the views. Fields without a row are passed over. Memory of an
// earlier payload is used again. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/octets.h"
#include "nmsg/protobuf.h"
#include "text/payload_types.h"

namespace sie::text {

struct FieldValue {
    std::uint64_t number = 0;  // of a varint or fixed value
    Octets octets;
};

class PayloadFields {
  public:
    // False: malformed, a known field has another wire type, or a required field is missing.
    [[nodiscard]] bool decode(const PayloadType& type, Octets payload);

    // The last value of a field that is not repeated.
    [[nodiscard]] const FieldValue* last(std::size_t row) const {
        const OfRow& of = of_row_[row];
        if (of.count == 0) return nullptr;
        return of.last == none ? &of.first : &more_[of.last].value;
    }
    // The same by the row's name, which must be there.
    [[nodiscard]] const FieldValue* last(std::string_view name) const;
    // Every value of a row, in the order of the wire.
    template <class Visit>
    void each(std::size_t row, const Visit& visit) const {
        const OfRow& of = of_row_[row];
        if (of.count == 0) return;
        visit(of.first);
        for (std::uint32_t i = of.second; i != none; i = more_[i].next) visit(more_[i].value);
    }
    [[nodiscard]] std::size_t count(std::size_t row) const { return of_row_[row].count; }
    [[nodiscard]] std::size_t row_of(std::string_view name) const;
    // Is the message there that holds this row?
    [[nodiscard]] bool holder_is_there(const FieldRow& row) const {
        return row.inside == 0 || inner_is_there_;
    }

  private:
    static constexpr std::uint32_t none = UINT32_MAX;
    struct Listed {
        FieldValue value;
        std::uint32_t next = none;
    };
    struct OfRow {
        std::uint32_t count = 0, second = none, last = none;  // places in more_
        FieldValue first;
    };
    static constexpr std::size_t listed_numbers = 80;  // no type has a higher one
    static constexpr std::uint8_t no_row = UINT8_MAX;
    void use(const PayloadType& type);
    [[nodiscard]] std::size_t row_of_number(std::uint32_t number, std::uint32_t inside) const;
    [[nodiscard]] bool walk(Octets message, std::uint32_t inside);
    [[nodiscard]] bool take(std::size_t row, const nmsg::protobuf::Field& field);
    void put(std::size_t row, FieldValue value);

    const PayloadType* type_ = nullptr;
    std::vector<Listed> more_;  // the values of a row behind its first
    std::vector<OfRow> of_row_;
    std::array<std::uint8_t, listed_numbers> outer_rows_{}, inner_rows_{};  // by the field's number
    std::vector<std::uint8_t> required_;
    bool has_inner_ = false, inner_is_there_ = false;
};

}  // namespace sie::text
