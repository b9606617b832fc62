// The envelope: NmsgPayload.
#include "nmsg/payload.h"

#include <gtest/gtest.h>

#include "nmsg.pb.h"
#include "nmsg/protobuf.h"
#include "support/packet_builder.h"

namespace sie::nmsg {
namespace {

using test::Bytes;
using test::bytes;

Bytes encoded(const Payload& payload) {
    Bytes out(encoded_size(payload));
    EXPECT_EQ(encode(payload, out.data()), out.data() + out.size());
    return out;
}

TEST(Payload, ZeroAndEmptyAreWrittenWhenRequiredOrPresent) {  // N5
    EXPECT_EQ(test::to_hex(encoded({})), "08001000180025000000002a00");
    Payload absent;
    absent.has_octets = false;
    EXPECT_EQ(test::to_hex(encoded(absent)), "0800100018002500000000");
    absent.source = 0;
    EXPECT_EQ(test::to_hex(encoded(absent)), "08001000180025000000003800");
}

TEST(Payload, NegativeSecondsTakeTenOctets) {
    Payload payload;
    payload.time_sec = -1;
    payload.has_octets = false;
    EXPECT_EQ(test::to_hex(encoded(payload)), "0800100018ffffffffffffffffff012500000000");
    EXPECT_EQ(decode_payload(encoded(payload))->time_sec, -1);
}

TEST(Payload, EachRequiredFieldIsAskedFor) {
    oracle::NmsgPayload message;
    message.set_vid(1);
    message.set_msgtype(2);
    message.set_time_sec(3);
    message.set_time_nsec(4);
    EXPECT_TRUE(decode_payload(as_octets(message.SerializeAsString())));
    for (int field = 1; field <= 4; ++field) {
        oracle::NmsgPayload without = message;
        without.GetReflection()->ClearField(&without, without.GetDescriptor()->FindFieldByNumber(field));
        EXPECT_FALSE(decode_payload(as_octets(without.SerializePartialAsString()))) << field;
    }
}

TEST(Payload, UnknownFieldsComeBackBehindTheKnown) {
    const Bytes wire = bytes("9206 03616263 0801 1002 1803 2504000000 3001 9a06 00");
    EXPECT_FALSE(decode_payload(wire));  // scattered, and nowhere to gather them
    std::vector<std::uint8_t> gathered;
    const auto payload = decode_payload(wire, &gathered);
    ASSERT_TRUE(payload);
    EXPECT_EQ(test::to_hex(encoded(*payload)),
              "0801100218032504000000"
              "920603616263"
              "3001"
              "9a0600");
}

TEST(Payload, AKnownFieldOfAnotherWireIsMalformed) {
    for (const char* field : {"0d01000000", "2801", "2d00000000", "3a00"})
        EXPECT_FALSE(decode_payload(bytes(std::string("0801 1002 1803 2504000000") + field))) << field;
}

TEST(Protobuf, VarintsEndWithinTenOctets) {
    for (const char* wire : {"", "80", "ffffffffffffffffffff", "8080808080808080808000"}) {
        const Bytes octets = bytes(wire);
        Octets rest = octets;
        std::uint64_t value;
        EXPECT_FALSE(protobuf::take_varint(rest, value)) << wire;
    }
    const Bytes octets = bytes("ffffffffffffffffff01");
    Octets rest = octets;
    std::uint64_t value = 0;
    ASSERT_TRUE(protobuf::take_varint(rest, value));
    EXPECT_EQ(value, UINT64_MAX);
    for (const std::uint64_t number :
         {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128}, std::uint64_t{1} << 35, UINT64_MAX}) {
        std::uint8_t out[10];
        EXPECT_EQ(protobuf::write_varint(out, number), out + protobuf::varint_size(number));
    }
}

TEST(Protobuf, TheWalkStopsAtDamage) {
    // field 0, a group, a length past the end, a fixed value that is cut, a tag over 32 bits
    for (const char* wire : {"00", "0b", "0a05616263", "0d0102", "09010203", "80808080100001"}) {
        const Bytes octets = bytes(wire);
        protobuf::FieldWalk walk(octets);
        protobuf::Field field;
        EXPECT_FALSE(walk.next(field)) << wire;
        EXPECT_TRUE(walk.damaged()) << wire;
    }
}

}  // namespace
}  // namespace sie::nmsg
