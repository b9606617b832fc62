// Answers short questions on listening sockets, whoever asks and however badly they behave.
//
// A thread of its own, so that no client can hold up the owner, whose loop waits for signals and feeds a
// watchdog; it takes reports from a StatusBoard and never calls the owner. For each listener: a question is
// collected, a function makes the answer of it, the answer is sent, the connection closed. Bounds: of the
// question's octets, of a connection's whole life, of connections at once. When one more comes, the one that
// has been silent longest makes room, so a hundred silent clients do not keep an honest one waiting. What a
// client sends beyond its question is read and thrown away for a moment (RFC 9112 §9.6), so that the answer
// is not lost in a reset. No descriptor blocks, the thread takes no signals, sockets are closed with the
// object.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/result.h"
#include "sensor/wake_pipe.h"
#include "spool/durable.h"

namespace sie::status {

struct AnswerListener {
    spool::Descriptor socket;  // listens already
    // The answer to what came so far, or nothing: more is needed. Called in the server's thread, once more
    // for each piece that comes; with longest_question octets it must give an answer.
    std::function<std::optional<std::string>(std::string_view received)> answer;
};

class AnswerServer {
  public:
    static constexpr std::size_t longest_question = 8192;
    struct Limits {
        std::size_t clients = 16;                // at once, of each listener
        std::chrono::milliseconds life{5000};    // of a connection, from accept to close
        std::chrono::milliseconds linger{1000};  // for reading on behind the answer, within `life`
    };

    // Starts the thread. Error: no pipe or no thread to be had.
    [[nodiscard]] static Result<std::unique_ptr<AnswerServer>> start(std::vector<AnswerListener> listeners,
                                                                     const Limits& limits);
    [[nodiscard]] static Result<std::unique_ptr<AnswerServer>> start(std::vector<AnswerListener> listeners) {
        return start(std::move(listeners), Limits());
    }
    AnswerServer(const AnswerServer&) = delete;
    AnswerServer& operator=(const AnswerServer&) = delete;
    // Ends the thread at once; answers under way are cut.
    ~AnswerServer();

  private:
    struct Connection;
    using Clock = std::chrono::steady_clock;
    AnswerServer(std::vector<AnswerListener> listeners, const Limits& limits, sensor::WakePipe wake);
    void run();
    [[nodiscard]] int wait();  // until something is ready or due; the number of what is
    void accept_all(std::size_t listener);
    void make_room(std::size_t listener);
    [[nodiscard]] bool go_on(Connection& connection);  // false: done with it
    [[nodiscard]] bool take_question(Connection& connection);
    [[nodiscard]] bool send_answer(Connection& connection);
    [[nodiscard]] static bool drain(Connection& connection);

    std::vector<AnswerListener> listeners_;
    const Limits limits_;
    const sensor::WakePipe wake_;
    std::vector<Connection> connections_;
    Clock::time_point accept_again_{};  // no accept(2) before: descriptors had run out
    bool ending_ = false;
    std::thread thread_;
};

}  // namespace sie::status
