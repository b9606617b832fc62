// Asks a running sensor on its status socket.
#pragma once

#include <chrono>
#include <string>

#include "base/result.h"
#include "status/status_protocol.h"

namespace sie::status {

// The body of the answer, whole. Never takes longer than `most`. Errors name the socket and what to do: there
// is none, or nobody listens (does it run?), denied (which group may), no answer in time, an answer that is
// cut short or refused. Any thread.
[[nodiscard]] Result<std::string> ask_status(const std::string& path, const StatusRequest& request,
                                             std::chrono::milliseconds most);

// Text from the socket for a terminal: printable ASCII, newlines and the blocks of a sparkline stay, every
// other octet becomes a question mark, since whoever owns the socket may write what he likes.
[[nodiscard]] std::string safe_for_terminal(const std::string& answer);

}  // namespace sie::status
