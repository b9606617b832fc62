// One value of a filter expression, and what it is compared with: PayloadFilter's leaves.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/text_buffer.h"
#include "net/address.h"
#include "text/payload_fields.h"
#include "text/value_text.h"

namespace sie::text {

enum class Compare : std::uint8_t { there, equal, unequal, less, at_most, greater, at_least };

template <class T>
[[nodiscard]] bool ordered(const T& has, Compare compare, const T& wanted) {
    switch (compare) {
        case Compare::there: return true;
        case Compare::equal: return has == wanted;
        case Compare::unequal: return has != wanted;
        case Compare::less: return has < wanted;
        case Compare::at_most: return has <= wanted;
        case Compare::greater: return has > wanted;
        case Compare::at_least: return has >= wanted;
    }
    return false;
}

// Whole numbers of either sign in one order.
struct WholeNumber {
    bool positive = true;
    std::uint64_t bits = 0;  // two's complement
    friend auto operator<=>(const WholeNumber&, const WholeNumber&) = default;
    [[nodiscard]] static WholeNumber of(std::int64_t value) {
        return {value >= 0, static_cast<std::uint64_t>(value)};
    }
    [[nodiscard]] static WholeNumber of_unsigned(std::uint64_t value) { return {true, value}; }
};

// A text in which * stands for any octets.
struct Pattern {
    std::string text;
    bool any_case = false;
};
[[nodiscard]] bool fits(const Pattern& pattern, std::string_view text);

using FilterValue = std::variant<WholeNumber, double, net::Prefix, Pattern, std::string>;  // the last: octets

// What the text means for a field of this row; nothing if it means nothing there, or if this comparison has
// no sense for such a field.
[[nodiscard]] std::optional<FilterValue> filter_value(const FieldRow& row, Compare compare,
                                                      std::string_view text);
// `scratch` is memory to use. `rdata`: of rdata, its type and class.
[[nodiscard]] bool holds(const FieldRow& row, const FieldValue& has, Compare compare,
                         const FilterValue& wanted, TextBuffer& scratch, RdataType rdata = {});
[[nodiscard]] bool holds(WholeNumber has, Compare compare, WholeNumber wanted);
[[nodiscard]] bool holds(double has, Compare compare, double wanted);

}  // namespace sie::text
