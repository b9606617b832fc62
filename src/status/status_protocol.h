// What is said on the status socket: one line from the client, one answer from the sensor, end.
//
//   client:  status text [columns=N] [blocks]   |  status json  |  metrics      and a newline
//   sensor:  ok OCTETS\n, then that many octets  |  error REASON\n              and closes
//
// The number lets the client see that an answer is whole. A request line is at most longest_request octets;
// unknown words are an error, so that a newer client learns that the sensor is older. Pure, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "status/status_board.h"
#include "status/status_text.h"

namespace sie::status {

struct StatusRequest {
    enum class Kind : std::uint8_t { text, json, metrics };
    Kind kind = Kind::text;
    TextForm form{};  // of text
};
constexpr std::size_t longest_request = 128;
constexpr std::size_t longest_answer = std::size_t{4} << 20;  // a client takes no more

[[nodiscard]] std::string request_line(const StatusRequest& request);
[[nodiscard]] std::optional<StatusRequest> parse_request(std::string_view line);  // without the newline

// The whole answer to what came so far; nothing yet, if there is no newline and there may still be one.
[[nodiscard]] std::optional<std::string> answer_status(std::string_view received, const StatusBoard& board);
// What a client got up to the end: what stands behind "ok". Errors: cut short, refused, no such protocol;
// they begin with `what`.
[[nodiscard]] Result<std::string> parse_answer(const std::string& what, std::string_view received);

}  // namespace sie::status
