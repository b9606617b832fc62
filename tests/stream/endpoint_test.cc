// ADDRESS/PORT in all its forms, and what is refused.
#include "stream/endpoint.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

namespace sie::stream {
namespace {

std::vector<std::string> texts(std::string_view text) {
    const auto parsed = parse_endpoints("-l", text);
    std::vector<std::string> shown;
    if (parsed)
        for (const Endpoint& each : *parsed) shown.push_back(to_text(each));
    return shown;
}

TEST(ParseEndpoints, TakesOnePortOrARow) {
    EXPECT_EQ(texts("192.0.2.1/8430"), (std::vector<std::string>{"192.0.2.1/8430"}));
    EXPECT_EQ(texts("::1/1..3"), (std::vector<std::string>{"::1/1", "::1/2", "::1/3"}));
    EXPECT_EQ(texts("127.0.0.1/100..120").size(), 21U);
}

TEST(ParseEndpoints, RefusesWhatIsNone) {
    for (const char* text : {"", "192.0.2.1", "192.0.2.1/", "192.0.2.1/0", "192.0.2.1/65536",
                             "192.0.2.1/5..4", "127.0.0.1/100..121", "localhost/53", "/53", "::1/1..",
                             "::1/..3", "1.2.3.4/1/2", "127.0.0.1/-1", "127.0.0.1/010"}) {
        const auto parsed = parse_endpoints("-l", text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().kind, ErrorKind::usage);
        EXPECT_FALSE(parsed.error().remedy.empty());
    }
}

TEST(ParseDestination, TakesARateAndAFrequency) {
    const auto plain = parse_destination("-s", "127.0.0.1/8430..8431");
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->endpoints.size(), 2U);
    EXPECT_FALSE(plain->rate);
    const auto paced = parse_destination("-s", "::1/8430,500");
    ASSERT_TRUE(paced);
    EXPECT_EQ(paced->rate, 500);
    EXPECT_EQ(paced->frequency, 10U);
    const auto both = parse_destination("-s", "::1/8430,500,3");
    ASSERT_TRUE(both);
    EXPECT_EQ(both->frequency, 3U);
    for (const char* text : {"::1/1,", "::1/1,0", "::1/1,x", "::1/1,5,", "::1/1,5,0", "::1/1,5,5,5"})
        EXPECT_FALSE(parse_destination("-s", text)) << text;
}

TEST(ToSocketAddress, HasFamilyPortAndAddress) {
    sockaddr_storage storage{};
    const auto v4 = parse_endpoints("-s", "192.0.2.1/258");
    ASSERT_EQ(to_socket_address(v4->front(), storage), sizeof(sockaddr_in));
    sockaddr_in in{};
    std::memcpy(&in, &storage, sizeof in);
    EXPECT_EQ(in.sin_family, AF_INET);
    EXPECT_EQ(ntohs(in.sin_port), 258);
    EXPECT_EQ(ntohl(in.sin_addr.s_addr), 0xc0000201U);
    const auto v6 = parse_endpoints("-s", "2001:db8::5/53");
    ASSERT_EQ(to_socket_address(v6->front(), storage), sizeof(sockaddr_in6));
    EXPECT_EQ(storage.ss_family, AF_INET6);
}

}  // namespace
}  // namespace sie::stream
