#include "status/unix_address.h"

#include <fmt/format.h>

#include <cstring>

namespace sie::status {

Result<sockaddr_un> unix_address(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path || path.find('\0') != std::string::npos)
        return fail(ErrorKind::usage, path.empty() ? "the status socket" : path,
                    "cannot be the path of a socket",
                    fmt::format("take one of 1 to {} octets", sizeof address.sun_path - 1));
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

}  // namespace sie::status
