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
        if (!is_there(row)) return nullptr;
        const OfRow& of = of_row_[row];
        return of.last == none ? &of.first : &more_[of.last].value;
    }
    // The same by the row's name, which must be there.
    [[nodiscard]] const FieldValue* last(std::string_view name) const;
    // Every value of a row, in the order of the wire.
    template <class Visit>
    void each(std::size_t row, const Visit& visit) const {
        if (!is_there(row)) return;
        const OfRow& of = of_row_[row];
        visit(of.first);
        for (std::uint32_t i = of.second; i != none; i = more_[i].next) visit(more_[i].value);
    }
    [[nodiscard]] std::size_t count(std::size_t row) const { return is_there(row) ? of_row_[row].count : 0; }
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
    static constexpr std::size_t most_rows = 64;       // a bit each
    static constexpr std::uint8_t no_row = UINT8_MAX;
    struct Place {
        std::uint8_t row = no_row;
        nmsg::protobuf::Wire wire{};
    };
    using Places = std::array<Place, listed_numbers>;  // by the field's number
    // What is said of a row holds for this payload only if its bit is set: so nothing needs to be reset.
    [[nodiscard]] bool is_there(std::size_t row) const { return (seen_ >> row & 1) != 0; }
    void use(const PayloadType& type);
    [[nodiscard]] bool walk(Octets message, const Places& places, std::uint64_t required);
    [[nodiscard]] bool take_packed(std::size_t row, const nmsg::protobuf::Field& field);
    void put(std::size_t row, const FieldValue& value) {
        OfRow& of = of_row_[row];
        const std::uint64_t bit = std::uint64_t{1} << row;
        if ((seen_ & bit) != 0) return put_more(of, value);
        seen_ |= bit;
        of.count = 1;
        of.second = of.last = none;
        of.first = value;
    }
    void put_more(OfRow& of, const FieldValue& value);

    const PayloadType* type_ = nullptr;
    std::vector<Listed> more_;  // the values of a row behind its first
    std::array<OfRow, most_rows> of_row_{};
    Places outer_{}, inner_{};
    std::uint64_t seen_ = 0, required_outer_ = 0, required_inner_ = 0;  // a bit for each row
    std::size_t holder_ = no_row;                                       // of the inner message
    bool inner_is_there_ = false;
};

}  // namespace sie::text
