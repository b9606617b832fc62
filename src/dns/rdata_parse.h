// Rdata from the text that append_rdata() writes, back to octets (FACTS N55, N63, N64).
//
// In: text of one record, its type and class. Out: uncompressed rdata. Generic text (RFC 3597: \# LENGTH HEX)
// is taken for every type. Errors (usage): what is not understood, and where.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sie::dns {

[[nodiscard]] Result<std::string> rdata_from_text(std::string_view text, std::uint16_t type,
                                                  std::uint16_t rrclass);

}  // namespace sie::dns
