#include "capture/packet_filter.h"

#include <gtest/gtest.h>

#include "support/packet_builder.h"

namespace sie::capture {
namespace {

const auto v4 = test::ipv4({}, test::udp4(test::counting(12))),
           v6 = test::ipv6({}, test::udp6(test::counting(12)));

bool matches(const std::string& expression, Octets ip) {
    const auto filter = PacketFilter::compile("-b", expression);
    EXPECT_TRUE(filter) << (filter ? "" : filter.error().text());
    return filter && filter->matches(ip);
}

TEST(PacketFilter, JudgesPacketsOfBothFamiliesFromTheIpHeaderOn) {
    EXPECT_TRUE(matches("udp", v4) && matches("udp", v6));
    EXPECT_TRUE(matches("host 192.0.2.1", v4));
    EXPECT_FALSE(matches("host 192.0.2.1", v6) || matches("host 192.0.2.9", v4));
    EXPECT_TRUE(matches("ip6 and src host 2001:db8::1", v6));
    EXPECT_TRUE(matches("not tcp", v4));
}

TEST(PacketFilter, MoreWordsNarrow) {
    for (const Octets packet : {Octets(v4), Octets(v6)}) {
        EXPECT_TRUE(matches("udp", packet) && matches("udp and dst port 53", packet));
        EXPECT_FALSE(matches("udp and dst port 53 and src port 1", packet));
    }
    EXPECT_TRUE(matches("", v4)) << "no word rejects nothing";
}

TEST(PacketFilter, JudgesLaterFragmentsByTheirIpHeaderOnly) {
    const auto later = test::ipv4({.flags_and_offset = 10}, test::udp4(test::counting(12)));
    EXPECT_TRUE(matches("udp and host 192.0.2.1", later));
    EXPECT_FALSE(matches("udp port 53", later));
}

TEST(PacketFilter, ShortOctetsMatchNothingAndDoNoHarm) {
    for (std::size_t n = 0; n < 28; ++n)
        EXPECT_FALSE(matches("udp port 53 and ip[27] == 255", Octets(v4).first(n)));
}

TEST(PacketFilter, ABadExpressionIsAUsageErrorThatNamesIt) {
    const auto filter = PacketFilter::compile("--bpf", "prot udp");
    ASSERT_FALSE(filter);
    EXPECT_EQ(filter.error().exit_status(), 2);
    EXPECT_NE(filter.error().text().find("--bpf"), std::string::npos);
    EXPECT_NE(filter.error().text().find("prot udp"), std::string::npos);
}

}  // namespace
}  // namespace sie::capture
