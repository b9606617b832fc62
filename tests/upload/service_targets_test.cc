#include "upload/service_targets.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace sie::upload {
namespace {

using Bytes = std::vector<std::uint8_t>;

// A DNS answer to a query for x. SRV, with records of type SRV and any other.
class AnswerBuilder {
  public:
    AnswerBuilder() { octets_ = {0, 1, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'x', 0, 0, 33, 0, 1}; }
    AnswerBuilder& record(unsigned type, const Bytes& data, unsigned klass = 1) {
        for (const unsigned octet : {0xc0U, 12U, 0U, type, 0U, klass, 0U, 0U, 0U, 60U})
            octets_.push_back(static_cast<std::uint8_t>(octet));
        octets_.push_back(static_cast<std::uint8_t>(data.size() >> 8));
        octets_.push_back(static_cast<std::uint8_t>(data.size()));
        octets_.insert(octets_.end(), data.begin(), data.end());
        ++count_;
        octets_[6] = static_cast<std::uint8_t>(count_ >> 8);
        octets_[7] = static_cast<std::uint8_t>(count_);
        return *this;
    }
    AnswerBuilder& srv(unsigned priority, unsigned weight, unsigned port, const std::string& host) {
        Bytes data;
        for (const unsigned number : {priority, weight, port}) {
            data.push_back(static_cast<std::uint8_t>(number >> 8));
            data.push_back(static_cast<std::uint8_t>(number));
        }
        for (std::size_t at = 0; at < host.size();) {
            const std::size_t end = std::min(host.find('.', at), host.size());
            data.push_back(static_cast<std::uint8_t>(end - at));
            data.insert(data.end(), host.begin() + static_cast<long>(at),
                        host.begin() + static_cast<long>(end));
            at = end + 1;
        }
        data.push_back(0);
        return record(33, data);
    }
    [[nodiscard]] const Bytes& octets() const { return octets_; }

  private:
    Bytes octets_;
    unsigned count_ = 0;
};

TEST(ServiceTargets, TheRecordsOfTheAnswerInItsOrder) {
    const auto answer = AnswerBuilder()
                            .record(5, {1, 'y', 0})
                            .srv(10, 5, 49222, "a.example")
                            .record(1, {192, 0, 2, 1})
                            .srv(1, 0, 22, "b.example");
    const auto targets = service_targets_in(answer.octets(), "x");
    ASSERT_TRUE(targets) << targets.error().text();
    EXPECT_EQ(*targets, (std::vector<ServiceTarget>{{10, 5, 49222, "a.example"}, {1, 0, 22, "b.example"}}));
}

TEST(ServiceTargets, NoRecordIsNoError) {
    EXPECT_TRUE(service_targets_in(AnswerBuilder().octets(), "x").value().empty());
    EXPECT_TRUE(service_targets_in(AnswerBuilder().record(1, {192, 0, 2, 1}).octets(), "x").value().empty());
}

TEST(ServiceTargets, ADotMeansThatTheServiceIsNotThere) {
    const auto targets = service_targets_in(AnswerBuilder().srv(0, 0, 0, "").octets(), "x");
    ASSERT_FALSE(targets);
    EXPECT_NE(targets.error().text().find("not there"), std::string::npos);
    // Beside a target it is passed over.
    EXPECT_EQ(
        service_targets_in(AnswerBuilder().srv(0, 0, 0, "").srv(1, 1, 1, "a").octets(), "x").value().size(),
        1U);
}

TEST(ServiceTargets, HostsThatAreNoHostNamesAreNotTaken) {
    for (const char* host :
         {"-oProxyCommand=x", "a b", "a;b", "a@b", "a.-b", "$(id)", "a\nb", "a/b", "[::1]"}) {
        const auto targets = service_targets_in(AnswerBuilder().srv(0, 0, 49222, host).octets(), "x");
        ASSERT_FALSE(targets) << host;
        EXPECT_NE(targets.error().why.find("no usable host"), std::string::npos);
        EXPECT_EQ(targets.error().why.find('\n'), std::string::npos);
        EXPECT_EQ(
            service_targets_in(AnswerBuilder().srv(0, 0, 1, host).srv(0, 0, 2, "good").octets(), "x").value(),
            (std::vector<ServiceTarget>{{0, 0, 2, "good"}}));
    }
    EXPECT_FALSE(service_targets_in(AnswerBuilder().srv(0, 0, 0, "a.example").octets(), "x"));  // port 0
}

TEST(ServiceTargets, AtMostSixtyFour) {
    AnswerBuilder answer;
    for (unsigned i = 0; i < 1'000; ++i) answer.srv(i, 0, 1, "a");
    EXPECT_EQ(service_targets_in(answer.octets(), "x").value().size(), 64U);
}

TEST(ServiceTargets, DamagedAnswersAreErrorsAndDoNoHarm) {
    const Bytes sound = AnswerBuilder().srv(10, 5, 49222, "a.example").srv(1, 0, 22, "b.example").octets();
    for (std::size_t cut = 0; cut < sound.size(); ++cut)
        EXPECT_FALSE(service_targets_in(Octets(sound.data(), cut), "x")) << cut;
    EXPECT_FALSE(service_targets_in(AnswerBuilder().record(33, {0, 0, 0, 0, 0, 1}).octets(), "x"));
    EXPECT_FALSE(service_targets_in(AnswerBuilder().record(33, {0, 0, 0, 0, 0, 1, 0, 9}).octets(),
                                    "x"));  // octets behind
    EXPECT_FALSE(service_targets_in(AnswerBuilder().record(33, {0, 0, 0, 0, 0, 1, 0xc0, 0x1f}).octets(),
                                    "x"));  // loop
    constexpr unsigned seed = 20261126;
    std::mt19937 random(seed);
    unsigned taken = 0;
    for (int round = 0; round < 50'000; ++round) {
        Bytes octets = sound;
        for (int i = 0; i < 3; ++i) octets[random() % octets.size()] = static_cast<std::uint8_t>(random());
        if (const auto targets = service_targets_in(octets, "x")) {
            ++taken;
            for (const ServiceTarget& target : *targets)
                ASSERT_TRUE(is_host_name(target.host)) << "seed " << seed;
        }
    }
    EXPECT_GT(taken, 1'000U);
}

TEST(ServiceOrder, PriorityFirst) {
    std::vector<ServiceTarget> targets{{30, 9, 1, "c"}, {10, 0, 1, "a"}, {20, 5, 1, "b"}};
    put_in_order(targets, [](std::uint64_t most) { return most; });
    EXPECT_EQ(targets[0].host + targets[1].host + targets[2].host, "abc");
}

TEST(ServiceOrder, TheFirstWhoseRunningSumReachesTheDrawnNumber) {
    // RFC 2782: zero weights first, then in the order of the answer; a number of 0 … 6 is drawn.
    const std::vector<ServiceTarget> given{{0, 1, 1, "one"}, {0, 0, 1, "zero"}, {0, 5, 1, "five"}};
    const std::map<std::uint64_t, std::string> first{{0, "zero"}, {1, "one"}, {2, "five"}, {6, "five"}};
    for (const auto& [drawn, host] : first) {
        auto targets = given;
        std::vector<std::uint64_t> asked;
        put_in_order(targets, [&, number = drawn](std::uint64_t most) {
            asked.push_back(most);
            return asked.size() == 1 ? number : 0;
        });
        EXPECT_EQ(targets[0].host, host) << drawn;
        EXPECT_EQ(asked[0], 6U);
        EXPECT_EQ(asked[1], 6 - targets[0].weight) << "the sum of those that are left";
    }
}

TEST(ServiceOrder, ByWeightInTheLongRun) {
    constexpr unsigned seed = 7;
    std::mt19937_64 random(seed);
    std::map<std::string, int> first;
    for (int round = 0; round < 10'000; ++round) {
        std::vector<ServiceTarget> targets{{0, 300, 1, "a"}, {0, 100, 1, "b"}, {0, 0, 1, "z"}};
        put_in_order(targets, [&](std::uint64_t most) { return random() % (most + 1); });
        ++first[targets[0].host];
    }
    EXPECT_NEAR(first["a"], 7'481, 200) << "seed " << seed;  // 300 of 401
    EXPECT_NEAR(first["b"], 2'494, 200);
    EXPECT_NEAR(first["z"], 25, 20);
}

TEST(ServiceOrder, TheSystemsDrawIsEven) {
    const Draw draw = random_draw();
    std::map<std::uint64_t, int> seen;
    for (int i = 0; i < 30'000; ++i) ++seen[draw(2)];
    ASSERT_EQ(seen.size(), 3U);
    for (const auto& [number, times] : seen) EXPECT_NEAR(times, 10'000, 600) << number;
}

}  // namespace
}  // namespace sie::upload
