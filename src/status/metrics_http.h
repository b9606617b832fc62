// GET /metrics on a loopback port, for Prometheus on the same host or behind a proxy of the operator's.
//
// Not a web server: a bounded responder of HTTP/1.1 (RFC 9112) that answers one request and closes, on the
// AnswerServer that serves the status socket too. cpp-httplib was tried and left: each client holds one of
// its eight threads, so that a hundred silent ones made the next request wait for 59 s, and Debian's links
// OpenSSL and Brotli into a process that is to have little in it. What of HTTP is needed are forty lines.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "status/answer_server.h"
#include "status/status_board.h"

namespace sie::status {

struct MetricsPort {
    std::vector<AnswerListener> listeners;  // 127.0.0.1, and ::1 where the host has it
    std::uint16_t port = 0;
};
// `port` 0: any that is free. `board` outlives the listeners. Errors: the port is in use (by what to change);
// denied, a port below 1024 without the privilege.
[[nodiscard]] Result<MetricsPort> open_metrics_port(std::uint16_t port, const StatusBoard& board);

// The whole response to what came so far; nothing yet, if the header section is not whole. 200 for GET and
// HEAD of /metrics, else 400, 404, 405, 431 (more than AnswerServer::longest_question octets), 503 (no report
// yet).
[[nodiscard]] std::optional<std::string> answer_http(std::string_view received, const StatusBoard& board);

}  // namespace sie::status
