// base:dnsqr against protobuf in both directions.
#include "nmsg/dnsqr_payload.h"

#include <gtest/gtest.h>

#include <random>

#include "dnsqr.pb.h"
#include "support/packet_builder.h"

namespace sie::nmsg {
namespace {

using test::Bytes;

Bytes encoded(const DnsqrPayload& payload) {
    Bytes out(encoded_size(payload));
    EXPECT_EQ(encode(payload, out.data()), out.data() + out.size());
    return out;
}

std::string text(Octets octets) { return std::string(as_text(octets)); }

// A payload with every field, or a random choice of them.
struct Made {
    Bytes query_ip, response_ip, qname, tcp;
    std::vector<Bytes> octets;
    std::vector<DnsqrPacket> query, response;
    DnsqrPayload payload;

    explicit Made(std::mt19937_64& random) {
        const auto some = [&](std::size_t most) {
            Bytes bytes(random() % (most + 1));
            for (auto& octet : bytes) octet = static_cast<std::uint8_t>(random());
            return bytes;
        };
        const auto maybe = [&] { return random() % 3 != 0; };
        query_ip = some(16);
        response_ip = some(16);
        qname = some(255);
        tcp = some(200);
        for (int i = 0; i < 6; ++i) octets.push_back(some(i == 0 ? 20'000 : 300));
        const auto packet = [&](std::size_t i) {
            return DnsqrPacket{octets[i], static_cast<std::int64_t>(random()) >> (random() % 64),
                               static_cast<std::int32_t>(random())};
        };
        for (std::size_t i = 0; i < random() % 4; ++i) query.push_back(packet(i));
        for (std::size_t i = 0; i < random() % 4; ++i) response.push_back(packet(i + 2));
        payload.type = static_cast<DnsqrType>(random() % dnsqr_type_count);
        payload.query_ip = query_ip;
        payload.response_ip = response_ip;
        payload.proto = static_cast<std::uint32_t>(random());
        payload.query_port = static_cast<std::uint32_t>(random() % 65536);
        payload.response_port = 53;
        payload.id = static_cast<std::uint32_t>(random() % 65536);
        if (maybe()) payload.qname = qname;
        if (maybe()) payload.qtype = random() % 300;
        if (maybe()) payload.qclass = 1;
        if (maybe()) payload.rcode = random() % 16;
        payload.query_packets = query;
        payload.response_packets = response;
        if (maybe()) payload.tcp = tcp;
        if (maybe()) payload.icmp = Octets{};
        if (maybe()) payload.timeout = static_cast<double>(random() % 1000) / 7;
        if (maybe()) payload.udp_checksum = static_cast<ChecksumVerdict>(random() % 4);
        if (maybe()) payload.resolver_address_zeroed = random() % 2 == 0;
    }
};

void fill(oracle::DnsQR& m, const DnsqrPayload& p) {
    m.set_type(static_cast<oracle::DnsqrType>(p.type));
    m.set_query_ip(text(p.query_ip));
    m.set_response_ip(text(p.response_ip));
    m.set_proto(p.proto);
    m.set_query_port(p.query_port);
    m.set_response_port(p.response_port);
    m.set_id(p.id);
    if (p.qname) m.set_qname(text(*p.qname));
    if (p.qtype) m.set_qtype(*p.qtype);
    if (p.qclass) m.set_qclass(*p.qclass);
    if (p.rcode) m.set_rcode(*p.rcode);
    for (const DnsqrPacket& packet : p.query_packets) {
        m.add_query_packet(text(packet.octets));
        m.add_query_time_sec(packet.time_sec);
        m.add_query_time_nsec(packet.time_nsec);
    }
    for (const DnsqrPacket& packet : p.response_packets) {
        m.add_response_packet(text(packet.octets));
        m.add_response_time_sec(packet.time_sec);
        m.add_response_time_nsec(packet.time_nsec);
    }
    if (p.tcp) m.set_tcp(text(*p.tcp));
    if (p.icmp) m.set_icmp(text(*p.icmp));
    if (p.timeout) m.set_timeout(*p.timeout);
    if (p.udp_checksum) m.set_udp_checksum(static_cast<oracle::UdpChecksum>(*p.udp_checksum));
    if (p.resolver_address_zeroed) m.set_resolver_address_zeroed(*p.resolver_address_zeroed);
}

TEST(DnsqrPayload, IsWrittenAsProtobufWritesIt) {
    std::mt19937_64 random(28);
    for (int i = 0; i < 2000; ++i) {
        const Made made(random);
        oracle::DnsQR message;
        fill(message, made.payload);
        const Bytes own = encoded(made.payload);
        ASSERT_EQ(test::to_hex(own), test::to_hex(as_octets(message.SerializeAsString()))) << i;
        const auto decoded = decode_dnsqr(own);
        ASSERT_TRUE(decoded) << i;
        ASSERT_EQ(test::to_hex(encoded(decoded->payload)), test::to_hex(own)) << i;
    }
}

TEST(DnsqrPayload, TellsWhereThePacketsStand) {
    const Bytes a = test::counting(30), b = test::counting(50), c = test::counting(70);
    const std::vector<DnsqrPacket> query{{a, 1, 2}, {b, 3, 4}}, response{{c, 5, 6}};
    DnsqrPayload payload;
    payload.query_packets = query;
    payload.response_packets = response;
    Bytes out(encoded_size(payload));
    std::uint8_t* placed[3];
    encode(payload, out.data(), placed);
    EXPECT_TRUE(equal({placed[0], a.size()}, a));
    EXPECT_TRUE(equal({placed[1], b.size()}, b));
    EXPECT_TRUE(equal({placed[2], c.size()}, c));
}

TEST(DnsqrPayload, LacksNoRequiredField) {
    oracle::DnsQR message;
    std::mt19937_64 random(1);
    fill(message, Made(random).payload);
    for (int field = 1; field <= 7; ++field) {
        oracle::DnsQR without = message;
        without.GetReflection()->ClearField(&without, without.GetDescriptor()->FindFieldByNumber(field));
        EXPECT_FALSE(decode_dnsqr(as_octets(without.SerializePartialAsString()))) << field;
    }
}

TEST(DnsqrPayload, TakesFieldsInAnyOrderTheLastOfSeveralAndPackedLists) {
    oracle::DnsQR first, second;
    std::mt19937_64 random(2);
    fill(first, Made(random).payload);
    second.set_id(77);
    const std::string both = first.SerializeAsString() + second.SerializePartialAsString();
    const auto decoded = decode_dnsqr(as_octets(both));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->payload.id, 77U);
    // query_time_sec packed: 13, length 2, two varints; query_time_nsec packed: 14, length 8.
    oracle::DnsQR bare;
    fill(bare, DnsqrPayload{});
    const std::string packed =
        bare.SerializeAsString() + std::string("\x62\1a\x62\1b\x6a\2\5\6\x72\10\1\0\0\0\2\0\0\0", 20);
    const auto lists = decode_dnsqr(as_octets(packed));
    ASSERT_TRUE(lists);
    ASSERT_EQ(lists->payload.query_packets.size(), 2U);
    EXPECT_EQ(lists->payload.query_packets[1].time_sec, 6);
    EXPECT_EQ(lists->payload.query_packets[1].time_nsec, 2);
}

TEST(DnsqrPayload, ListsOfUnevenLengthAreAsLongAsTheLongest) {
    oracle::DnsQR message;
    fill(message, DnsqrPayload{});
    message.add_response_packet("abc");
    message.add_response_time_sec(1);
    message.add_response_time_sec(2);
    const std::string octets = message.SerializeAsString();
    const auto decoded = decode_dnsqr(as_octets(octets));
    ASSERT_TRUE(decoded);
    ASSERT_EQ(decoded->payload.response_packets.size(), 2U);
    EXPECT_EQ(decoded->payload.response_packets[1].time_sec, 2);
    EXPECT_TRUE(decoded->payload.response_packets[1].octets.empty());
}

TEST(DnsqrPayload, NoCutAndNoChangeMakesItMisbehave) {
    std::mt19937_64 random(22);
    const Bytes good = encoded(Made(random).payload);
    for (std::size_t cut = 0; cut < good.size(); ++cut)
        static_cast<void>(decode_dnsqr(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(cut))));
    std::uint64_t refused = 0;
    for (int i = 0; i < 20'000; ++i) {
        Bytes bad = good;
        bad[random() % std::min<std::size_t>(bad.size(), 400)] = static_cast<std::uint8_t>(random());
        oracle::LaterDnsQR message;  // its type is a plain number, as unknown ones are for us
        const bool theirs = message.ParseFromArray(bad.data(), static_cast<int>(bad.size()));
        const auto ours = decode_dnsqr(bad);
        refused += ours ? 0 : 1;
        // protobuf takes groups and treats a known field of another wire as unknown; we need not.
        if (ours) ASSERT_TRUE(theirs) << i;
    }
    EXPECT_GT(refused, 100U);
}

}  // namespace
}  // namespace sie::nmsg
