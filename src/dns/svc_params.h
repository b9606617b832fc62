// SvcParams of SVCB and HTTPS records as text (RFC 9460 §2; FACTS N63).
#pragma once

#include <cstdint>
#include <string>

#include "base/octets.h"
#include "base/text_buffer.h"

namespace sie::dns {

// Appends `key=value ` for each, a blank behind; with `text` null the octets are only judged. False: one is
// cut, or its value is none that its key allows.
// `keys`: which of them have names; those that the reference tool knows (N63), or all of the registry of
// 2025.
enum class SvcKeys : std::uint8_t { first_seven, registry };
[[nodiscard]] bool append_svc_params(TextBuffer* text, Octets params, SvcKeys keys = SvcKeys::first_seven);

}  // namespace sie::dns
