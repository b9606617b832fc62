#include "text/transaction_line.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "support/packet_builder.h"

namespace sie::text {
namespace {

using test::Bytes;
using test::bytes;

TEST(TransactionLine, ShowsTimeTypeEndsQuestionRcodeAndSizes) {
    const Bytes from = bytes("c0000201"), to = bytes("c6336402"), name = bytes("03777777076578616d706c6500"),
                packet(60);
    const nmsg::DnsqrPacket packets[] = {{packet, 1, 2}};
    nmsg::DnsqrPayload payload;
    payload.type = nmsg::DnsqrType::udp_query_response;
    payload.query_ip = from;
    payload.response_ip = to;
    payload.query_port = 33333;
    payload.response_port = 53;
    payload.qname = name;
    payload.qtype = 28;
    payload.qclass = 1;
    payload.rcode = 3;
    payload.query_packets = payload.response_packets = packets;
    EXPECT_EQ(transaction_line(payload, 1'700'000'000, 5),
              "1700000000.000000005 UDP_QUERY_RESPONSE       192.0.2.1:33333 > 198.51.100.2:53 www.example. "
              "IN AAAA "
              "NXDOMAIN query 60 octets response 60 octets");
}

TEST(TransactionLine, WhatIsAbsentIsLeftOut) {
    nmsg::DnsqrPayload payload;
    payload.type = nmsg::DnsqrType::tcp;
    EXPECT_EQ(transaction_line(payload, 1, 0), "1.000000000 TCP                      - > -");
}

TEST(TransactionLine, NamesEachType) {
    const std::vector<std::pair<nmsg::DnsqrType, std::string>> names{
        {nmsg::DnsqrType::udp_invalid, "UDP_INVALID"},
        {nmsg::DnsqrType::udp_query_response, "UDP_QUERY_RESPONSE"},
        {nmsg::DnsqrType::udp_unanswered_query, "UDP_UNANSWERED_QUERY"},
        {nmsg::DnsqrType::udp_unsolicited_response, "UDP_UNSOLICITED_RESPONSE"},
        {nmsg::DnsqrType::tcp, "TCP"},
        {nmsg::DnsqrType::icmp, "ICMP"},
        {nmsg::DnsqrType::udp_query_only, "UDP_QUERY_ONLY"},
        {nmsg::DnsqrType::udp_response_only, "UDP_RESPONSE_ONLY"}};
    ASSERT_EQ(names.size(), nmsg::dnsqr_type_count);
    for (const auto& [type, name] : names) {
        nmsg::DnsqrPayload payload;
        payload.type = type;
        EXPECT_EQ(transaction_line(payload, 1, 0),
                  "1.000000000 " + name + std::string(24 - name.size(), ' ') + " - > -");
    }
}

TEST(TransactionLine, PutsIpv6AddressesInBrackets) {
    const Bytes from = bytes("20010db8000000000000000000000001"), odd = bytes("c00002");
    nmsg::DnsqrPayload payload;
    payload.query_ip = from;
    payload.query_port = 33333;
    payload.response_ip = odd;
    payload.response_port = 53;
    EXPECT_EQ(transaction_line(payload, 1, 0), "1.000000000 UDP_INVALID              [2001:db8::1]:33333 > -")
        << "what is no address is a dash";
}

TEST(TransactionLine, AQuestionThatLacksAPartIsLeftOut) {
    const Bytes name = bytes("0161 00");
    nmsg::DnsqrPayload payload;
    const std::string without = transaction_line(payload, 1, 0);
    payload.qname = name;
    payload.qtype = 1;
    EXPECT_EQ(transaction_line(payload, 1, 0), without);
    payload.qclass = 1;
    EXPECT_EQ(transaction_line(payload, 1, 0), without + " a. IN A");
    payload.qtype = 65'280;
    payload.qclass = 77;
    payload.rcode = 15;
    EXPECT_EQ(transaction_line(payload, 1, 0), without + " a. CLASS77 TYPE65280 15");
}

TEST(TransactionLine, EscapesTheOctetsOfAName) {
    const Bytes name = bytes("06 1b5b324a0a2e 01ff 00");  // ESC [ 2 J newline dot
    nmsg::DnsqrPayload payload;
    payload.qname = name;
    payload.qtype = payload.qclass = 1;
    const std::string line = transaction_line(payload, 1, 0);
    EXPECT_NE(line.find(R"( \027[2J\010\..\255. IN A)"), std::string::npos) << line;
}

TEST(TransactionLine, NoOctetOfAPayloadReachesTheTerminalAsControl) {
    std::mt19937 random(27);
    for (int i = 0; i < 5000; ++i) {
        Bytes name(random() % 300), address(random() % 18);
        for (auto* octets : {&name, &address})
            for (auto& octet : *octets) octet = static_cast<std::uint8_t>(random());
        nmsg::DnsqrPayload payload;
        payload.type = static_cast<nmsg::DnsqrType>(random() % nmsg::dnsqr_type_count);
        payload.query_ip = payload.response_ip = address;
        payload.qname = name;
        payload.qtype = random();
        payload.qclass = random();
        payload.rcode = random();
        const std::string line =
            transaction_line(payload, static_cast<std::int64_t>(random()), random() % 1'000'000'000);
        for (const char c : line) ASSERT_TRUE(c >= 0x20 && c < 0x7f) << i << ' ' << int{c};
    }
}

}  // namespace
}  // namespace sie::text
