#include "text/transaction_line.h"

#include <gtest/gtest.h>

#include <random>

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
