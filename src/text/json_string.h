// Strings as JSON writes them here (FACTS N48, N49): short escapes for the usual control octets, \u00xx for
// the others, octets from 0x7f on raw.
#pragma once

#include <string>
#include <string_view>

#include "base/octets.h"

namespace sie::text {

// In quotes. What is not UTF-8 is not looked at: for text that is known to be ASCII.
void append_json_string(std::string& json, std::string_view text);
// In quotes. Every octet that is not UTF-8 becomes U+FFFD, an overlong sequence one. Each piece between those
// ends at its first NUL, as the original has it (vector nmsg-fragments).
void append_json_text(std::string& json, Octets octets);
// In quotes; null if there are none.
void append_json_base64(std::string& json, Octets octets);

}  // namespace sie::text
