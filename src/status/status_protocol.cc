#include "status/status_protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/quoted.h"
#include "status/metrics_text.h"
#include "status/status_json.h"

namespace sie::status {
namespace {

[[nodiscard]] std::string_view next_word(std::string_view& rest) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return word;
}

// All of `text`, decimal.
[[nodiscard]] std::optional<std::size_t> number_of(std::string_view text) {
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

[[nodiscard]] std::string refusal(std::string_view reason) { return fmt::format("error {}\n", reason); }

}  // namespace

std::string request_line(const StatusRequest& request) {
    switch (request.kind) {
        case StatusRequest::Kind::json: return "status json\n";
        case StatusRequest::Kind::metrics: return "metrics\n";
        case StatusRequest::Kind::text: break;
    }
    return fmt::format("status text columns={}{}\n", request.form.columns,
                       request.form.letters == Letters::blocks ? " blocks" : "");
}

std::optional<StatusRequest> parse_request(std::string_view line) {
    StatusRequest request;
    if (line == "metrics") return StatusRequest{StatusRequest::Kind::metrics, {}};
    if (line == "status json") return StatusRequest{StatusRequest::Kind::json, {}};
    std::string_view rest = line;
    if (next_word(rest) != "status" || next_word(rest) != "text") return std::nullopt;
    while (!rest.empty()) {
        const std::string_view word = next_word(rest);
        constexpr std::string_view columns = "columns=";
        if (word == "blocks") {
            request.form.letters = Letters::blocks;
        } else if (const auto number =
                       word.starts_with(columns) ? number_of(word.substr(columns.size())) : std::nullopt;
                   number && *number >= least_columns && *number <= most_columns) {
            request.form.columns = *number;
        } else {
            return std::nullopt;
        }
    }
    return request;
}

std::optional<std::string> answer_status(std::string_view received, const StatusBoard& board) {
    const std::size_t end = received.find('\n');
    if (end == std::string_view::npos && received.size() <= longest_request) return std::nullopt;
    if (end > longest_request) return refusal("the request is too long");  // npos is, too
    const auto request = parse_request(received.substr(0, end));
    if (!request)
        return refusal(fmt::format("no such request: {}; known are status text, status json, metrics",
                                   quoted(received.substr(0, end))));
    const auto report = board.latest();
    if (report == nullptr) return refusal("the sensor has only just been started; ask again in a second");
    std::string body;
    switch (request->kind) {
        case StatusRequest::Kind::text: body = status_text(*report, request->form); break;
        case StatusRequest::Kind::json: body = status_json(*report); break;
        case StatusRequest::Kind::metrics: body = metrics_text(*report); break;
    }
    return fmt::format("ok {}\n{}", body.size(), body);
}

Result<std::string> parse_answer(const std::string& what, std::string_view received) {
    const std::size_t end = received.find('\n');
    const auto cut = [&] {
        return fail(ErrorKind::system, what, "the answer is cut short",
                    "ask again; did the sensor just end?");
    };
    if (end == std::string_view::npos) return cut();
    const std::string_view head = received.substr(0, end), body = received.substr(end + 1);
    if (head.starts_with("error "))
        return fail(ErrorKind::system, what, "the sensor answers: " + quoted(head.substr(6), 200));
    const auto octets = head.starts_with("ok ") ? number_of(head.substr(3)) : std::nullopt;
    if (!octets)
        return fail(ErrorKind::system, what, "what answers there is no sensor", "is this its status socket?");
    if (body.size() != *octets) return cut();
    return std::string(body);
}

}  // namespace sie::status
