// Both live sources on interfaces in a network namespace of the test's own. Frames are written by the test.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <fstream>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "base/drop_reason.h"
#include "capture/interface_addresses.h"
#include "capture/live_source.h"
#include "net/packet.h"
#include "support/allocation_counter.h"
#include "support/network_namespace.h"
#include "support/packet_builder.h"

namespace sie::capture {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using test::Bytes;
using test::FrameSender;
using test::NetworkNamespace;

struct Got {
    Bytes octets;
    std::uint32_t wire_length;
    net::LinkType link;
    Time time;
    int tags_taken;
};

// Frames until `count` are there, or for so long none has come.
std::vector<Got> receive(LiveSource& source, std::size_t count, std::chrono::milliseconds patience = 1000ms) {
    std::vector<Got> got;
    Frame frame;
    for (auto last = Clock::now(); got.size() < count && Clock::now() - last < patience;) {
        if (source.next(frame)) {
            got.push_back({Bytes(frame.octets.begin(), frame.octets.end()), frame.wire_length, frame.link,
                           frame.time, frame.tags_taken});
            last = Clock::now();
            continue;
        }
        pollfd fd{source.fd(), POLLIN, 0};
        (void)::poll(&fd, 1, 10);
    }
    return got;
}
// All that come until none has come for a while.
std::vector<Got> receive_all(LiveSource& source) { return receive(source, SIZE_MAX, 200ms); }

std::vector<Bytes> octets_of(const std::vector<Got>& got) {
    std::vector<Bytes> all;
    for (const Got& one : got) all.push_back(one.octets);
    return all;
}

Bytes dns4(const std::string& from, const std::string& to, std::uint16_t sport, std::uint16_t dport,
           std::size_t size = 40) {
    return test::ethernet(0x0800, test::ipv4({.source = from, .destination = to},
                                             test::udp(from, to, sport, dport, test::counting(size))));
}

FilterRules rules_for(const char* resolver) {
    FilterRules rules;
    rules.resolvers = {net::parse_prefix(resolver).value()};
    return rules;
}

class Live : public testing::TestWithParam<bool> {
  protected:
    void SetUp() override {
        if (!here_) GTEST_SKIP() << here_.why_not();
        here_.veth_pair();
    }
    [[nodiscard]] Result<std::unique_ptr<LiveSource>> open(const LiveOptions& options) const {
        return open_live_source(options, GetParam());
    }
    NetworkNamespace here_;
};
INSTANTIATE_TEST_SUITE_P(by, Live, testing::Values(false, true),
                         [](const auto& by) { return by.param ? "libpcap" : "ring"; });

TEST_P(Live, frames_arrive_octet_for_octet_with_their_times) {
    auto source = open({.interface = "v1", .promiscuous = true});
    ASSERT_TRUE(source) << source.error().text();
    EXPECT_EQ((*source)->state(), LinkState::attached);
    EXPECT_GT((*source)->latency_ns(), 0);
    const FrameSender sender("v0");
    std::mt19937 random(9);
    std::vector<Bytes> sent;
    const auto begun = std::chrono::system_clock::now().time_since_epoch();
    for (int i = 0; i < 3000; ++i) {
        Bytes frame = dns4("192.0.2.1", "198.51.100.1", 4000, 53, random() % 1400);
        ASSERT_TRUE(sender.send(frame));
        sent.push_back(std::move(frame));
    }
    const auto got = receive(**source, sent.size());
    EXPECT_EQ(octets_of(got), sent);
    Time last{std::chrono::duration_cast<std::chrono::nanoseconds>(begun).count()};
    bool nanoseconds = false;
    for (const Got& one : got) {
        EXPECT_GE(one.time, last);
        last = one.time;
        nanoseconds |= one.time.ns % 1000 != 0;
        ASSERT_EQ(one.wire_length, one.octets.size());
        ASSERT_EQ(one.tags_taken, 0);
        ASSERT_EQ(one.link, net::LinkType::ethernet);
    }
    EXPECT_TRUE(nanoseconds);
    EXPECT_EQ((*source)->take_kernel_drops(), 0U);
}

// The kernel takes the outer tag off, if it knows it; libpcap puts it back.
TEST_P(Live, tags_are_counted_wherever_they_stand) {
    auto source = open({.interface = "v1", .filter = rules_for("192.0.2.1")});
    ASSERT_TRUE(source) << source.error().text();
    const FrameSender sender("v0");
    const Bytes ip = test::ipv4({}, test::udp4(test::counting(30)));
    const auto ip6 = [](const char* from) {
        return test::ipv6({.source = from}, test::udp(from, "2001:db8::2", 53, 53, test::counting(9)));
    };
    struct Row {
        std::vector<std::uint16_t> tags;
        const char* outcome;
        int taken;
    };
    const std::vector<Row> rows{{{}, "ok", 0},
                                {{0x8100}, "ok", 1},
                                {{0x88a8}, "ok", 1},
                                {{0x9100}, "ok", 0},
                                {{0x8100, 0x8100}, "ok", 1},
                                {{0x88a8, 0x8100}, "ok", 1},
                                {{0x9100, 0x8100}, "ok", 0},
                                {{0x8100, 0x8100, 0x8100}, "not_ip", 1},
                                {{0x8100, 0x8100, 0x8100, 0x8100}, nullptr, 0}};
    for (const Row& row : rows) {
        SCOPED_TRACE(row.tags.size());
        const Bytes frame = test::ethernet(0x0800, ip, row.tags);
        ASSERT_TRUE(sender.send(test::ethernet(0x86dd, ip6("2001:db8::7"), row.tags)));  // not listed
        ASSERT_TRUE(sender.send(frame));
        const auto got = receive(**source, 1, row.outcome != nullptr ? 1000ms : 200ms);
        // Behind three tags libpcap's filter may or may not see the one that was taken off.
        if (row.outcome == nullptr || (GetParam() && row.tags.size() > 2 && got.empty())) {
            EXPECT_TRUE(got.empty());
            continue;
        }
        ASSERT_EQ(got.size(), 1U);
        EXPECT_EQ(got[0].tags_taken, GetParam() ? 0 : row.taken);
        Bytes expected = frame;
        if (!GetParam() && row.taken != 0) expected.erase(expected.begin() + 12, expected.begin() + 16);
        EXPECT_EQ(test::to_hex(got[0].octets), test::to_hex(expected));
        net::PacketView view;
        const auto drop = net::decode_frame(got[0].link, got[0].octets, got[0].wire_length, {}, view,
                                            static_cast<std::uint8_t>(got[0].tags_taken));
        EXPECT_EQ(drop ? std::string(word_of(*drop)) : "ok", row.outcome);
    }
}

// A bridge hands frames for other stations up only if it is promiscuous.
TEST_P(Live, frames_for_other_stations_come_if_asked_for) {
    here_.ip("link add br0 type bridge");
    here_.ip("link set dev br0 addrgenmode none");
    here_.ip("link set dev v1 master br0");
    here_.ip("link set dev br0 up");
    std::this_thread::sleep_for(100ms);
    for (const bool promiscuous : {false, true}) {
        // The filter keeps what the bridge itself sends away.
        auto source =
            open({.interface = "br0", .promiscuous = promiscuous, .filter = rules_for("192.0.2.1")});
        ASSERT_TRUE(source) << source.error().text();
        const FrameSender sender("v0");
        Bytes other = dns4("192.0.2.1", "198.51.100.1", 4000, 53), all = other;
        other[0] = 0x02;
        other[5] = 0x77;
        std::fill_n(all.begin(), 6, 0xff);
        ASSERT_TRUE(sender.send(other));
        ASSERT_TRUE(sender.send(all));
        const auto got = octets_of(receive_all(**source));
        EXPECT_EQ(got, promiscuous ? (std::vector<Bytes>{other, all}) : std::vector<Bytes>{all});
    }
}

TEST_P(Live, what_it_could_not_keep_is_counted_exactly) {
    auto source = open({.interface = "v1", .ring_octets = 512U << 10, .filter = rules_for("192.0.2.1")});
    ASSERT_TRUE(source) << source.error().text();
    const FrameSender sender("v0");
    const Bytes frame = dns4("192.0.2.1", "198.51.100.1", 4000, 53, 1000);
    const Bytes other = dns4("192.0.2.2", "198.51.100.1", 4000, 53, 1000);
    std::uint64_t sent = 0, received = 0, drops = 0;
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 2000; ++i, ++sent) {
            ASSERT_TRUE(sender.send(frame));
            ASSERT_TRUE(sender.send(other));
        }
        received += receive_all(**source).size();
        drops += (*source)->take_kernel_drops();
    }
    EXPECT_EQ(received + drops, sent);
    EXPECT_GT(drops, 1000U);
    EXPECT_GT(received, 500U);
    EXPECT_EQ((*source)->take_kernel_drops(), 0U);
}

TEST_P(Live, nothing_comes_in_after_stop_accepting_and_nothing_is_lost) {
    auto source = open({.interface = "v1"});
    ASSERT_TRUE(source) << source.error().text();
    const FrameSender sender("v0");
    std::vector<Bytes> sent;
    for (int i = 0; i < 500; ++i) {
        sent.push_back(dns4("192.0.2.1", "198.51.100.1", static_cast<std::uint16_t>(i), 53, 900));
        ASSERT_TRUE(sender.send(sent.back()));
    }
    (*source)->stop_accepting();
    for (int i = 0; i < 500; ++i) ASSERT_TRUE(sender.send(sent.back()));
    EXPECT_EQ(octets_of(receive_all(**source)), sent);
    EXPECT_EQ((*source)->take_kernel_drops(), 0U);
    EXPECT_FALSE((*source)->attend());
}

TEST_P(Live, nothing_unfiltered_comes_at_the_start) {
    const FrameSender sender("v0");
    std::atomic<bool> stop = false;
    std::thread flood([&] {
        const Bytes other = dns4("192.0.2.2", "198.51.100.1", 4000, 53);
        while (!stop) (void)sender.send(other);
    });
    std::size_t wrong = 0, good = 0;
    for (std::uint16_t i = 0; i < 20; ++i) {
        LiveOptions options{.interface = "v1", .filter = rules_for("192.0.2.1")};
        if (!GetParam() && i % 2 != 0) options.fanout_group = i;
        auto source = open(options);
        EXPECT_TRUE(source) << source.error().text();
        if (!source) break;
        const Bytes wanted = dns4("192.0.2.1", "198.51.100.1", 4000, 53);
        (void)sender.send(wanted);
        for (const Got& got : receive(**source, 1, 200ms)) ++(got.octets == wanted ? good : wrong);
    }
    stop = true;
    flood.join();
    EXPECT_EQ(wrong, 0U);
    EXPECT_EQ(good, 20U);
}

TEST_P(Live, loopback_shows_each_packet_once) {
    here_.ip("link set dev lo up");
    for (const char* interface : {"lo", "any"}) {
        auto source = open({.interface = interface, .filter = rules_for("127.0.0.1")});
        ASSERT_TRUE(source) << source.error().text();
        const int s = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(53);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        for (char i = 0; i < 100; ++i)
            ASSERT_EQ(::sendto(s, &i, 1, 0, reinterpret_cast<sockaddr*>(&to), sizeof to), 1);
        ::close(s);
        const auto got = receive_all(**source);
        ASSERT_EQ(got.size(), 100U) << interface;
        for (std::size_t i = 0; i < got.size(); ++i) {
            EXPECT_EQ(got[i].octets.back(), i);
            net::PacketView view;
            EXPECT_FALSE(net::decode_frame(got[i].link, got[i].octets, got[i].wire_length, {}, view));
        }
    }
}

// All interfaces at once, both directions, with tags; packets from the IP header on.
TEST_P(Live, any_sees_both_ends_of_a_wire) {
    auto source = open({.interface = "any", .filter = rules_for("192.0.2.1")});
    ASSERT_TRUE(source) << source.error().text();
    const FrameSender sender("v0");
    const Bytes ip = test::ipv4({}, test::udp4(test::counting(30)));
    for (const auto& tags :
         {std::vector<std::uint16_t>{}, {0x8100}, {0x88a8, 0x8100}, {0x9100, 0x8100}, {0x8100, 0x8100}}) {
        if (GetParam() && !tags.empty()) break;
        ASSERT_TRUE(sender.send(test::ethernet(0x0800, ip, tags)));
        int seen = 0;
        for (const Got& got : receive(**source, 2, 300ms)) {
            net::PacketView view;
            const auto drop = net::decode_frame(got.link, got.octets, got.wire_length, {}, view,
                                                static_cast<std::uint8_t>(got.tags_taken));
            ASSERT_FALSE(drop) << word_of(*drop) << test::to_hex(got.octets);
            EXPECT_EQ(test::to_hex(view.ip), test::to_hex(ip));
            ++seen;
        }
        // With tags in it, only where it is received.
        EXPECT_EQ(seen, tags.empty() ? 2 : 1) << tags.size();
    }
}

TEST_P(Live, a_device_without_a_link_header_gives_ip_packets) {
    const int tun = ::open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    if (tun < 0) GTEST_SKIP() << "no /dev/net/tun";
    ifreq request{};
    std::strcpy(request.ifr_name, "t0");
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    ASSERT_EQ(::ioctl(tun, TUNSETIFF, &request), 0);
    here_.ip("link set dev t0 addrgenmode none");
    here_.ip("link set dev t0 up");
    FilterRules rules = rules_for("192.0.2.1");
    rules.servers = {net::parse_prefix("2001:db8::/64").value()};
    auto source = open({.interface = "t0", .filter = rules});
    ASSERT_TRUE(source) << source.error().text();
    const Bytes v4 = test::ipv4({}, test::udp4(test::counting(30)));
    const Bytes v6 = test::ipv6({}, test::udp6(test::counting(31)));
    const Bytes other = test::ipv4({.source = "192.0.2.9", .destination = "192.0.2.8"}, test::udp4({}));
    for (const Bytes* packet : {&v4, &other, &v6})
        ASSERT_EQ(::write(tun, packet->data(), packet->size()), static_cast<ssize_t>(packet->size()));
    const auto got = receive_all(**source);
    EXPECT_EQ(octets_of(got), (std::vector<Bytes>{v4, v6}));
    for (const Got& one : got) EXPECT_EQ(one.link, net::LinkType::raw);
    ::close(tun);
}

// ---- interfaces that come and go

struct Watched {
    std::vector<std::string> told;
    bool came = false;
    std::chrono::milliseconds took{};
};

// Sends a frame again and again until it arrives; attends as its caller would.
Watched until_frames_flow(LiveSource& source, std::chrono::milliseconds patience) {
    Watched watched;
    Frame out;
    const auto begun = Clock::now();
    auto attended = begun - 1s;
    while (Clock::now() - begun < patience && !watched.came) {
        if (::if_nametoindex("v0") != 0)
            (void)FrameSender("v0").send(dns4("192.0.2.1", "198.51.100.1", 4000, 53));
        if (Clock::now() - attended > 200ms) {
            attended = Clock::now();
            if (const auto change = source.attend()) watched.told.push_back(change->text);
        }
        pollfd fd{source.fd(), POLLIN, 0};
        (void)::poll(&fd, 1, 10);
        while (source.next(out)) watched.came = true;
    }
    watched.took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun);
    return watched;
}

void comes_and_goes(const NetworkNamespace& here, LiveSource& source) {
    const auto told = [](const Watched& w) { return w.told.empty() ? std::string("nothing") : w.told[0]; };
    EXPECT_TRUE(until_frames_flow(source, 2s).came);

    here.ip("link set dev v1 down");
    (void)until_frames_flow(source, 100ms);
    Watched w = until_frames_flow(source, 500ms);
    EXPECT_FALSE(w.came);
    EXPECT_EQ(source.state(), LinkState::down);
    int wakes = 0;
    for (Frame out; wakes < 100; ++wakes) {  // no busy loop
        pollfd fd{source.fd(), POLLIN, 0};
        if (::poll(&fd, 1, 100) == 0) break;
        (void)source.next(out);
    }
    EXPECT_LT(wakes, 5);

    here.ip("link set dev v1 up");
    w = until_frames_flow(source, 2s);
    EXPECT_TRUE(w.came);
    EXPECT_LT(w.took, 1s);
    (void)until_frames_flow(source, 1ms);
    for (int i = 0; i < 10 && source.state() != LinkState::attached; ++i) {
        std::this_thread::sleep_for(50ms);
        (void)source.attend();
    }
    EXPECT_EQ(source.state(), LinkState::attached);

    here.ip("link del v0");
    w = until_frames_flow(source, 700ms);
    EXPECT_EQ(told(w), "v1: the interface is gone");
    EXPECT_EQ(source.state(), LinkState::absent);
    EXPECT_EQ(source.fd(), -1);
    EXPECT_FALSE(source.attend());

    here.veth_pair();
    w = until_frames_flow(source, 2s);
    EXPECT_TRUE(w.came);
    EXPECT_LT(w.took, 1s);
    EXPECT_EQ(told(w), "v1: attached again");
    EXPECT_EQ(source.state(), LinkState::attached);

    // Quicker than anybody looks.
    here.ip("link del v0");
    here.veth_pair();
    w = until_frames_flow(source, 2s);
    EXPECT_TRUE(w.came);
    EXPECT_LT(w.took, 1s);
}

TEST_P(Live, an_interface_that_went_is_attached_again) {
    auto source = open({.interface = "v1", .promiscuous = true, .filter = rules_for("192.0.2.1")});
    ASSERT_TRUE(source) << source.error().text();
    comes_and_goes(here_, **source);
    EXPECT_EQ(std::system("ip -d link show dev v1 | grep -q 'promiscuity 1'"), 0);
}

TEST_P(Live, an_interface_that_is_down_can_be_opened) {
    here_.ip("link set dev v1 down");
    auto source = open({.interface = "v1"});
    ASSERT_TRUE(source) << source.error().text();
    EXPECT_EQ((*source)->state(), LinkState::down);
    here_.ip("link set dev v1 up");
    const Watched w = until_frames_flow(**source, 2s);
    EXPECT_TRUE(w.came);
    EXPECT_LT(w.took, 1s);
}

class Ring : public Live {};
INSTANTIATE_TEST_SUITE_P(by, Ring, testing::Values(false), [](const auto&) { return "ring"; });

TEST_P(Ring, no_frame_costs_an_allocation_or_stays_longer_than_promised) {
    auto source = open({.interface = "v1"});
    ASSERT_TRUE(source) << source.error().text();
    const FrameSender sender("v0");
    const Bytes frame = dns4("192.0.2.1", "198.51.100.1", 4000, 53);
    for (int i = 0; i < 2000; ++i) ASSERT_TRUE(sender.send(frame));
    pollfd fd{(*source)->fd(), POLLIN, 0};
    EXPECT_EQ(::poll(&fd, 1, static_cast<int>((*source)->latency_ns() / 1'000'000)), 1);
    std::this_thread::sleep_for(std::chrono::nanoseconds((*source)->latency_ns()));
    Frame out;
    int got = 0;
    const std::uint64_t before = AllocationCount::now();
    while ((*source)->next(out)) ++got;
    EXPECT_EQ(AllocationCount::now(), before);
    EXPECT_EQ(got, 2000);
}

TEST_P(Ring, a_member_of_a_fanout_group_is_attached_again) {
    auto source = open({.interface = "v1", .filter = rules_for("192.0.2.1"), .fanout_group = 7});
    ASSERT_TRUE(source) << source.error().text();
    comes_and_goes(here_, **source);
}

// All members must leave the interface that went before one can come back to it.
TEST_P(Ring, a_whole_fanout_group_is_attached_again) {
    std::vector<std::unique_ptr<LiveSource>> group;
    for (int i = 0; i < 4; ++i) {
        auto source = open({.interface = "v1", .ring_octets = 1U << 20, .fanout_group = 8});
        ASSERT_TRUE(source) << source.error().text();
        group.push_back(std::move(*source));
    }
    here_.ip("link del v0");
    here_.veth_pair();
    const auto begun = Clock::now();
    std::set<std::size_t> attached;
    std::vector<std::string> told;
    Frame out;
    while (attached.size() < group.size() && Clock::now() - begun < 3s) {
        for (std::size_t i = 0; i < group.size(); ++i) {
            const auto change = group[i]->attend();
            if (change && change->state == LinkState::attached) attached.insert(i);
            if (change) told.push_back(change->text);
            while (group[i]->next(out)) {}
        }
        std::this_thread::sleep_for(200ms);
    }
    EXPECT_EQ(attached.size(), group.size()) << testing::PrintToString(told);
    EXPECT_LT(Clock::now() - begun, 1s);
    const FrameSender sender("v0");
    for (int i = 0; i < 400; ++i)
        ASSERT_TRUE(sender.send(dns4("192.0.2.1", "198.51.100." + std::to_string(i % 250), 4000, 53)));
    std::size_t received = 0;
    for (const auto& source : group) received += receive_all(*source).size();
    EXPECT_EQ(received, 400U);
}

// ---- without privileges

// What `work` returns in a child; nothing if it is killed.
std::string from_child(int to_parent, const std::function<std::string(int)>& work) {
    int report[2];
    EXPECT_EQ(::pipe(report), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(report[0]);
        const std::string text = work(to_parent);
        (void)!::write(report[1], text.data(), text.size());
        ::_exit(0);
    }
    ::close(report[1]);
    std::string text(4096, '\0');
    const ssize_t n = ::read(report[0], text.data(), text.size());
    text.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
    ::close(report[0]);
    ::waitpid(child, nullptr, 0);
    return text;
}

// To uid 65534, with CAP_NET_RAW alone or nothing.
bool give_up_privileges(bool keep_net_raw) {
    if (::prctl(PR_SET_KEEPCAPS, 1) != 0 || ::setgroups(0, nullptr) != 0 ||
        ::setresgid(65534, 65534, 65534) != 0 || ::setresuid(65534, 65534, 65534) != 0)
        return false;
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2]{};
    if (keep_net_raw) data[0].effective = data[0].permitted = 1U << CAP_NET_RAW;
    return ::syscall(SYS_capset, &header, data) == 0 && ::geteuid() == 65534;
}

class Unprivileged : public Live {
  protected:
    void outlives_the_interface(const LiveOptions& options, bool keep_net_raw) {
        int ready[2];
        ASSERT_EQ(::pipe(ready), 0);
        std::thread coming_back([&] {
            char c = 0;
            EXPECT_EQ(::read(ready[0], &c, 1), 1);
            ASSERT_EQ(::setns(namespace_, CLONE_NEWNET), 0);
            here_.ip("link del v0");
            std::this_thread::sleep_for(600ms);
            here_.veth_pair();
            const FrameSender sender("v0");
            const Bytes frame = dns4("192.0.2.1", "198.51.100.1", 4000, 53);
            for (int i = 0; i < 100; ++i) {
                EXPECT_TRUE(sender.send(frame));
                std::this_thread::sleep_for(10ms);
            }
        });
        const std::string report = from_child(ready[1], [&](int parent) -> std::string {
            auto opened = open(options);
            if (!opened || !give_up_privileges(keep_net_raw)) return "cannot open it or give up privileges";
            LiveSource& source = **opened;
            (void)!::write(parent, "x", 1);
            std::string told;
            Frame out;
            for (int i = 0; i < 20; ++i) {
                if (const auto change = source.attend()) told += change->text + "\n";
                std::this_thread::sleep_for(100ms);
                bool frames = false;
                while (source.next(out)) frames = true;
                if (frames && told.find("attached again") != std::string::npos) return told + "frames";
            }
            return told;
        });
        coming_back.join();
        EXPECT_THAT(report,
                    testing::AllOf(testing::StartsWith("v1: the interface is gone\nv1: attached again"),
                                   testing::EndsWith("frames")));
        ::close(ready[0]);
        ::close(ready[1]);
    }
    int namespace_ = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
};
INSTANTIATE_TEST_SUITE_P(by, Unprivileged, testing::Values(false), [](const auto&) { return "ring"; });

TEST_P(Unprivileged, a_plain_socket_needs_nothing_to_be_attached_again) {
    outlives_the_interface({.interface = "v1", .promiscuous = true, .filter = rules_for("192.0.2.1")}, false);
}

TEST_P(Unprivileged, a_member_of_a_group_needs_net_raw_alone) {
    outlives_the_interface(
        {.interface = "v1", .promiscuous = true, .filter = rules_for("192.0.2.1"), .fanout_group = 9}, true);
}

TEST_P(Live, refusals_name_the_reason_and_the_mend) {
    const auto text = [&](const LiveOptions& options) {
        const auto source = open(options);
        return source ? std::string("opened")
                      : std::to_string(source.error().exit_status()) + " " + source.error().text();
    };
    EXPECT_EQ(text({.interface = "v7"}), "3 v7: no such interface; there are lo, v0, v1");
    EXPECT_THAT(text({.interface = "an-interface-too-long"}),
                testing::HasSubstr("2 an-interface-too-long: not the name"));
    EXPECT_THAT(text({.interface = ""}), testing::HasSubstr("2 interface: no name"));
    const std::string denied =
        from_child(-1, [&](int) { return give_up_privileges(false) ? text({.interface = "v1"}) : "cannot"; });
    EXPECT_THAT(denied,
                testing::AllOf(testing::StartsWith("3 v1: may not capture: "), testing::HasSubstr("setcap")));
    if (GetParam()) {
        EXPECT_THAT(text({.interface = "v1", .fanout_group = 1}),
                    testing::StartsWith("2 v1: libpcap cannot share"));
        return;
    }
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    const std::string large = from_child(-1, [&](int) {
        const rlimit limit{512U << 20, 512U << 20};
        if (::setrlimit(RLIMIT_AS, &limit) != 0) return std::string("cannot");
        return text({.interface = "v1", .ring_octets = 64U << 20}) + "\n" +
               text({.interface = "v1", .ring_octets = 600U << 20});
    });
    EXPECT_EQ(large,
              "opened\n1 v1: no ring of 614400 KiB: Cannot allocate memory; set a smaller ring_kbytes");
#endif
    EXPECT_THAT(text({.interface = "v1", .ring_octets = SIZE_MAX}), testing::StartsWith("2 v1: a ring of"));
}

// ---- addresses

TEST_P(Ring, the_addresses_of_an_interface_are_those_that_others_reach) {
    const auto texts = [](const std::string& interface) {
        std::vector<std::string> all;
        const auto addresses = interface_addresses(interface);
        if (!addresses) return std::vector<std::string>{addresses.error().text()};
        for (const net::Address& address : *addresses) all.push_back(net::to_text(address));
        return all;
    };
    using Texts = std::vector<std::string>;
    EXPECT_EQ(interface_names(), (Texts{"lo", "v0", "v1"}));
    EXPECT_EQ(texts("v1"), Texts{});
    for (const char* address : {"2001:db8::2/64 nodad", "198.51.100.2/24", "192.0.2.1/24", "fe80::7/64 nodad",
                                "169.254.3.3/16", "2001:db8::1/64 nodad"})
        here_.ip(std::string("addr add ") + address + " dev v1");
    here_.ip("addr add 203.0.113.1/24 dev v0");
    here_.ip("link set dev lo up");
    EXPECT_EQ(texts("v1"), (Texts{"192.0.2.1", "198.51.100.2", "2001:db8::1", "2001:db8::2"}));
    EXPECT_EQ(texts("lo"), Texts{});
    EXPECT_EQ(texts("any"),
              (Texts{"192.0.2.1", "198.51.100.2", "203.0.113.1", "2001:db8::1", "2001:db8::2"}));
    EXPECT_EQ(texts("v9"), Texts{"v9: no such interface; there are lo, v0, v1"});
}

// ---- the kernel's part

TEST_P(Ring, long_lists_are_taken_by_the_kernel) {
    FilterRules rules = rules_for("192.0.2.1");
    std::mt19937 random(4);
    for (int i = 0; i < 5000; ++i) {
        net::Prefix p;
        p.address.family = i % 2 != 0 ? net::Family::v4 : net::Family::v6;
        p.length = i % 2 != 0 ? 32 : 128;
        for (std::size_t k = 0; k < net::address_octets(p.address.family); ++k)
            p.address.octets[k] = static_cast<std::uint8_t>(random() % 64);
        rules.servers.push_back(p);
    }
    rules.wanted = {true, true};
    const auto passes = [&](LiveSource& source) {
        const FrameSender sender("v0");
        const Bytes good = dns4("192.0.2.1", "198.51.100.1", 4000, 53),
                    bad = dns4("192.0.2.2", "198.51.100.1", 4000, 53);
        EXPECT_TRUE(sender.send(bad));
        EXPECT_TRUE(sender.send(good));
        EXPECT_EQ(octets_of(receive(source, 1)), std::vector<Bytes>{good});
    };
    for (const auto group : {std::optional<std::uint16_t>{}, std::optional<std::uint16_t>{3}}) {
        auto source = open({.interface = "v1", .filter = rules, .fanout_group = group});
        ASSERT_TRUE(source) << source.error().text();
        passes(**source);
    }
    // Where each namespace has a limit of its own: a kernel's old one, and less.
    for (const int octets : {20'480, 8192}) {
        std::ofstream limit("/proc/sys/net/core/optmem_max");
        if (!(limit << octets << std::flush)) GTEST_SKIP() << "optmem_max cannot be set here";
        auto source = open({.interface = "v1", .filter = rules});
        ASSERT_TRUE(source) << source.error().text();
        passes(**source);
    }
}

TEST_P(Ring, both_directions_and_all_fragments_of_a_pair_meet_in_one_source) {
    const std::uint32_t seed = 20'240'618;
    std::printf("seed %u\n", seed);
    constexpr std::size_t sources = 4, pairs = 10'000;
    std::vector<std::unique_ptr<LiveSource>> group;
    for (std::size_t i = 0; i < sources; ++i) {
        auto source =
            open({.interface = "v1", .promiscuous = true, .ring_octets = 32U << 20, .fanout_group = 5});
        ASSERT_TRUE(source) << source.error().text();
        group.push_back(std::move(*source));
    }
    std::mt19937 random(seed);
    const FrameSender in("v0"), out("v1");
    // Made before they are sent: the ring gives up a block for every moment in which little comes.
    std::vector<std::pair<const FrameSender*, Bytes>> frames;
    for (std::size_t pair = 0; pair < pairs; ++pair) {
        // A resolver asks many servers; half of the pairs have one of few addresses at one end.
        const bool v6 = pair % 2 != 0;
        net::Address a, b;
        a.family = b.family = v6 ? net::Family::v6 : net::Family::v4;
        for (std::size_t i = 0; i < net::address_octets(a.family); ++i) {
            a.octets[i] = static_cast<std::uint8_t>(pair % 4 < 2 ? 0x20 + i : random());
            b.octets[i] = static_cast<std::uint8_t>(v6 && pair % 8 < 4 && i >= 2 && i < 14 ? 0 : random());
        }
        const std::string one = net::to_text(a), two = net::to_text(b);
        std::vector<std::uint16_t> tags;
        for (unsigned n = pair % 10 == 9 ? 1 + random() % 2 : 0; n > 0; --n)
            tags.push_back(n == 2 ? 0x88a8 : 0x8100);
        const auto send = [&](const FrameSender& sender, const Bytes& ip) {
            frames.emplace_back(&sender, test::ethernet(v6 ? 0x86dd : 0x0800, ip, tags));
        };
        const auto port = static_cast<std::uint16_t>(1024 + random() % 60'000);
        const auto udp = [&](const std::string& from, const std::string& to, bool query) {
            return test::udp(from, to, query ? port : 53, query ? 53 : port, test::counting(200));
        };
        const Bytes query = udp(one, two, true), response = udp(two, one, false);
        if (v6) {
            send(out, test::ipv6({.source = one, .destination = two}, query));
            for (const Bytes& f : test::fragments6({.source = two, .destination = one}, 5, response, 104))
                send(in, f);
        } else {
            send(out, test::ipv4({.source = one, .destination = two}, query));
            for (const Bytes& f : test::fragments4({.source = two, .destination = one}, response, 104))
                send(in, f);
        }
    }
    const std::size_t sent = frames.size();
    for (const auto& [sender, frame] : frames) ASSERT_TRUE(sender->send(frame));
    std::map<std::pair<net::Address, net::Address>, std::set<std::size_t>> met;
    std::size_t received = 0, drops = 0;
    std::array<std::size_t, sources> share{};
    for (std::size_t i = 0; i < sources; ++i) {
        for (const Got& got : receive_all(*group[i])) {
            ++received;
            net::PacketView view;
            ASSERT_FALSE(net::decode_frame(got.link, got.octets, got.wire_length, {}, view,
                                           static_cast<std::uint8_t>(got.tags_taken)));
            auto key = std::pair(net::Address::of(view.family, view.source()),
                                 net::Address::of(view.family, view.destination()));
            if (key.second < key.first) std::swap(key.first, key.second);
            if (met[key].insert(i).second) ++share[i];
        }
        drops += group[i]->take_kernel_drops();
    }
    // On a busy machine the kernel drops one now and then, whatever the room; it says so.
    EXPECT_EQ(received + drops, sent);
    EXPECT_LT(drops, sent / 1000);
    EXPECT_EQ(met.size(), pairs);
    for (const auto& [pair, where] : met)
        ASSERT_EQ(where.size(), 1U) << net::to_text(pair.first) << " " << net::to_text(pair.second);
    for (const std::size_t n : share) {
        std::printf("%zu of %zu pairs\n", n, pairs);
        EXPECT_GT(n, pairs * 15 / 100);
        EXPECT_LT(n, pairs * 35 / 100);
    }
}

}  // namespace
}  // namespace sie::capture
