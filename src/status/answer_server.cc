#include "status/answer_server.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <exception>
#include <system_error>
#include <utility>

namespace sie::status {

struct AnswerServer::Connection {
    enum class Step : std::uint8_t { reading, sending, draining };
    spool::Descriptor socket;
    std::size_t listener = 0;
    Clock::time_point since, until;
    Step step = Step::reading;
    std::string question, answer;
    std::size_t sent = 0;
    bool ready = false;  // poll(2) says so
    bool done = false;
};

namespace {

[[nodiscard]] bool would_block(int error_number) {
    static_assert(EAGAIN == EWOULDBLOCK);
    return error_number == EAGAIN || error_number == EINTR;
}

}  // namespace

AnswerServer::AnswerServer(std::vector<AnswerListener> listeners, const Limits& limits, sensor::WakePipe wake)
    : listeners_(std::move(listeners)), limits_(limits), wake_(std::move(wake)) {}

Result<std::unique_ptr<AnswerServer>> AnswerServer::start(std::vector<AnswerListener> listeners,
                                                          const Limits& limits) {
    for (const AnswerListener& listener : listeners)
        if (::fcntl(listener.socket.get(), F_SETFL, O_NONBLOCK) != 0)
            return fail_errno("status", "cannot set up a socket", errno);
    auto wake = sensor::WakePipe::open();
    if (!wake) return fail(std::move(wake.error()));
    std::unique_ptr<AnswerServer> server(new AnswerServer(std::move(listeners), limits, std::move(*wake)));
    // Signals are for the owner.
    sigset_t all, before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    int error_number = 0;
    try {
        server->thread_ = std::thread([raw = server.get()] { raw->run(); });
    } catch (const std::system_error& error) { error_number = error.code().value(); }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (error_number != 0) return fail_errno("status", "cannot start a thread", error_number);
    return server;
}

AnswerServer::~AnswerServer() {
    wake_.wake();
    if (thread_.joinable()) thread_.join();
}

void AnswerServer::run() {
    while (!ending_) {
        try {
            static_cast<void>(wait());
            const Clock::time_point now = Clock::now();
            for (Connection& connection : connections_)
                connection.done = now >= connection.until || (connection.ready && !go_on(connection));
            std::erase_if(connections_, [](const Connection& connection) { return connection.done; });
            if (now >= accept_again_)
                for (std::size_t i = 0; i < listeners_.size(); ++i) accept_all(i);
        } catch (const std::exception&) {
            // No memory: everybody goes, and the next ones may find some.
            connections_.clear();
            accept_again_ = Clock::now() + std::chrono::seconds(1);
        }
    }
}

int AnswerServer::wait() {
    const Clock::time_point now = Clock::now();
    Clock::time_point until = now + std::chrono::hours(1);
    std::vector<pollfd> polled{{wake_.fd(), POLLIN, 0}};
    const bool accepting = now >= accept_again_;
    if (!accepting) until = accept_again_;
    for (const AnswerListener& listener : listeners_)
        polled.push_back({accepting ? listener.socket.get() : -1, POLLIN, 0});
    const std::size_t first = polled.size();
    for (const Connection& connection : connections_) {
        polled.push_back({connection.socket.get(),
                          static_cast<short>(connection.step == Connection::Step::sending ? POLLOUT : POLLIN),
                          0});
        until = std::min(until, connection.until);
    }
    const auto most = std::chrono::ceil<std::chrono::milliseconds>(until - now).count();
    const int count = ::poll(polled.data(), polled.size(), static_cast<int>(std::max<std::int64_t>(most, 0)));
    ending_ = count > 0 && polled[0].revents != 0;
    for (std::size_t i = 0; i < connections_.size(); ++i)
        connections_[i].ready = count > 0 && polled[first + i].revents != 0;
    return count;
}

void AnswerServer::accept_all(std::size_t listener) {
    // Not without end: others want their turn.
    for (std::size_t i = 0; i < 2 * limits_.clients; ++i) {
        spool::Descriptor socket(::accept(listeners_[listener].socket.get(), nullptr, nullptr));
        if (socket.get() < 0) {
            if (!would_block(errno) && errno != ECONNABORTED)
                accept_again_ = Clock::now() + std::chrono::seconds(1);
            return;
        }
        if (::fcntl(socket.get(), F_SETFL, O_NONBLOCK) != 0 ||
            ::fcntl(socket.get(), F_SETFD, FD_CLOEXEC) != 0)
            continue;
        Connection connection;
        connection.socket = std::move(socket);
        connection.listener = listener;
        connection.since = Clock::now();
        connection.until = connection.since + limits_.life;
        // Its question is mostly there already, and then nobody has to go for it.
        if (!go_on(connection)) continue;
        make_room(listener);
        connections_.push_back(std::move(connection));
    }
}

// Who got an answer goes first, then who is silent, then who is slow in taking one; of each the oldest.
void AnswerServer::make_room(std::size_t listener) {
    const auto of_listener = [&](const Connection& c) { return c.listener == listener; };
    if (static_cast<std::size_t>(std::count_if(connections_.begin(), connections_.end(), of_listener)) <
        limits_.clients)
        return;
    const auto rank = [](const Connection& c) {
        constexpr std::array<int, 3> ranks{1, 2, 0};  // reading, sending, draining
        return std::pair(ranks[static_cast<std::size_t>(c.step)], c.since);
    };
    auto leaving = connections_.end();
    for (auto at = connections_.begin(); at != connections_.end(); ++at)
        if (of_listener(*at) && (leaving == connections_.end() || rank(*at) < rank(*leaving))) leaving = at;
    connections_.erase(leaving);
}

bool AnswerServer::go_on(Connection& connection) {
    if (connection.step == Connection::Step::reading && !take_question(connection)) return false;
    if (connection.step == Connection::Step::sending && !send_answer(connection)) return false;
    return connection.step != Connection::Step::draining || drain(connection);
}

bool AnswerServer::take_question(Connection& connection) {
    std::array<char, 2048> piece;
    while (connection.step == Connection::Step::reading) {
        const std::size_t room = longest_question - connection.question.size();
        const ssize_t n = ::recv(connection.socket.get(), piece.data(), std::min(piece.size(), room), 0);
        if (n < 0) return would_block(errno);
        if (n == 0) return false;
        connection.question.append(piece.data(), static_cast<std::size_t>(n));
        auto answer = listeners_[connection.listener].answer(connection.question);
        if (!answer && connection.question.size() >= longest_question) return false;
        if (answer) {
            connection.answer = std::move(*answer);
            connection.step = Connection::Step::sending;
        }
    }
    return true;
}

bool AnswerServer::send_answer(Connection& connection) {
    while (connection.sent < connection.answer.size()) {
        const ssize_t n = ::send(connection.socket.get(), connection.answer.data() + connection.sent,
                                 connection.answer.size() - connection.sent, MSG_NOSIGNAL);
        if (n < 0) return would_block(errno);
        connection.sent += static_cast<std::size_t>(n);
    }
    connection.answer = {};
    connection.step = Connection::Step::draining;
    connection.until = std::min(connection.until, Clock::now() + limits_.linger);
    return ::shutdown(connection.socket.get(), SHUT_WR) == 0;
}

bool AnswerServer::drain(Connection& connection) {
    std::array<char, 4096> piece;
    // A client that never stops sending has its turn like others; its time is bounded.
    for (int i = 0; i < 16; ++i) {
        const ssize_t n = ::recv(connection.socket.get(), piece.data(), piece.size(), 0);
        if (n < 0) return would_block(errno);
        if (n == 0) return false;
    }
    return true;
}

}  // namespace sie::status
