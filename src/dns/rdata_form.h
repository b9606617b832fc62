// The two forms in which types and rdata are shown: as the reference tool has them (FACTS N62–N65), or as
// their RFCs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/text_buffer.h"

#include "dns/rdata_text.h"
#include "dns/standard_rdata.h"
#include "dns/standard_types.h"
#include "dns/type_name.h"

namespace sie::dns {

enum class RdataForm : std::uint8_t { reference, standard };

// True: there is surely neither a backslash nor a quotation mark in it.
inline bool append_rdata(TextBuffer& text, const Rdata& rdata, RdataForm form) {
    if (form == RdataForm::reference) return append_rdata(text, rdata);
    append_standard_rdata(text, rdata);
    return false;
}
inline void append_type(TextBuffer& text, std::uint16_t type, RdataForm form) {
    form == RdataForm::reference ? append_type(text, type) : append_standard_type(text, type);
}
// What has neither a backslash nor a quotation mark in either form: names of types, and whole addresses (null
// for other rdata, and for those that the standard form may write otherwise). As for put_type(),
// put_address().
[[nodiscard]] inline char* put_type(char* out, std::uint16_t type, RdataForm form) {
    return form == RdataForm::reference ? put_type(out, type) : put_standard_type(out, type);
}
[[nodiscard]] inline char* put_address(char* out, const Rdata& rdata, RdataForm form) {
    return form == RdataForm::reference ? put_address(out, rdata) : nullptr;
}
// "" if it has none.
[[nodiscard]] inline std::string_view type_name(std::uint16_t type, RdataForm form) {
    if (form == RdataForm::reference) return type_name(type);
    const StandardType* known = standard_type(type);
    return known == nullptr ? std::string_view{} : known->name;
}

}  // namespace sie::dns
