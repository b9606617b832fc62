// One value of a payload as text, and back: what JSON writes between quotation marks, and what it reads
// there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/text_buffer.h"

#include "dns/rdata_form.h"
#include "text/payload_fields.h"

namespace sie::text {

// What rdata means, and how it and types are shown.
struct RdataType {
    std::uint16_t type = 0, rrclass = 0;
    dns::RdataForm form = dns::RdataForm::reference;
};

// A value that owns its octets: of bytes fields the octets, of others the number (doubles by their bits).
struct StoredValue {
    std::uint64_t number = 0;
    std::string octets{};
};

// Names, addresses, types, classes, rcodes, symbols, protocols, texts, rdata, numbers and true or false;
// nothing if the text is none for this row. Octets without a text of their own are not read here.
[[nodiscard]] std::optional<StoredValue> value_from_text(const FieldRow& row, std::string_view text,
                                                         RdataType rdata = {});
// The other way; false, and nothing appended, for octets without a text of their own.
bool append_value_text(TextBuffer& text, const FieldRow& row, const FieldValue& value, RdataType rdata = {});

}  // namespace sie::text
