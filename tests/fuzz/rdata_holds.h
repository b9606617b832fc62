// What must hold of every rdata, alone or in a message, whatever its type: both printers and the reader of
// text.
#pragma once

#include "dns/rdata_form.h"
#include "dns/rdata_parse.h"
#include "fuzz/fuzz_target.h"

namespace sie::fuzz {

// At most that many characters an octet: a bit of a bitmap may be "TYPE65535 ". Names that pointers lead to
// are longer, but bounded by themselves.
inline void text_holds(std::string_view text, const dns::Rdata& rdata, bool lines) {
    const std::size_t octets = rdata.to - rdata.from;
    require(rdata.compressed || text.size() <= 80 * octets + 64, "the text is no longer than said");
    for (const char c : text)
        require((c >= 0x20 && c < 0x7f) || (lines && c == '\n'), "the text is printable");
}

// The octets that the text stands for print as it and read as themselves.
inline void reads_back(std::string_view text, const dns::Rdata& rdata, bool sound) {
    constexpr std::uint16_t opt = 41;
    const auto octets = dns::rdata_from_text(text, rdata.type, rdata.rrclass);
    if (!octets) {
        // Options are for people, and rdata of a class without meaning has no text.
        require(!sound || rdata.type == opt || !dns::rdata_is_known(rdata), "text of sound rdata is read");
        return;
    }
    TextBuffer again;
    dns::append_rdata(again, dns::Rdata::alone(as_octets(*octets), rdata.type, rdata.rrclass));
    const auto once_more = dns::rdata_from_text(again.view(), rdata.type, rdata.rrclass);
    require(once_more.has_value(), "text of what was read is read");
    require_same(*octets, *once_more, "rdata comes back from its text");
}

inline void rdata_holds(const dns::Rdata& rdata) {
    constexpr std::uint16_t opt = 41;
    TextBuffer text, standard;
    const bool plain = dns::append_rdata(text, rdata);
    require(!plain || text.view().find_first_of("\\\"") == std::string_view::npos,
            "plain text needs no escape");
    text_holds(text.view(), rdata, rdata.type == opt);
    const bool sound = dns::rdata_is_well_formed(rdata), known = dns::rdata_is_known(rdata);
    require(!(sound && known && text.view().ends_with(" ###")), "sound rdata prints without an error");
    reads_back(text.view(), rdata, sound);
    dns::append_rdata(standard, rdata, dns::RdataForm::standard);
    text_holds(standard.view(), rdata, false);
    require(!standard.empty() || rdata.to == rdata.from, "the standard form shows every rdata");
}

}  // namespace sie::fuzz
