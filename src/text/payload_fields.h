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
        return is_listed(row) ? &more_[lists_[row].last].value : &first_[row];
    }
    // The same by the row's name, which must be there.
    [[nodiscard]] const FieldValue* last(std::string_view name) const;
    // Every value of a row, in the order of the wire.
    template <class Visit>
    void each(std::size_t row, const Visit& visit) const {
        if (!is_there(row)) return;
        visit(first_[row]);
        if (!is_listed(row)) return;
        for (std::uint32_t i = lists_[row].second; i != none; i = more_[i].next) visit(more_[i].value);
    }
    [[nodiscard]] std::size_t count(std::size_t row) const {
        return !is_there(row) ? 0 : is_listed(row) ? lists_[row].count : 1;
    }
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
    struct List {
        std::uint32_t count = 0, second = none, last = none;  // places in more_
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
    [[nodiscard]] bool is_listed(std::size_t row) const { return (listed_ >> row & 1) != 0; }
    void use(const PayloadType& type);
    [[nodiscard]] bool walk(Octets message, const Places& places, std::uint64_t required);
    // `packed`: of a field that holds octets; nothing if it holds none.
    [[nodiscard]] bool take_packed(std::size_t row, std::optional<Octets> packed);
    [[gnu::always_inline]] void put(std::size_t row, std::uint64_t number, Octets octets) {
        const std::uint64_t bit = std::uint64_t{1} << row;
        if ((seen_ & bit) != 0) return put_more(row, number, octets);
        seen_ |= bit;
        first_[row] = {number, octets};
    }
    void put_more(std::size_t row, std::uint64_t number, Octets octets);

    const PayloadType* type_ = nullptr;
    std::vector<Listed> more_;  // the values of a row behind its first
    std::array<FieldValue, most_rows> first_{};
    std::array<List, most_rows> lists_{};  // of rows with more than one value
    Places outer_{}, inner_{};
    // A bit for each row: has it a value, has it more than one, must it have one.
    std::uint64_t seen_ = 0, listed_ = 0, required_outer_ = 0, required_inner_ = 0;
    std::size_t holder_ = no_row;  // of the inner message
    bool inner_is_there_ = false;
};

}  // namespace sie::text
