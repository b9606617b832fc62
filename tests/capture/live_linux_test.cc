// Both live sources on interfaces in a network namespace of the test's own. Frames are written by the test.
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "capture/live_source.h"
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
[[maybe_unused]] std::vector<Got> receive_all(LiveSource& source) { return receive(source, SIZE_MAX, 200ms); }

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

[[maybe_unused]] FilterRules rules_for(const char* resolver) {
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

}  // namespace
}  // namespace sie::capture
