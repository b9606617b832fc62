// What the system says of its interfaces: names, and the addresses of one.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "net/address.h"

namespace sie::capture {

[[nodiscard]] std::vector<std::string> interface_names();  // sorted

// The addresses at which others reach this interface ("any": all of them): no loopback, no link-local, no
// unspecified address; sorted, IPv4 first. None is no error; an unknown interface is (denied).
[[nodiscard]] Result<std::vector<net::Address>> interface_addresses(const std::string& interface);

}  // namespace sie::capture
