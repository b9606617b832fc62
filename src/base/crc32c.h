// CRC-32C (Castagnoli, reflected polynomial 0x82f63b78, RFC 3720 §12.1): "123456789" gives e3069283.
//
// The CRC instruction of the machine is used where there is one, found at start; crc32c_plain is its twin in
// portable code, which tests compare it with.
#pragma once

#include <cstdint>

#include "base/octets.h"

namespace sie {

[[nodiscard]] std::uint32_t crc32c(Octets octets);
[[nodiscard]] std::uint32_t crc32c_plain(Octets octets);

}  // namespace sie
