// What a capture-file reader says when the file is not what it says it is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/octet_source.h"
#include "base/result.h"

namespace sie::capture {

// The error for damage in the record or block that begins at `offset`. Where reading or decompression failed
// as well, that reason stands behind in brackets, and decides what kind of error it is.
[[nodiscard]] Error damage_at(const OctetSource& source, std::uint64_t offset, std::string why);
// For a source that has no whole header any more: no error at a plain end; `why` if a part of a header is
// there.
[[nodiscard]] std::optional<Error> short_at(const OctetSource& source, bool nothing_left, std::string why);
// The same for a file that is refused before its first frame.
[[nodiscard]] Error refusal_at(const OctetSource& source, std::uint64_t offset, std::string why,
                               std::string remedy);
[[nodiscard]] Error unknown_link_type(const OctetSource& source, std::uint64_t offset, std::uint32_t number);

}  // namespace sie::capture
