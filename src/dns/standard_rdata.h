// Rdata in the text of its RFC, as zone files have it (nmsgtool --rdata=standard).
//
// In: as for append_rdata(). Out: text appended, on one line, at most about 40 times the rdata. Hex is upper
// case, base64 and hex stand in one piece, names and strings are escaped by RFC 1035 §5.1. Rdata that is cut,
// has octets behind its end or bad values, and types that nobody registered print in the form of RFC 3597 §5:
// \# LENGTH HEX.
#pragma once

#include <string>

#include "base/text_buffer.h"

#include "dns/rdata_text.h"

namespace sie::dns {

void append_standard_rdata(TextBuffer& text, const Rdata& rdata);
// A name as zone files have it: besides dots and backslashes also " ; ( ) @ $ get a backslash.
void append_standard_name(TextBuffer& text, Octets wire);

}  // namespace sie::dns
