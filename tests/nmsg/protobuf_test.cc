// The wire format against protobuf's own coded streams and its reading of unknown fields.
#include "nmsg/protobuf.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/unknown_field_set.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "support/packet_builder.h"

namespace sie::nmsg::protobuf {
namespace {

using google::protobuf::UnknownField;
using google::protobuf::UnknownFieldSet;
using google::protobuf::io::CodedInputStream;
using google::protobuf::io::CodedOutputStream;
using test::bytes;
using test::Bytes;

TEST(Varint, IsWrittenAsProtobufWritesIt) {
    std::mt19937_64 random(1);
    for (unsigned bits = 0; bits <= 64; ++bits)
        for (int i = 0; i < 20; ++i) {
            // The least and the most of so many bits, and some between.
            const std::uint64_t most = bits == 0 ? 0 : UINT64_MAX >> (64 - bits);
            const std::uint64_t value = i == 0 ? most : i == 1 ? most / 2 + 1 : random() & most;
            std::uint8_t ours[longest_varint] = {}, theirs[longest_varint] = {};
            const auto size = static_cast<std::size_t>(write_varint(ours, value) - ours);
            const auto expected = CodedOutputStream::WriteVarint64ToArray(value, theirs) - theirs;
            ASSERT_EQ(size, static_cast<std::size_t>(expected)) << value;
            ASSERT_EQ(size, varint_size(value)) << value;
            ASSERT_TRUE(equal(ours, theirs)) << value;
        }
}

TEST(Varint, IsReadAsProtobufReadsIt) {
    constexpr unsigned seed = 2;
    std::mt19937_64 random(seed);
    int refused = 0;
    for (int i = 0; i < 50'000; ++i) {
        Bytes octets(random() % 14);
        for (auto& octet : octets)
            octet = static_cast<std::uint8_t>(random() | (random() % 8 != 0 ? 0x80 : 0));
        CodedInputStream stream(octets.data(), static_cast<int>(octets.size()));
        std::uint64_t theirs = 0, ours = 0;
        const bool read = stream.ReadVarint64(&theirs);
        Octets rest = octets;
        ASSERT_EQ(take_varint(rest, ours), read) << "seed " << seed << ": " << test::to_hex(octets);
        refused += read ? 0 : 1;
        if (!read) continue;
        ASSERT_EQ(ours, theirs) << "seed " << seed << ": " << test::to_hex(octets);
        ASSERT_EQ(octets.size() - rest.size(), static_cast<std::size_t>(stream.CurrentPosition()));
    }
    EXPECT_GT(refused, 5'000);
    EXPECT_LT(refused, 45'000);
}

TEST(Varint, LeavesEverythingInPlaceWhenItIsRefused) {
    const Bytes octets = bytes("8080");
    Octets rest = octets;
    std::uint64_t value = 77;
    EXPECT_FALSE(take_varint(rest, value));
    EXPECT_EQ(rest.size(), 2U);
    EXPECT_EQ(value, 77U);
}

TEST(FieldSizes, AreThoseOfWhatIsWritten) {
    std::uint8_t out[400];
    const Bytes octets = test::counting(300);
    for (const std::uint32_t number : {1U, 15U, 16U, 2047U, 2048U, 536'870'911U}) {
        for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{300}, from_signed(-1)})
            EXPECT_EQ(write_varint_field(out, number, value) - out,
                      static_cast<std::ptrdiff_t>(varint_field_size(number, value)));
        for (const std::size_t size : {0U, 127U, 128U, 300U})
            EXPECT_EQ(write_bytes_field(out, number, Octets(octets).first(size)) - out,
                      static_cast<std::ptrdiff_t>(bytes_field_size(number, size)));
    }
}

// A field as protobuf shows it.
bool same(const Field& ours, const UnknownField& theirs) {
    if (ours.number != static_cast<std::uint32_t>(theirs.number())) return false;
    switch (theirs.type()) {
        case UnknownField::TYPE_VARINT: return ours.is_varint() && ours.value == theirs.varint();
        case UnknownField::TYPE_FIXED32: return ours.wire == Wire::fixed32 && ours.value == theirs.fixed32();
        case UnknownField::TYPE_FIXED64: return ours.wire == Wire::fixed64 && ours.value == theirs.fixed64();
        case UnknownField::TYPE_LENGTH_DELIMITED:
            return ours.is_bytes() && as_text(ours.octets) == theirs.length_delimited();
        case UnknownField::TYPE_GROUP: return false;
    }
    return false;
}

bool has_group(const UnknownFieldSet& set) {
    for (int i = 0; i < set.field_count(); ++i)
        if (set.field(i).type() == UnknownField::TYPE_GROUP) return true;
    return false;
}

TEST(FieldWalk, GivesTheFieldsThatProtobufGivesOfWrittenAndChangedMessages) {
    constexpr unsigned seed = 3;
    std::mt19937_64 random(seed);
    int damaged = 0, sound = 0, long_tags = 0;
    for (int round = 0; round < 20'000; ++round) {
        UnknownFieldSet made;
        for (std::uint64_t n = random() % 7; n > 0; --n) {
            const int number = static_cast<int>(1 + random() % (random() % 4 == 0 ? 536'870'911 : 30));
            switch (random() % 4) {
                case 0: made.AddVarint(number, random() >> (random() % 64)); break;
                case 1: made.AddFixed32(number, static_cast<std::uint32_t>(random())); break;
                case 2: made.AddFixed64(number, random()); break;
                default: made.AddLengthDelimited(number, std::string(random() % 40, 'x'));
            }
        }
        std::string text;
        ASSERT_TRUE(made.SerializeToString(&text));
        for (std::uint64_t n = text.empty() ? 0 : random() % 3; n > 0; --n)
            text[random() % text.size()] = static_cast<char>(random());
        if (random() % 8 == 0) text.resize(random() % (text.size() + 1));

        UnknownFieldSet read;
        const bool accepted = read.ParseFromString(text) && !has_group(read);
        const std::string where = "seed " + std::to_string(seed) + ": " + test::to_hex(as_octets(text));
        FieldWalk walk(as_octets(text));
        std::string whole;
        int count = 0;
        for (Field field; walk.next(field); ++count) {
            if (accepted) {
                ASSERT_LT(count, read.field_count()) << where;
                ASSERT_TRUE(same(field, read.field(count))) << where;
            }
            whole += as_text(field.whole);
        }
        if (accepted && walk.damaged()) {
            // protobuf drops the bits of a tag beyond 32; no writer makes such a tag, and we refuse it.
            Octets rest = as_octets(text).subspan(whole.size());
            std::uint64_t tag = 0;
            ASSERT_TRUE(take_varint(rest, tag)) << where;
            ASSERT_GT(tag, UINT32_MAX) << where;
            ++long_tags;
            continue;
        }
        ASSERT_EQ(walk.damaged(), !accepted) << where;
        if (accepted) ASSERT_EQ(whole, text) << where;
        ++(accepted ? sound : damaged);
    }
    EXPECT_GT(damaged, 2'000);
    EXPECT_GT(sound, 8'000);
    EXPECT_LT(long_tags, 500);
}

TEST(FieldWalk, RefusesEachKindOfDamage) {
    for (const char* message : {
             "00",                          // field 0
             "02 00",                       // field 0 with octets
             "0b 0c",                       // a group
             "0c",                          // the end of one
             "0e", "0f",                    // wires 6 and 7
             "08",                          // no value
             "08 ffffffffffffffffff",       // a value that does not end
             "08 8080808080808080808001",   // a value of eleven octets
             "0d 010203",                   // fixed32 cut
             "09 01020304050607",           // fixed64 cut
             "0a",                          // no length
             "0a 01",                       // one octet more than there is
             "0a ffffffffffffffffff01 61",  // a length of 2^64 - 1
             "0a ffffffff0f 61",            // of 2^32 - 1
             "88 80 80 80 80 01 01",        // a tag over 32 bits
         }) {
        const Bytes octets = bytes(message);
        FieldWalk walk(octets);
        Field field;
        EXPECT_FALSE(walk.next(field)) << message;
        EXPECT_TRUE(walk.damaged()) << message;
        EXPECT_FALSE(walk.next(field)) << "and stays so: " << message;
    }
}

TEST(FieldWalk, GivesWhatStoodBeforeTheDamage) {
    const Bytes octets = bytes("0805 120161 00");
    FieldWalk walk(octets);
    Field field;
    ASSERT_TRUE(walk.next(field));
    EXPECT_EQ(field.as_uint32(), 5U);
    ASSERT_TRUE(walk.next(field));
    EXPECT_EQ(as_text(field.octets), "a");
    EXPECT_EQ(test::to_hex(field.whole), "120161");
    EXPECT_FALSE(walk.damaged());
    EXPECT_FALSE(walk.next(field));
    EXPECT_TRUE(walk.damaged());
}

TEST(FieldWalk, AnEmptyMessageIsSound) {
    FieldWalk walk({});
    Field field;
    EXPECT_FALSE(walk.next(field));
    EXPECT_FALSE(walk.damaged());
}

}  // namespace
}  // namespace sie::nmsg::protobuf
