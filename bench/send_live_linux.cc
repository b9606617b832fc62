// send_live: the traffic of live_traffic.h onto an interface, at a given rate: sendmmsg on a packet socket,
// past the queueing discipline. One JSON object on standard output tells what was sent and what the
// interfaces dropped.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <fstream>
#include <map>
#include <sstream>

#include "live_traffic.h"

namespace {

using namespace sie;

constexpr std::size_t burst = 32;
// Who was kept from running for longer sends less, not a flood that makes up for it.
constexpr std::int64_t longest_debt_ns = 10'000'000;

volatile std::sig_atomic_t asked_to_stop = 0;

std::int64_t clock_ns(clockid_t clock) {
    timespec t{};
    clock_gettime(clock, &t);
    return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

struct DeviceCounts {
    std::uint64_t rx_packets, rx_dropped, tx_packets, tx_dropped;
};

// Of every interface of this namespace.
std::map<std::string, DeviceCounts> device_counts() {
    std::map<std::string, DeviceCounts> found;
    std::ifstream file("/proc/net/dev");
    for (std::string line; std::getline(file, line);) {
        const std::size_t colon = line.find(':');
        if (colon == std::string::npos) continue;
        std::istringstream numbers(line.substr(colon + 1));
        std::array<std::uint64_t, 16> n{};
        for (auto& value : n) numbers >> value;
        const std::size_t begin = line.find_first_not_of(' ');
        found[line.substr(begin, colon - begin)] = {n[1], n[3], n[9], n[11]};
    }
    return found;
}

struct Options {
    std::string interface;
    double rate = 0, seconds = 0;
    std::uint64_t transactions = 0, seed = 1;
    int cpu = -1;
};

struct Sent {
    std::uint64_t frames = 0, octets = 0, failed = 0, queries = 0, responses = 0;
    std::int64_t begun_ns = 0, took_ns = 0, stalled_ns = 0;
};

int packet_socket(const std::string& interface) {
    const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);  // protocol 0: it receives nothing
    if (fd < 0) {
        fmt::print(stderr, "send_live: a packet socket: {}\n", std::strerror(errno));
        return -1;
    }
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_ifindex = static_cast<int>(if_nametoindex(interface.c_str()));
    const int on = 1, room = 8 << 20;
    if (address.sll_ifindex == 0 || bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on) != 0) {
        fmt::print(stderr, "send_live: {}: {}\n", interface, std::strerror(errno));
        close(fd);
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
    return fd;
}

// Waits until the frame number `frames` is due; moves `start` when the debt has grown too large.
void pace(const Options& options, std::uint64_t frames, std::int64_t& start, Sent& sent) {
    if (options.rate <= 0) return;
    const std::int64_t due =
        start + static_cast<std::int64_t>(static_cast<double>(frames) * 1e9 / options.rate);
    std::int64_t now = clock_ns(CLOCK_MONOTONIC);
    if (now - due > longest_debt_ns) {
        sent.stalled_ns += now - due;
        start += now - due;
        return;
    }
    if (due - now > 150'000) {
        const std::int64_t until = due - 60'000;
        const timespec t{until / 1'000'000'000, until % 1'000'000'000};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, nullptr);
    }
    while (now < due) now = clock_ns(CLOCK_MONOTONIC);
}

// False: the interface is gone.
bool send_all(int fd, mmsghdr* messages, std::size_t count, Sent& sent) {
    for (std::size_t done = 0; done < count;) {
        const int n = sendmmsg(fd, messages + done, static_cast<unsigned>(count - done), 0);
        if (n > 0) {
            for (int i = 0; i < n; ++i) sent.octets += messages[done + static_cast<std::size_t>(i)].msg_len;
            sent.frames += static_cast<std::uint64_t>(n);
            done += static_cast<std::size_t>(n);
        } else if (errno == ENOBUFS || errno == EAGAIN) {
            ++sent.failed;  // the driver had no room for this one
            ++done;
        } else if (errno != EINTR) {
            fmt::print(stderr, "send_live: sendmmsg: {}\n", std::strerror(errno));
            return false;
        }
    }
    return true;
}

bool send(const Options& options, int fd, bench::LiveTraffic& traffic, bench::LiveSequence& sequence,
          Sent& sent) {
    std::array<mmsghdr, burst> messages{};
    std::array<iovec, burst> places{};
    for (std::size_t i = 0; i < burst; ++i) {
        messages[i].msg_hdr.msg_iov = &places[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    std::int64_t start = clock_ns(CLOCK_MONOTONIC);
    const std::int64_t first = start;
    std::uint64_t paced = 0;
    for (bool more = true; more;) {
        std::size_t n = 0;
        while (n < burst) {
            const bench::LiveTraffic::Slot* slot = nullptr;
            std::uint32_t number = 0;
            more = sequence.next(slot, number);
            if (!more) break;
            const Octets frame = traffic.frame(*slot, number);
            places[n++] = {const_cast<std::uint8_t*>(frame.data()), frame.size()};
            sent.queries += slot->response ? 0 : 1;
            sent.responses += slot->response && slot->part == 0 ? 1 : 0;
            if (options.transactions != 0 && sequence.begun() >= options.transactions) sequence.stop();
        }
        pace(options, paced, start, sent);
        paced += n;
        if (!send_all(fd, messages.data(), n, sent)) return false;
        const std::int64_t now = clock_ns(CLOCK_MONOTONIC);
        if (asked_to_stop != 0 ||
            (options.seconds > 0 && static_cast<double>(now - first) > options.seconds * 1e9))
            sequence.stop();
    }
    sent.took_ns = clock_ns(CLOCK_MONOTONIC) - first;
    return true;
}

int run(const Options& options) {
    if (options.cpu >= 0) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(static_cast<std::size_t>(options.cpu), &set);
        if (sched_setaffinity(0, sizeof set, &set) != 0) {
            fmt::print(stderr, "send_live: CPU {}: {}\n", options.cpu, std::strerror(errno));
            return 1;
        }
    }
    prctl(PR_SET_TIMERSLACK, 1);
    const int fd = packet_socket(options.interface);
    if (fd < 0) return 1;
    bench::LiveTraffic traffic(options.seed);
    bench::LiveSequence sequence(traffic);
    Sent sent;
    const auto before = device_counts();
    sent.begun_ns = clock_ns(CLOCK_REALTIME);
    const bool good = send(options, fd, traffic, sequence, sent);
    const auto after = device_counts();
    close(fd);
    const double seconds = static_cast<double>(sent.took_ns) / 1e9;
    fmt::print(
        "{{\"transactions\":{},\"queries\":{},\"responses\":{},\"frames\":{},\"octets\":{},\"failed\":{},"
        "\"seconds\":{:.6f},\"stalled_seconds\":{:.6f},\"rate_asked\":{:.0f},\"rate\":{:.0f},\"begun\":{}.{:"
        "09d},"
        "\"devices\":{{",
        sequence.begun(), sent.queries, sent.responses, sent.frames, sent.octets, sent.failed, seconds,
        static_cast<double>(sent.stalled_ns) / 1e9, options.rate,
        seconds > 0 ? static_cast<double>(sent.frames) / seconds : 0, sent.begun_ns / 1'000'000'000,
        sent.begun_ns % 1'000'000'000);
    const char* between = "";
    for (const auto& [name, now] : after) {
        const auto then = before.find(name) == before.end() ? DeviceCounts{} : before.at(name);
        fmt::print("{}\"{}\":{{\"rx_packets\":{},\"rx_dropped\":{},\"tx_packets\":{},\"tx_dropped\":{}}}",
                   between, name, now.rx_packets - then.rx_packets, now.rx_dropped - then.rx_dropped,
                   now.tx_packets - then.tx_packets, now.tx_dropped - then.tx_dropped);
        between = ",";
    }
    fmt::print("}}}}\n");
    return good ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("send_live: DNS transactions, each one different, onto an interface");
    Options options;
    app.add_option("--interface", options.interface, "where to send")->required();
    app.add_option("--rate", options.rate, "packets a second; 0: as fast as it goes")
        ->check(CLI::NonNegativeNumber);
    app.add_option("--seconds", options.seconds, "begin transactions for so long")
        ->check(CLI::NonNegativeNumber);
    app.add_option("--transactions", options.transactions, "begin so many")
        ->check(CLI::Range(0ULL, 4'000'000'000ULL));
    app.add_option("--seed", options.seed, "another seed, other frames");
    app.add_option("--cpu", options.cpu, "run there");
    CLI11_PARSE(app, argc, argv);
    struct sigaction act {};
    act.sa_handler = [](int) { asked_to_stop = 1; };
    sigaction(SIGINT, &act, nullptr);
    sigaction(SIGTERM, &act, nullptr);
    try {
        return run(options);
    } catch (const std::exception& error) {
        fmt::print(stderr, "send_live: {}\n", error.what());
        return 1;
    }
}
