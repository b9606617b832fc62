// The walk over a packed Nmsg against protobuf's reading of the same octets.
#include "nmsg/body.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "nmsg.pb.h"
#include "support/allocation_counter.h"
#include "support/packet_builder.h"

namespace sie::nmsg {
namespace {

using test::bytes;
using test::Bytes;
using Pair = std::pair<Bytes, std::optional<std::uint32_t>>;

std::optional<std::vector<Pair>> walked(Octets message) {
    BodyWalk walk;
    if (!walk.open(message)) return {};
    std::vector<Pair> found;
    Octets payload;
    std::optional<std::uint32_t> crc;
    while (walk.next(payload, crc)) found.emplace_back(Bytes(payload.begin(), payload.end()), crc);
    return found;
}

// The plain twin: protobuf finds both lists, the i-th CRC belongs to the i-th payload (N8). Payloads are
// taken as octets here (LooseNmsg), since a malformed one is no fault of the body.
std::optional<std::vector<Pair>> by_protobuf(Octets message) {
    oracle::LooseNmsg parsed;
    if (!parsed.ParseFromArray(message.data(), static_cast<int>(message.size()))) return {};
    std::vector<Pair> found;
    for (int i = 0; i < parsed.payloads_size(); ++i) {
        const std::string& octets = parsed.payloads(i);
        std::optional<std::uint32_t> crc;
        if (i < parsed.payload_crcs_size()) crc = parsed.payload_crcs(i);
        found.emplace_back(Bytes(octets.begin(), octets.end()), crc);
    }
    return found;
}

TEST(BodyWalk, GivesEachPayloadItsCrcWhateverTheOrder) {
    const std::vector<Pair> expected{{bytes("aa"), 1}, {bytes("bbbb"), 300}};
    for (const char* message : {
             "0a01aa 0a02bbbb 1001 10ac02",            // as written (N5)
             "1001 10ac02 0a01aa 0a02bbbb",            // CRCs in front
             "1001 0a01aa 1807 10ac02 2009 0a02bbbb",  // in turns, with a sequence between
             "0a01aa 0a02bbbb 1203 01ac02",            // packed
             "0a01aa 1201 01 0a02bbbb 1202 ac02",      // packed in two
             "0a01aa 0a02bbbb 1200 1001 1200 1202 ac02",
             "0a01aa 0a02bbbb 1001 10ac02 2a03616263 3105060708090a0b0c 3d01020304",  // unknown fields
         }) {
        EXPECT_EQ(walked(bytes(message)), expected) << message;
        EXPECT_EQ(by_protobuf(bytes(message)), expected) << message;
    }
}

TEST(BodyWalk, FewerCrcsThanPayloadsLeaveTheLastWithoutOne) {  // N8
    EXPECT_EQ(walked(bytes("0a01aa 0a01bb 1005")),
              (std::vector<Pair>{{bytes("aa"), 5}, {bytes("bb"), std::nullopt}}));
    EXPECT_EQ(walked(bytes("0a01aa 1005 1006 1007")), (std::vector<Pair>{{bytes("aa"), 5}}));
}

TEST(BodyWalk, ABodyWithoutPayloadsIsSound) {  // N18
    for (const char* message : {"", "1005", "1807 2009", "1200", "5a00"})
        EXPECT_EQ(walked(bytes(message)), std::vector<Pair>{}) << message;
    EXPECT_EQ(walked(bytes("0a00")), (std::vector<Pair>{{Bytes{}, std::nullopt}}));
}

TEST(BodyWalk, TheLowHalfOfALongCrcCounts) {
    EXPECT_EQ(walked(bytes("0a01aa 10ffffffffffffffffff01")), (std::vector<Pair>{{bytes("aa"), UINT32_MAX}}));
    EXPECT_EQ(walked(bytes("0a01aa 1205 8180808010")), (std::vector<Pair>{{bytes("aa"), 1}}));
}

TEST(BodyWalk, RefusesAMessageAsAWhole) {
    for (const char* message : {
             "0a01aa 0a05bb",                       // a length past the end
             "0a01aa 0801",                         // payloads: a varint
             "0a01aa 0d01020304",                   // payloads: fixed32
             "0a01aa 1501020304",                   // CRCs: fixed32
             "0a01aa 120180",                       // packed CRCs: the last is cut
             "0a01aa 120b 8080808080808080808000",  // packed CRCs: longer than ten octets
             "0a01aa 1a0101",                       // sequence: octets
             "0a01aa 250102030405",                 // sequence_id: fixed32
             "0a01aa 0001",                         // field 0
             "0a01aa 0b0c",                         // a group
             "0a01aa 07",                           // wire 7
             "0a01aa 10",                           // no value
             "0a01aa 3d010203",                     // an unknown field that is cut
         })
        EXPECT_FALSE(walked(bytes(message))) << message;
}

TEST(BodyWalk, StartsAnewWithEachMessage) {
    const Bytes first = bytes("0a01aa 0a01bb 1202 0506"), second = bytes("0a01cc 0a01dd");
    BodyWalk walk;
    Octets payload;
    std::optional<std::uint32_t> crc;
    ASSERT_TRUE(walk.open(first));
    ASSERT_TRUE(walk.next(payload, crc));
    ASSERT_EQ(crc, 5U);
    ASSERT_TRUE(walk.open(second));
    ASSERT_TRUE(walk.next(payload, crc));
    EXPECT_TRUE(equal(payload, bytes("cc")));
    EXPECT_FALSE(crc) << "nothing is left of the packed list before";
    const Bytes bad = bytes("0a01aa 0a");
    EXPECT_FALSE(walk.open(bad));
    EXPECT_FALSE(walk.next(payload, crc)) << "there is nothing to walk";
}

// protobuf drops the bits of a tag beyond 32.
bool has_long_tag(Octets message) {
    protobuf::FieldWalk walk(message);
    Octets rest = message;
    for (protobuf::Field field; walk.next(field);) rest = rest.subspan(field.whole.size());
    std::uint64_t tag = 0;
    return protobuf::take_varint(rest, tag) && tag > UINT32_MAX;
}

// protobuf keeps groups, and known fields of another wire, as unknown ones; we refuse both.
bool only_protobuf_takes(Octets message) {
    oracle::LooseNmsg parsed;
    if (!parsed.ParseFromArray(message.data(), static_cast<int>(message.size()))) return true;
    const auto& unknown = parsed.GetReflection()->GetUnknownFields(parsed);
    for (int i = 0; i < unknown.field_count(); ++i)
        if (unknown.field(i).type() == google::protobuf::UnknownField::TYPE_GROUP ||
            unknown.field(i).number() <= 4)
            return true;
    return has_long_tag(message);
}

TEST(BodyWalk, AgreesWithProtobufOnChangedMessages) {
    constexpr unsigned seed = 20231114;
    std::mt19937 random(seed);
    int refused = 0, accepted = 0;
    for (int i = 0; i < 20'000; ++i) {
        oracle::LooseNmsg message;
        for (unsigned n = random() % 6; n > 0; --n) {
            const Bytes octets = test::counting(random() % 20);
            message.add_payloads(octets.data(), octets.size());
        }
        for (unsigned n = random() % 6; n > 0; --n) message.add_payload_crcs(random() >> (random() % 32));
        if (random() % 3 == 0) message.set_sequence(random());
        std::string text = message.SerializeAsString();
        for (unsigned n = text.empty() ? 0 : random() % 4; n > 0; --n)
            text[random() % text.size()] = static_cast<char>(random() % 2 == 0 ? random() : random() % 48);
        const Octets octets = as_octets(text);
        const auto ours = walked(octets);
        ++(ours ? accepted : refused);
        const std::string where = "seed " + std::to_string(seed) + ": " + test::to_hex(octets);
        if (ours)
            ASSERT_EQ(ours, by_protobuf(octets)) << where;
        else
            ASSERT_TRUE(only_protobuf_takes(octets)) << where;
    }
    EXPECT_GT(refused, 2'000);
    EXPECT_GT(accepted, 8'000);
}

TEST(BodyWalk, TakesNoMemory) {
    oracle::LooseNmsg message;
    for (std::uint32_t i = 0; i < 5'000; ++i) {
        message.add_payloads("payload");
        message.add_payload_crcs(i);
    }
    const std::string text = message.SerializeAsString();
    const std::uint64_t before = AllocationCount::now();
    BodyWalk walk;
    ASSERT_TRUE(walk.open(as_octets(text)));
    Octets payload;
    std::optional<std::uint32_t> crc;
    std::uint64_t sum = 0;
    while (walk.next(payload, crc)) sum += crc.value_or(0);
    EXPECT_EQ(AllocationCount::now(), before);
    EXPECT_EQ(sum, 4'999U * 5'000 / 2);
}

}  // namespace
}  // namespace sie::nmsg
