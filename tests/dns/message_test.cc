#include "dns/message.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "support/golden_rows.h"

namespace sie::dns {
namespace {

using test::hex_of;
using test::octets_of;

// A header with this count of questions, and what stands behind it.
std::vector<std::uint8_t> message(std::uint8_t questions, const std::string& hex) {
    auto octets = octets_of("123401000000000000000000" + hex);
    octets[5] = questions;
    return octets;
}

TEST(ReadHeader, TakesEveryFieldFromItsPlace) {
    const auto octets = octets_of("1234a9830102030405060708");
    const Header header = read_header(octets).value();
    EXPECT_EQ(header.id, 0x1234);
    EXPECT_EQ(header.flags, 0xa983);
    EXPECT_EQ(header.question_count, 0x0102);
    EXPECT_EQ(header.answer_count, 0x0304);
    EXPECT_EQ(header.authority_count, 0x0506);
    EXPECT_EQ(header.additional_count, 0x0708);
}

TEST(ReadHeader, SplitsTheFlags) {
    Header header;
    header.flags = 0x8000;
    EXPECT_TRUE(header.response());
    EXPECT_FALSE(header.recursion_desired());
    header.flags = 0x0100;
    EXPECT_FALSE(header.response());
    EXPECT_TRUE(header.recursion_desired());
    header.flags = 0x000b;
    EXPECT_EQ(header.rcode(), 11);
    EXPECT_EQ(header.opcode(), 0);
    header.flags = 0x2800;
    EXPECT_EQ(header.opcode(), 5);
    EXPECT_EQ(header.rcode(), 0);
}

TEST(ReadHeader, RefusesFewerThanTwelveOctets) {
    const auto octets = message(1, "");
    for (std::size_t size = 0; size < 12; ++size)
        EXPECT_FALSE(read_header(Octets(octets).first(size)).has_value());
    EXPECT_TRUE(read_header(octets).has_value());
}

TEST(ReadQuestion, GivesNameTypeAndClass) {
    const auto octets = message(1,
                                "0377777703636f6d00"
                                "001c"
                                "0001"
                                "c00c");
    Question question;
    ASSERT_EQ(read_question(octets, question), QuestionOutcome::present);
    EXPECT_EQ(hex_of(question.octets), "0377777703636f6d00001c0001");
    EXPECT_EQ(hex_of(question.name()), "0377777703636f6d00");
    EXPECT_EQ(question.type(), 28);
    EXPECT_EQ(question.qclass(), 1);
    EXPECT_EQ(question.octets.data(), octets.data() + 12);
}

TEST(ReadQuestion, TakesTheRoot) {
    const auto octets = message(1, "0000020001");
    Question question;
    ASSERT_EQ(read_question(octets, question), QuestionOutcome::present);
    EXPECT_EQ(hex_of(question.name()), "00");
}

TEST(ReadQuestion, KeepsAPointerRawAndEndsThere) {
    Question question;
    const auto octets = message(1, "c00c00010001ff");
    ASSERT_EQ(read_question(octets, question), QuestionOutcome::present);
    EXPECT_EQ(hex_of(question.octets), "c00c00010001");
    const auto later = message(1, "03616263c00400050006");
    ASSERT_EQ(read_question(later, question), QuestionOutcome::present);
    EXPECT_EQ(hex_of(question.name()), "03616263c004");
    EXPECT_EQ(question.type(), 5);
    EXPECT_EQ(question.qclass(), 6);
}

TEST(ReadQuestion, SkipsLongLabelsAsTheyAreWritten) {
    for (const std::size_t length : {64U, 71U, 127U, 191U}) {
        std::vector<std::uint8_t> name(length + 2, 'a');
        name.front() = static_cast<std::uint8_t>(length);
        name.back() = 0;
        Question question;
        const auto octets = message(1, hex_of(name) + "00010001");
        ASSERT_EQ(read_question(octets, question), QuestionOutcome::present) << length;
        EXPECT_EQ(question.name().size(), name.size());
    }
}

TEST(ReadQuestion, HasNoLimitOnTheWholeName) {
    std::string hex;
    for (int i = 0; i < 5000; ++i) hex += "026161";
    Question question;
    const auto octets = message(1, hex + "0000010001");
    ASSERT_EQ(read_question(octets, question), QuestionOutcome::present);
    EXPECT_EQ(question.name().size(), 15'001U);
}

TEST(ReadQuestion, IsAbsentUnlessOneQuestionIsAnnounced) {
    Question question;
    for (const std::uint8_t count : {0, 2, 255}) {
        EXPECT_EQ(read_question(message(count, "0000010001"), question), QuestionOutcome::absent);
        EXPECT_EQ(read_question(message(count, "03"), question), QuestionOutcome::absent);
    }
    auto octets = message(1, "0000010001");
    octets[4] = 1;  // 257
    EXPECT_EQ(read_question(octets, question), QuestionOutcome::absent);
}

TEST(ReadQuestion, IsAbsentWhenTheMessageEndsWithItsHeader) {
    Question question;
    EXPECT_EQ(read_question(message(1, ""), question), QuestionOutcome::absent);
}

TEST(ReadQuestion, IsBadWheneverTheMessageEndsInsideIt) {
    for (const char* hex :
         {"0377777703636f6d0000010001", "03616263c00400050006", "0000010001", "c00c00010001"}) {
        const auto octets = message(1, hex);
        Question question;
        ASSERT_EQ(read_question(octets, question), QuestionOutcome::present);
        for (std::size_t size = 13; size < octets.size(); ++size) {
            EXPECT_EQ(read_question(Octets(octets).first(size), question), QuestionOutcome::bad)
                << hex << ' ' << size;
        }
    }
}

TEST(ReadQuestion, IsBadWithoutAHeader) {
    Question question;
    EXPECT_EQ(read_question(Octets(), question), QuestionOutcome::bad);
    EXPECT_EQ(read_question(Octets(message(1, "")).first(0), question), QuestionOutcome::bad);
}

TEST(SkipName, SaysNothingWhenTheWalkLeavesTheOctets) {
    EXPECT_EQ(skip_name(octets_of("016100"), 0), 3U);
    EXPECT_EQ(skip_name(octets_of("0161c0"), 0), 4U);  // one behind what is there: the caller compares
    EXPECT_FALSE(skip_name(octets_of("0161"), 0).has_value());
    EXPECT_FALSE(skip_name(octets_of("bf61"), 0).has_value());
    EXPECT_FALSE(skip_name(octets_of("00"), 1).has_value());
    EXPECT_FALSE(skip_name(octets_of("00"), SIZE_MAX).has_value());
}

}  // namespace
}  // namespace sie::dns
