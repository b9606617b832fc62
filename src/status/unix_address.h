// A path as the address of a Unix socket.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <string>

#include "base/result.h"

namespace sie::status {

// Error of kind usage: empty, or longer than the system allows (about 100 octets).
[[nodiscard]] Result<sockaddr_un> unix_address(const std::string& path);

[[nodiscard]] inline const sockaddr* generic(const sockaddr_un& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

}  // namespace sie::status
