// What this machine lacks of what the settings name: interfaces, the upload key, folders. Notes, not errors:
// a configuration is judged by its text, and may be written before the machine is ready.
#pragma once

#include <string>
#include <vector>

#include "service/settings.h"

namespace sie::service {

// The host's full name, else its name, else "unknown" (REFERENCE §5). Asks the resolver.
[[nodiscard]] std::string host_name();

// `outfile_prefix` if it is set, else the host's name, which goes into file names and is therefore checked
// like the setting.
[[nodiscard]] Result<std::string> file_prefix(const SensorSettings& settings);

// One line for each thing that is missing.
[[nodiscard]] std::vector<std::string> machine_notes(const SensorSettings& settings);

}  // namespace sie::service
