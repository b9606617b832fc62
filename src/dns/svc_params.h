// SvcParams of SVCB and HTTPS records as text (RFC 9460 §2; FACTS N63).
#pragma once

#include <string>

#include "base/octets.h"

namespace sie::dns {

// Appends `key=value ` for each, a blank behind; with `text` null the octets are only judged. False: one is
// cut, or its value is none that its key allows.
[[nodiscard]] bool append_svc_params(std::string* text, Octets params);

}  // namespace sie::dns
