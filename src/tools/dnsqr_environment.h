// The settings of the transaction rules from the environment, which both programs read.
#pragma once

#include "dnsqr/settings.h"

namespace sie::tools {

// Applies every variable of the settings table that is set; the first that is refused ends it.
[[nodiscard]] Result<void> apply_environment(dnsqr::Settings& settings);

}  // namespace sie::tools
