// Questions at the status socket and the metrics port, and what a client takes for an answer: the same answer
// however the octets came, one in time, with the length that it states.
#include "fuzz/fuzz_target.h"
#include "status/metrics_http.h"
#include "status/status_protocol.h"

namespace sie::fuzz::status_questions {
namespace {

using namespace sie::status;
using Answer = std::optional<std::string> (*)(std::string_view, const StatusBoard&);

const StatusBoard& board() {
    static StatusBoard made;
    static const bool hung = (made.publish({}), true);
    static_cast<void>(hung);
    return made;
}

// What the server does: once more for each piece that comes, at most so many octets.
std::string answered(Answer answer, std::string_view question, std::size_t piece) {
    for (std::size_t end = 0; end < question.size(); end = std::min(end + piece, question.size()))
        if (auto made = answer(question.substr(0, end), board())) return *made;
    auto made = answer(question, board());
    require(made || question.size() < AnswerServer::longest_question, "a full buffer is answered");
    return made.value_or("");
}

void status_holds(std::string_view question) {
    const std::string answer = answered(answer_status, question, question.size() + 1);
    const auto body = parse_answer("socket", answer);
    require(answer.empty() || answer.starts_with(body ? "ok " : "error "),
            "a client knows an answer from a refusal");
    require(!body || answer.ends_with(*body), "a client gets the body");
    const auto request = parse_request(question.substr(0, question.find('\n')));
    require(!request || (request->form.columns >= least_columns && request->form.columns <= most_columns),
            "a form within its bounds");
    if (!request) return;
    const std::string line = request_line(*request);
    require(line.size() <= longest_request, "a request that can be asked");
    require_same(request_line(*parse_request(std::string_view(line).substr(0, line.size() - 1))), line,
                 "a request reads as it was written");
}

void http_holds(std::string_view answer, bool head_only) {
    if (answer.empty()) return;
    const std::size_t end = answer.find("\r\n\r\n"), at = answer.find("\r\nContent-Length: ");
    require(answer.starts_with("HTTP/1.1 ") && end != answer.npos && at < end, "a response of HTTP");
    const std::size_t body = answer.size() - end - 4;
    require((head_only && body == 0) || std::stoul(std::string(answer.substr(at + 18, 10))) == body,
            "the body is as long as stated");
}

}  // namespace
}  // namespace sie::fuzz::status_questions

SIE_FUZZ_TARGET(status_question) {
    using namespace sie;
    using namespace sie::fuzz;
    using namespace sie::fuzz::status_questions;
    if (input.empty()) return;
    const std::size_t piece = 1 + input[0];
    std::string_view question = as_text(input).substr(1, AnswerServer::longest_question);
    status_holds(question);
    static_cast<void>(parse_answer("socket", question));
    for (const Answer answer : {Answer(answer_http), Answer(answer_status)})
        require_same(answered(answer, question, piece), answered(answer, question, 1 + question.size() / 2),
                     "the same answer in other pieces");
    http_holds(answered(answer_http, question, piece), question.starts_with("HEAD "));
}
