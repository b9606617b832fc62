// The status socket and the loopback port, with honest and with hostile clients; the client, with honest and
// with hostile sensors.
#include "status/status_socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "status/made_report.h"
#include "status/metrics_http.h"
#include "status/metrics_text.h"
#include "status/metrics_textfile.h"
#include "status/status_client.h"
#include "status/status_json.h"
#include "status/status_protocol.h"
#include "status/unix_address.h"
#include "support/seed.h"

namespace sie::status {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;
using Clock = std::chrono::steady_clock;

class Folder {
  public:
    Folder() {
        std::string name = std::filesystem::temp_directory_path() / "sie-status.XXXXXX";
        path_ = ::mkdtemp(name.data());
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] std::string operator/(const char* name) const { return path_ / name; }

  private:
    std::filesystem::path path_;
};

// A client by hand; every wait is bounded.
class Client {
  public:
    explicit Client(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
        const auto address = unix_address(path).value();
        bound();
        EXPECT_EQ(::connect(fd_.get(), generic(address), sizeof address), 0) << path;
    }
    explicit Client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(port);
        bound();
        EXPECT_EQ(::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0) << port;
    }
    // False: the other side does not take it any more.
    bool say(std::string_view text) const {
        while (!text.empty()) {
            const ssize_t n = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
            if (n <= 0) return false;
            text.remove_prefix(static_cast<std::size_t>(n));
        }
        return true;
    }
    // All up to the end, or what came in ten seconds.
    [[nodiscard]] std::string hear() const {
        std::string all;
        char piece[4096];
        for (ssize_t n = 0; (n = ::recv(fd_.get(), piece, sizeof piece, 0)) > 0;)
            all.append(piece, static_cast<std::size_t>(n));
        return all;
    }
    [[nodiscard]] int fd() const { return fd_.get(); }

  private:
    void bound() const {
        const timeval ten{10, 0};
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &ten, sizeof ten);
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &ten, sizeof ten);
    }
    spool::Descriptor fd_;
};

struct Served : testing::Test {
    void serve(const AnswerServer::Limits& limits = {}) {
        board.publish(test::full_report());
        auto opened = StatusSocket::open(path);
        ASSERT_TRUE(opened) << opened.error().text();
        socket.emplace(std::move(*opened));
        auto http = open_metrics_port(0, board);
        ASSERT_TRUE(http) << http.error().text();
        port = http->port;
        std::vector<AnswerListener> listeners = std::move(http->listeners);
        listeners.push_back(socket->listener(board));
        auto started = AnswerServer::start(std::move(listeners), limits);
        ASSERT_TRUE(started) << started.error().text();
        server = std::move(*started);
    }
    [[nodiscard]] Result<std::string> ask(StatusRequest::Kind kind = StatusRequest::Kind::json) const {
        return ask_status(path, {kind, {}}, 3s);
    }
    [[nodiscard]] std::string get(const std::string& request) const {
        const Client client(port);
        EXPECT_TRUE(client.say(request));
        return client.hear();
    }
    // An honest client is answered well within a second.
    void expect_served() const {
        const auto begin = Clock::now();
        const auto answer = ask();
        ASSERT_TRUE(answer) << answer.error().text();
        EXPECT_EQ(*answer, status_json(test::full_report()));
        EXPECT_THAT(get("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"), StartsWith("HTTP/1.1 200 OK\r\n"));
        EXPECT_LT(Clock::now() - begin, 1s);
    }

    Folder folder;
    std::string path = folder / "status.sock";
    StatusBoard board;
    std::optional<StatusSocket> socket;
    std::uint16_t port = 0;
    std::unique_ptr<AnswerServer> server;
};

TEST_F(Served, EachRequestHasItsAnswer) {
    serve();
    EXPECT_EQ(ask(StatusRequest::Kind::text).value(), status_text(test::full_report(), {}));
    EXPECT_EQ(ask(StatusRequest::Kind::json).value(), status_json(test::full_report()));
    EXPECT_EQ(ask(StatusRequest::Kind::metrics).value(), metrics_text(test::full_report()));
    EXPECT_EQ(ask_status(path, {StatusRequest::Kind::text, {132, Letters::blocks}}, 3s).value(),
              status_text(test::full_report(), {132, Letters::blocks}));
    board.publish(test::calm_report());
    EXPECT_EQ(ask().value(), status_json(test::calm_report()));
}

TEST_F(Served, OwnerAndGroupMayAskAndNobodyElse) {
    serve();
    struct stat status {};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0660U);
}

TEST_F(Served, AnUnknownRequestIsRefusedByName) {
    serve();
    for (const char* line :
         {"status", "status xml", "metrics ", "status text columns=12", "status text columns=1e9",
          "status text columns=", "", "GET / HTTP/1.1\r", "status text \x1b[2J"}) {
        const Client client(path);
        ASSERT_TRUE(client.say(std::string(line) + "\n"));
        EXPECT_THAT(client.hear(), StartsWith("error no such request: \"")) << line;
    }
}

TEST_F(Served, BeforeTheFirstReportItSaysSo) {
    auto opened = StatusSocket::open(path);
    ASSERT_TRUE(opened);
    socket.emplace(std::move(*opened));
    std::vector<AnswerListener> listeners;
    listeners.push_back(socket->listener(board));
    server = AnswerServer::start(std::move(listeners)).value();
    EXPECT_THAT(ask().error().text(), HasSubstr("only just been started"));
    EXPECT_THAT(answer_http("GET /metrics HTTP/1.0\r\n\r\n", board).value(), StartsWith("HTTP/1.1 503 "));
}

TEST_F(Served, AHundredSilentClientsKeepNobodyWaiting) {
    serve();
    std::vector<std::unique_ptr<Client>> silent;
    for (int i = 0; i < 100; ++i) {
        silent.push_back(std::make_unique<Client>(path));
        silent.push_back(std::make_unique<Client>(port));
        if (i % 10 == 0) expect_served();
    }
    expect_served();
}

TEST_F(Served, AClientThatStaysSilentIsHungUpOn) {
    serve({16, 300ms, 100ms});
    const Client silent(path), half(path), half_http(port);
    ASSERT_TRUE(half.say("status js"));
    ASSERT_TRUE(half_http.say("GET /metrics HTTP/1.1\r\nHost:"));
    const auto begin = Clock::now();
    EXPECT_EQ(silent.hear(), "");
    EXPECT_EQ(half.hear(), "");
    EXPECT_EQ(half_http.hear(), "");
    EXPECT_GT(Clock::now() - begin, 200ms);
    EXPECT_LT(Clock::now() - begin, 3s);
}

TEST_F(Served, ARequestOfAMegabyteIsRefusedAndItsClientHearsWhy) {
    serve();
    const std::string megabyte(1 << 20, 'x');
    {
        const Client client(path);
        static_cast<void>(client.say(megabyte));
        EXPECT_EQ(client.hear(), "error the request is too long\n");
    }
    {
        const Client client(port);
        static_cast<void>(client.say("GET /metrics HTTP/1.1\r\nCookie: " + megabyte));
        EXPECT_THAT(client.hear(), StartsWith("HTTP/1.1 431 "));
    }
    expect_served();
}

TEST_F(Served, HalfARequestAndGoneHarmsNobody) {
    serve();
    for (int i = 0; i < 50; ++i) {
        const Client client(path), other(port);
        ASSERT_TRUE(client.say("status "));
        ASSERT_TRUE(other.say("GET /met"));
    }
    expect_served();
}

TEST_F(Served, ARequestInPiecesIsOne) {
    serve();
    const Client client(path);
    for (const char c : std::string_view("status json\n")) {
        ASSERT_TRUE(client.say(std::string(1, c)));
        std::this_thread::sleep_for(2ms);
    }
    EXPECT_EQ(parse_answer("x", client.hear()).value(), status_json(test::full_report()));
}

TEST_F(Served, ASlowReaderHoldsUpNobodyAndIsHungUpOn) {
    serve({16, 1000ms, 100ms});
    std::vector<std::unique_ptr<Client>> slow;
    for (int i = 0; i < 16; ++i) {
        slow.push_back(std::make_unique<Client>(port));
        const int least = 1;  // the kernel takes the least there is
        ::setsockopt(slow.back()->fd(), SOL_SOCKET, SO_RCVBUF, &least, sizeof least);
        ASSERT_TRUE(slow.back()->say("GET /metrics HTTP/1.1\r\n\r\n"));
    }
    expect_served();
    std::this_thread::sleep_for(1200ms);
    expect_served();
}

TEST_F(Served, AClientThatGoesInTheMiddleOfItsAnswerHarmsNobody) {
    serve();
    for (int i = 0; i < 50; ++i) {
        const Client client(path), other(port);
        ASSERT_TRUE(client.say("metrics\n"));
        ASSERT_TRUE(other.say("GET /metrics HTTP/1.1\r\n\r\n"));
        char octet = 0;
        ASSERT_EQ(::recv(client.fd(), &octet, 1, 0), 1);
        const linger reset{1, 0};
        ::setsockopt(other.fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    }
    expect_served();
}

TEST_F(Served, AClientThatNeverStopsSendingIsHungUpOn) {
    serve({16, 500ms, 200ms});
    const Client client(path);
    ASSERT_TRUE(client.say("status json\n"));
    const auto begin = Clock::now();
    while (client.say(std::string(4096, 'x')) && Clock::now() - begin < 5s) {}
    EXPECT_LT(Clock::now() - begin, 3s);
    expect_served();
}

TEST_F(Served, TheEndOfTheServerDoesNotWaitForClients) {
    serve();
    const Client silent(path), other(port);
    const auto begin = Clock::now();
    server.reset();
    EXPECT_LT(Clock::now() - begin, 500ms);
    socket.reset();
    EXPECT_FALSE(std::filesystem::exists(path)) << "the socket is removed";
    EXPECT_THAT(ask().error().text(), HasSubstr("no such socket; is the sensor running?"));
}

TEST_F(Served, ReportsMayChangeWhileManyAsk) {
    serve();
    std::atomic<bool> over = false;
    std::thread owner([&] {
        while (!over) board.publish(test::full_report());
    });
    for (int i = 0; i < 50; ++i) EXPECT_EQ(ask().value_or(""), status_json(test::full_report()));
    over = true;
    owner.join();
}

TEST_F(Served, WhatHttpIsAnsweredWith) {
    serve();
    const std::string metrics = metrics_text(test::full_report());
    EXPECT_EQ(
        get("GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n"),
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: " +
            std::to_string(metrics.size()) + "\r\nConnection: close\r\nCache-Control: no-store\r\n\r\n" +
            metrics);
    EXPECT_THAT(get("GET /metrics?x=1 HTTP/1.0\n\n"), StartsWith("HTTP/1.1 200 OK\r\n"));
    const std::string head = get("HEAD /metrics HTTP/1.1\r\n\r\n");
    EXPECT_THAT(head, HasSubstr("Content-Length: " + std::to_string(metrics.size()) + "\r\n"));
    EXPECT_TRUE(head.ends_with("\r\n\r\n")) << "no body";
    EXPECT_THAT(get("GET / HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 404 "));
    EXPECT_THAT(get("GET /metrics/../etc HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 404 "));
    for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "get"}) {
        const std::string answer =
            get(std::string(method) + " /metrics HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 405 "));
        EXPECT_THAT(answer, HasSubstr("\r\nAllow: GET, HEAD\r\n"));
    }
    for (const char* bad : {"GET /metrics\r\n\r\n", "GET  /metrics x HTTP/1.1\r\n\r\n", "\r\n\r\n",
                            " / HTTP/1.1\n\n", "GET /metrics HTTP/2.0\r\n\r\n", "\x16\x03\x01 tls hello\n\n"})
        EXPECT_THAT(get(bad), StartsWith("HTTP/1.1 400 ")) << bad;
}

TEST_F(Served, ThePortListensOnLoopbackAlone) {
    serve();
    std::ifstream table("/proc/net/tcp");
    if (!table) GTEST_SKIP() << "no /proc/net/tcp";
    char end[8];
    std::snprintf(end, sizeof end, ":%04X", port);
    int listening = 0;
    for (std::string line; std::getline(table, line);)
        if (line.find(std::string(end) + " 00000000:0000 0A") != std::string::npos) {
            ++listening;
            EXPECT_THAT(line, HasSubstr("0100007F" + std::string(end)));
        }
    EXPECT_EQ(listening, 1);
}

TEST_F(Served, APortInUseIsNamed) {
    serve();
    const auto second = open_metrics_port(port, board);
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().text(), HasSubstr("metrics_port=" + std::to_string(port)));
    EXPECT_THAT(second.error().text(), HasSubstr("take another port"));
}

TEST_F(Served, ASecondSensorIsRefusedAndTheFirstGoesOn) {
    serve();
    const auto second = StatusSocket::open(path);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().text(),
              path + ": a running sensor listens there; stop it, or give this one a socket of its own");
    EXPECT_EQ(second.error().exit_status(), 3);
    expect_served();
}

TEST(StatusSocket, OneOfADeadProcessIsReplaced) {
    const Folder folder;
    const std::string path = folder / "s";
    {
        const spool::Descriptor dead(::socket(AF_UNIX, SOCK_STREAM, 0));
        const auto address = unix_address(path).value();
        ASSERT_EQ(::bind(dead.get(), generic(address), sizeof address), 0);
        ASSERT_EQ(::listen(dead.get(), 1), 0);
    }
    ASSERT_TRUE(std::filesystem::exists(path));
    EXPECT_TRUE(StatusSocket::open(path)) << "the first one";
    EXPECT_FALSE(std::filesystem::exists(path)) << "it removed its own";
}

TEST(StatusSocket, OneThatListensWithoutALockIsNotReplaced) {
    const Folder folder;
    const std::string path = folder / "s";
    const spool::Descriptor alive(::socket(AF_UNIX, SOCK_STREAM, 0));
    const auto address = unix_address(path).value();
    ASSERT_EQ(::bind(alive.get(), generic(address), sizeof address), 0);
    ASSERT_EQ(::listen(alive.get(), 1), 0);
    EXPECT_THAT(StatusSocket::open(path).error().text(), HasSubstr("a running sensor listens there"));
    EXPECT_TRUE(std::filesystem::exists(path));
}

TEST(StatusSocket, WhatCannotBeOneIsAnErrorThatSaysWhy) {
    const Folder folder;
    std::ofstream(folder / "file") << "x";
    EXPECT_THAT(StatusSocket::open(folder / "file").error().text(),
                HasSubstr("is there and is no socket; move it"));
    EXPECT_TRUE(std::filesystem::exists(folder / "file"));
    EXPECT_THAT(StatusSocket::open(folder / "no/s").error().text(), HasSubstr("make the folder"));
    const auto longer = StatusSocket::open(folder / std::string(200, 'x').c_str());
    EXPECT_EQ(longer.error().exit_status(), 2);
    EXPECT_THAT(longer.error().text(), HasSubstr("take one of 1 to 107 octets"));
    std::filesystem::create_symlink(folder / "elsewhere", folder / "link.lock");
    EXPECT_FALSE(StatusSocket::open(folder / "link"));
    EXPECT_FALSE(std::filesystem::exists(folder / "elsewhere")) << "a link is not followed";
}

TEST(StatusSocket, OneThatSomebodyReplacedIsLeftAlone) {
    const Folder folder;
    const std::string path = folder / "s";
    {
        const auto socket = StatusSocket::open(path);
        ASSERT_TRUE(socket);
        std::filesystem::remove(path);
        std::ofstream(path) << "x";
    }
    EXPECT_TRUE(std::filesystem::exists(path));
}

// A sensor that answers as it likes.
struct Impostor {
    explicit Impostor(const std::string& path, std::string answer, bool close_after = true)
        : listening(::socket(AF_UNIX, SOCK_STREAM, 0)) {
        const auto address = unix_address(path).value();
        EXPECT_EQ(::bind(listening.get(), generic(address), sizeof address), 0);
        EXPECT_EQ(::listen(listening.get(), 1), 0);
        thread = std::thread([this, answer = std::move(answer), close_after] {
            pollfd polled{listening.get(), POLLIN, 0};
            if (::poll(&polled, 1, 5000) != 1) return;
            const spool::Descriptor client(::accept(listening.get(), nullptr, nullptr));
            for (std::size_t sent = 0; sent < answer.size();) {
                const ssize_t n =
                    ::send(client.get(), answer.data() + sent, answer.size() - sent, MSG_NOSIGNAL);
                if (n <= 0) break;
                sent += static_cast<std::size_t>(n);
            }
            while (!close_after && !over) std::this_thread::sleep_for(5ms);
        });
    }
    ~Impostor() {
        over = true;
        thread.join();
    }
    spool::Descriptor listening;
    std::atomic<bool> over = false;
    std::thread thread;
};

TEST(StatusClient, SaysWhatIsWrong) {
    const Folder folder;
    const auto error = [&](const std::string& path, std::chrono::milliseconds most = 2s) {
        const auto answer = ask_status(path, {}, most);
        return answer ? "answered: " + *answer : answer.error().text();
    };
    EXPECT_THAT(error(folder / "none"), HasSubstr("no such socket; is the sensor running?"));
    std::ofstream(folder / "file") << "x";
    EXPECT_THAT(error(folder / "file"), HasSubstr("nobody listens on this socket"));
    EXPECT_THAT(error(std::string(200, 'x')), HasSubstr("cannot be the path of a socket"));
    {
        const Impostor impostor(folder / "a", "ok 10\nshort");
        EXPECT_THAT(error(folder / "a"), HasSubstr("the answer is cut short"));
    }
    {
        const Impostor impostor(folder / "b", "");
        EXPECT_THAT(error(folder / "b"), HasSubstr("the answer is cut short"));
    }
    {
        const Impostor impostor(folder / "c", "SSH-2.0-x\n");
        EXPECT_THAT(error(folder / "c"), HasSubstr("what answers there is no sensor"));
    }
    {
        const Impostor impostor(folder / "d", "error no \x1b[2J such\n");
        EXPECT_THAT(error(folder / "d"), HasSubstr("the sensor answers: \"no \\x1b[2J such\""));
    }
    {
        const Impostor impostor(folder / "e", std::string(longest_answer + 100000, 'x'));
        EXPECT_THAT(error(folder / "e"), HasSubstr("the answer has no end"));
    }
    {
        const Impostor impostor(folder / "f", "ok 10\nhalf", false);
        const auto begin = Clock::now();
        EXPECT_THAT(error(folder / "f", 300ms), HasSubstr("no answer within 0.3 s: the sensor hangs"));
        EXPECT_LT(Clock::now() - begin, 2s);
    }
    {
        const Impostor impostor(folder / "g", "ok 4\nfine");
        EXPECT_EQ(error(folder / "g"), "answered: fine");
    }
}

TEST(StatusClient, ASensorThatAcceptsNobodyIsHung) {
    const Folder folder;
    const std::string path = folder / "s";
    const spool::Descriptor hung(::socket(AF_UNIX, SOCK_STREAM, 0));
    const auto address = unix_address(path).value();
    ASSERT_EQ(::bind(hung.get(), generic(address), sizeof address), 0);
    ASSERT_EQ(::listen(hung.get(), 0), 0);
    for (int i = 0; i < 3; ++i)
        EXPECT_THAT(ask_status(path, {}, 200ms).error().text(), HasSubstr("no answer within 0.2 s"));
    EXPECT_THAT(StatusSocket::open(path).error().text(), HasSubstr("a running sensor listens there"));
}

TEST(StatusClient, WhoMayNotAskIsToldWhichGroupMay) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to be somebody else";
    const Folder folder;
    const std::string path = folder / "s";
    std::filesystem::permissions(std::filesystem::path(path).parent_path(), std::filesystem::perms(0755));
    const auto socket = StatusSocket::open(path);
    ASSERT_TRUE(socket);
    std::vector<gid_t> groups(64);
    const int count = ::getgroups(static_cast<int>(groups.size()), groups.data());
    ASSERT_GE(count, 0);
    ASSERT_TRUE(::setgroups(0, nullptr) == 0 && ::setegid(65534) == 0 && ::seteuid(65534) == 0);
    const auto answer = ask_status(path, {}, 1s);
    ASSERT_TRUE(::seteuid(0) == 0 && ::setegid(0) == 0 &&
                ::setgroups(static_cast<std::size_t>(count), groups.data()) == 0);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().exit_status(), 3);
    EXPECT_THAT(answer.error().text(),
                HasSubstr("you may not ask this sensor; ask as root, or as a member of the group root"));
}

TEST(StatusClient, NothingFromTheSocketSteersTheTerminal) {
    EXPECT_EQ(safe_for_terminal("a\x1b[2J\r\n\x07\xff \u2581\u2588 \u2580 \xe2\x96"),
              "a?[2J?\n?? \u2581\u2588 ??? ??");
}

TEST(MetricsTextfile, IsReplacedWhole) {
    const Folder folder;
    const std::string path = folder / "sensor.prom";
    ASSERT_TRUE(write_metrics_file(path, "first, and longer\n"));
    ASSERT_TRUE(write_metrics_file(path, "second\n"));
    std::ifstream in(path);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), "second\n");
    struct stat status {};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0644U);
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(path).parent_path())) {
        static_cast<void>(entry);
        ++files;
    }
    EXPECT_EQ(files, 1) << "nothing is left beside it";
}

TEST(MetricsTextfile, AnErrorLeavesTheOldOneAndSaysWhatToDo) {
    const Folder folder;
    EXPECT_THAT(write_metrics_file(folder / "no/x.prom", "x").error().text(), HasSubstr("make the folder"));
    std::filesystem::create_directory(folder / "taken.prom");
    EXPECT_THAT(write_metrics_file(folder / "taken.prom", "x").error().text(),
                HasSubstr("taken.prom: cannot replace"));
    EXPECT_FALSE(std::filesystem::exists(folder / ".taken.prom.part"));
    std::filesystem::create_symlink(folder / "victim", folder / ".y.prom.part");
    EXPECT_TRUE(write_metrics_file(folder / "y.prom", "x"));
    EXPECT_FALSE(std::filesystem::exists(folder / "victim")) << "a link is not followed";
}

// What anybody may send, changed at random: there is an answer at the latest when the room is full, it is
// well formed, and a client takes it or refuses it with a reason.
TEST(StatusProtocol, ChangedRequestsAndAnswersDoNoHarm) {
    StatusBoard board;
    board.publish(test::hostile_report());
    const std::vector<std::string> seeds{"status text columns=80 blocks\n",
                                         "status json\n",
                                         "metrics\n",
                                         "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n",
                                         "HEAD /metrics?x HTTP/1.0\n\n",
                                         "ok 12\nhello, world",
                                         "error no such request\n"};
    const std::uint64_t seed = sie::test::seed();
    std::mt19937_64 random(seed);
    for (int round = 0; round < 3000; ++round) {
        std::string text = seeds[random() % seeds.size()];
        for (std::uint64_t n = random() % 4; n-- > 0 && !text.empty();) {
            const std::size_t at = random() % text.size();
            switch (random() % 4) {
                case 0: text[at] = static_cast<char>(random()); break;
                case 1: text.erase(at, 1 + random() % 8); break;
                case 2: text.insert(at, std::string(random() % 300, static_cast<char>(random()))); break;
                default: text.insert(at, text.substr(random() % text.size(), 9));
            }
        }
        if (const auto answer = answer_status(text, board)) {
            const auto body = parse_answer("x", *answer);
            EXPECT_TRUE(body || answer->starts_with("error ")) << seed << ": " << text;
            EXPECT_TRUE(!body || answer->size() > 1000) << seed << ": " << text;
        } else {
            EXPECT_LE(text.size(), longest_request) << seed;
        }
        const auto response = answer_http(text, board);
        if (response) EXPECT_THAT(*response, StartsWith("HTTP/1.1 ")) << seed << ": " << text;
        if (const auto body = parse_answer("x", text); !body) EXPECT_FALSE(body.error().why.empty());
        text.resize(AnswerServer::longest_question, 'x');
        EXPECT_TRUE(answer_http(text, board)) << seed;
        static_cast<void>(safe_for_terminal(text));
    }
}

TEST(StatusProtocol, ARequestIsReadAsItIsWritten) {
    for (const StatusRequest& request :
         {StatusRequest{StatusRequest::Kind::json, {}}, StatusRequest{StatusRequest::Kind::metrics, {}},
          StatusRequest{StatusRequest::Kind::text, {132, Letters::blocks}},
          StatusRequest{StatusRequest::Kind::text, {40, Letters::ascii}}}) {
        const std::string line = request_line(request);
        const auto parsed = parse_request(std::string_view(line).substr(0, line.size() - 1));
        ASSERT_TRUE(parsed) << line;
        EXPECT_EQ(parsed->kind, request.kind);
        EXPECT_EQ(parsed->form.columns, request.form.columns);
        EXPECT_EQ(parsed->form.letters, request.form.letters);
    }
}

}  // namespace
}  // namespace sie::status
