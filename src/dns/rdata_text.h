// Rdata as text, as the reference tool prints it (FACTS N63–N66).
//
// In: octets of a message and where the rdata stands in them (names may be compressed), or rdata that stands
// alone. Out: text appended. No output is bounded by anything but the rdata: at most about 40 times its size.
#pragma once

#include <cstdint>
#include <string>

#include "base/octets.h"
#include "base/text_buffer.h"

namespace sie::dns {

struct Rdata {
    Octets message;  // or the rdata itself
    std::size_t from = 0, to = 0;
    std::uint16_t type = 0, rrclass = 0;
    bool compressed = false;  // pointers are allowed: it stands in a message

    [[nodiscard]] static Rdata alone(Octets rdata, std::uint16_t type, std::uint16_t rrclass) {
        return {rdata, 0, rdata.size(), type, rrclass, false};
    }
    [[nodiscard]] Octets octets() const { return message.subspan(from, to - from); }
};

// Items separated by one blank. Where an item is cut or a name is bad, " ### PARSE ERROR ###" ends the text
// (N65); octets behind the last item are ignored. True: there is surely neither a backslash nor a quotation
// mark in it.
bool append_rdata(TextBuffer& text, const Rdata& rdata);
// What most records are: a whole address of the Internet class, and nothing behind it. The end of what was
// written, in `address_room`; null for others.
[[nodiscard]] char* put_address(char* out, const Rdata& rdata);
// N66: may this rdata stand in a message? It must be empty, end between two items or with the last one.
[[nodiscard]] bool rdata_is_well_formed(const Rdata& rdata);
// Has its type a layout, and does it hold in its class? Else its octets are opaque.
[[nodiscard]] bool rdata_is_known(const Rdata& rdata);
// One text for each option of an OPT record, handed to `each` (N63).
template <class Each>
bool for_each_edns_option(Octets rdata, const Each& each) {
    while (!rdata.empty()) {
        if (rdata.size() < 4) return false;
        const std::size_t size = load_be16(rdata.data() + 2);
        if (rdata.size() - 4 < size) return false;
        each(load_be16(rdata.data()), rdata.subspan(4, size));
        rdata = rdata.subspan(4 + size);
    }
    return true;
}
// In double quotes: a quotation mark and a backslash get a backslash, what is not printable is \DDD.
void append_character_string(TextBuffer& text, Octets octets);
void append_edns_option(TextBuffer& text, std::uint16_t code, Octets data);

}  // namespace sie::dns
