// Why an interface cannot be opened, and the mend.
#pragma once

#include <string>

#include "base/result.h"

namespace sie::capture {

// An interface's name as the system takes it: not empty, at most 15 octets.
[[nodiscard]] Result<void> check_interface_name(const std::string& name);
// Names those that there are.
[[nodiscard]] Error no_such_interface(const std::string& name);
// `why`: the system's reason.
[[nodiscard]] Error missing_privilege(const std::string& name, const std::string& why);

}  // namespace sie::capture
