#include "status/metrics_http.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "status/metrics_text.h"

namespace sie::status {
namespace {

constexpr int backlog = 64;

[[nodiscard]] std::string response(std::string_view status, std::string_view type, std::string_view body,
                                   bool head_only = false, std::string_view extra = {}) {
    return fmt::format(
        "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n"
        "Cache-Control: no-store\r\n{}\r\n{}",
        status, type, body.size(), extra, head_only ? std::string_view() : body);
}

[[nodiscard]] std::string refusal(std::string_view status, std::string_view extra = {}) {
    return response(status, "text/plain", fmt::format("{}\n", status), false, extra);
}

// A socket that listens on `address`; `port` is what it was or became. The error number, if not.
template <class Address>
[[nodiscard]] int listen_on(Address address, in_port_t Address::*field, std::uint16_t& port,
                            spool::Descriptor& out) {
    address.*field = htons(port);
    spool::Descriptor socket(::socket(reinterpret_cast<sockaddr*>(&address)->sa_family, SOCK_STREAM, 0));
    const int on = 1;
    if (socket.get() < 0) return errno;
    // Connections of an earlier process that are still closing are no obstacle.
    if (::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        ::fcntl(socket.get(), F_SETFD, FD_CLOEXEC) != 0 ||
        ::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(socket.get(), backlog) != 0)
        return errno;
    socklen_t size = sizeof address;
    if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) return errno;
    port = ntohs(address.*field);
    out = std::move(socket);
    return 0;
}

[[nodiscard]] tl::unexpected<Error> refused(const char* address, std::uint16_t port, int error_number) {
    const std::string what = fmt::format("metrics_port={}", port);
    if (error_number == EACCES)
        return fail(ErrorKind::denied, what, "may not be opened", "take a port above 1023");
    auto error = fail_errno(what, fmt::format("cannot listen on {}", address), error_number);
    if (error_number == EADDRINUSE) error.value().remedy = "take another port, or end what listens there";
    return error;
}

}  // namespace

Result<MetricsPort> open_metrics_port(std::uint16_t port, const StatusBoard& board) {
    MetricsPort made;
    made.port = port;
    const auto add = [&](spool::Descriptor socket) {
        made.listeners.push_back({std::move(socket), [&board](std::string_view received) {
                                      return answer_http(received, board);
                                  }});
    };
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    spool::Descriptor socket;
    if (const int error = listen_on(four, &sockaddr_in::sin_port, made.port, socket); error != 0)
        return refused("127.0.0.1", port, error);
    add(std::move(socket));
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    six.sin6_addr = in6addr_loopback;
    spool::Descriptor socket_six;
    const int error = listen_on(six, &sockaddr_in6::sin6_port, made.port, socket_six);
    if (error == 0) {
        add(std::move(socket_six));
    } else if (error != EADDRNOTAVAIL && error != EAFNOSUPPORT) {
        return refused("::1", made.port, error);
    }
    return made;
}

std::optional<std::string> answer_http(std::string_view received, const StatusBoard& board) {
    // RFC 9112 §2.2: a lone LF may end a line.
    const std::size_t end = std::min(received.find("\r\n\r\n"), received.find("\n\n"));
    if (end == std::string_view::npos) {
        if (received.size() < AnswerServer::longest_question) return std::nullopt;
        return refusal("431 Request Header Fields Too Large");
    }
    std::string_view line = received.substr(0, received.find('\n'));
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::size_t first = line.find(' '), last = line.rfind(' ');
    if (first == std::string_view::npos || first == 0 || first == last ||
        !line.substr(last + 1).starts_with("HTTP/1."))
        return refusal("400 Bad Request");
    const std::string_view method = line.substr(0, first), target = line.substr(first + 1, last - first - 1);
    if (target.find(' ') != std::string_view::npos) return refusal("400 Bad Request");
    if (target.substr(0, target.find('?')) != "/metrics") return refusal("404 Not Found");
    if (method != "GET" && method != "HEAD") return refusal("405 Method Not Allowed", "Allow: GET, HEAD\r\n");
    const auto report = board.latest();
    if (report == nullptr) return refusal("503 Service Unavailable", "Retry-After: 1\r\n");
    return response("200 OK", metrics_content_type, metrics_text(*report), method == "HEAD");
}

}  // namespace sie::status
