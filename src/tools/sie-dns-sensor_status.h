// `sie-dns-sensor status`: asks the running sensor and shows what it answers.
#pragma once

#include <cstdint>
#include <string>

#include "status/status_socket.h"

namespace sie::tools {

struct StatusCommand {
    enum class Form : std::uint8_t { text, json, metrics, watch };
    std::string socket = status::default_status_socket;
    Form form = Form::text;
};

// Prints text (with colours on a terminal, unless NO_COLOR is set), JSON or metrics on standard output, or
// watches. The exit status: 0; errors are said on standard error: 1, 2, or 3 if it may not ask.
[[nodiscard]] int run_status(const StatusCommand& command);

}  // namespace sie::tools
