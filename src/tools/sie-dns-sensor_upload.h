// sie-dns-sensor upload --once, and what the uploader is told: from the settings of the sensor to those of
// src/upload.
#pragma once

#include "service/settings.h"
#include "upload/settings.h"

namespace sie::tools {

// The login that the shipped file has to be replaced counts as none.
[[nodiscard]] upload::UploadSettings upload_settings_of(const service::SensorSettings& settings);

// Sends what waits, with a line for each file on standard output and for each fault on standard error. The
// exit status: 0 nothing waits any more, 1 something does, 3 modes or owner of the key are in the way.
// upload=no is no obstacle: whoever asks by hand means it.
[[nodiscard]] int upload_now(const service::SensorSettings& settings);

}  // namespace sie::tools
