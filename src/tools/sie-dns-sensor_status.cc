#include "tools/sie-dns-sensor_status.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>

#include "status/status_client.h"
#include "status/status_screen.h"
#include "tools/sie-dns-sensor_watch.h"

namespace sie::tools {
namespace {

using status::StatusRequest;
constexpr std::chrono::milliseconds patience{5000};

int refuse_status(const Error& error) {
    std::fprintf(stderr, "sie-dns-sensor: error: %s\n", error.text().c_str());
    return error.exit_status();
}

}  // namespace

int run_status(const StatusCommand& command) {
    if (command.form == StatusCommand::Form::watch) {
        const auto watched = watch_status(command.socket);
        return watched ? 0 : refuse_status(watched.error());
    }
    StatusRequest request;
    const bool terminal = ::isatty(STDOUT_FILENO) == 1;
    switch (command.form) {
        case StatusCommand::Form::json: request.kind = StatusRequest::Kind::json; break;
        case StatusCommand::Form::metrics: request.kind = StatusRequest::Kind::metrics; break;
        case StatusCommand::Form::text:
        case StatusCommand::Form::watch:
            if (terminal) request.form = terminal_form(terminal_size());
            break;
    }
    const auto answer = status::ask_status(command.socket, request, patience);
    if (!answer) return refuse_status(answer.error());
    std::string shown = terminal ? status::safe_for_terminal(*answer) : *answer;
    if (terminal && request.kind == StatusRequest::Kind::text && colours_wanted())
        shown = status::coloured(shown);
    // A full disk behind the redirection shows at the latest in the flush.
    if (std::fwrite(shown.data(), 1, shown.size(), stdout) != shown.size() || std::fflush(stdout) != 0)
        return refuse_status(fail_errno("standard output", "cannot write", errno).value());
    return 0;
}

}  // namespace sie::tools
