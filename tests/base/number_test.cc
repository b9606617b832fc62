#include "base/number.h"

#include <gtest/gtest.h>

#include <string>

namespace sie {
namespace {

constexpr std::uint64_t all = UINT64_MAX;

std::string why(std::string_view text, std::uint64_t least = 0, std::uint64_t most = all) {
    const auto number = parse_number(text, least, most);
    EXPECT_FALSE(number.has_value()) << text;
    if (number) return {};
    EXPECT_EQ(number.error().kind, ErrorKind::usage);
    EXPECT_EQ(number.error().what, "");
    EXPECT_FALSE(number.error().remedy.empty());
    return number.error().why;
}

TEST(ParseNumber, TakesDecimal) {
    EXPECT_EQ(parse_number("0", 0, all).value(), 0U);
    EXPECT_EQ(parse_number("60", 1, 3600).value(), 60U);
    EXPECT_EQ(parse_number("18446744073709551615", 0, all).value(), all);
}

TEST(ParseNumber, TakesHexadecimalInEitherCase) {
    EXPECT_EQ(parse_number("0x10000", 0, all).value(), 65536U);
    EXPECT_EQ(parse_number("0XfF", 0, all).value(), 255U);
    EXPECT_EQ(parse_number("0x0002", 0, all).value(), 2U);
    EXPECT_EQ(parse_number("0xffffffffffffffff", 0, all).value(), all);
}

TEST(ParseNumber, AllowsBlanksAndTabsAround) {
    EXPECT_EQ(parse_number(" 2", 0, all).value(), 2U);
    EXPECT_EQ(parse_number("\t 0x2 \t", 0, all).value(), 2U);
}

TEST(ParseNumber, RefusesOtherSpaceAround) {
    EXPECT_EQ(why("2\n"), R"("2\x0a" is not a decimal or 0x number)");
}

TEST(ParseNumber, RefusesBlankText) {
    EXPECT_EQ(why(""), "is empty");
    EXPECT_EQ(why(" \t"), "is empty");
}

TEST(ParseNumber, RefusesJunkBehindTheDigits) {
    EXPECT_EQ(why("2s"), R"("2s" is not a decimal or 0x number)");
    EXPECT_EQ(why("1 2"), R"("1 2" is not a decimal or 0x number)");
    EXPECT_EQ(why("0x1g"), R"("0x1g" is not a decimal or 0x number)");
    EXPECT_EQ(why(std::string_view("7\0", 2)), R"("7\x00" is not a decimal or 0x number)");
}

TEST(ParseNumber, RefusesWordsAndBarePrefixes) {
    EXPECT_EQ(why("half"), R"("half" is not a decimal or 0x number)");
    EXPECT_EQ(why("0x"), R"("0x" is not a decimal or 0x number)");
    EXPECT_EQ(why("0x-1"), R"("0x-1" is not a decimal or 0x number)");
    EXPECT_EQ(why("0x0x1"), R"("0x0x1" is not a decimal or 0x number)");
    EXPECT_EQ(why("a"), R"("a" is not a decimal or 0x number)");
}

TEST(ParseNumber, RefusesSigns) {
    EXPECT_EQ(why("-3"), R"("-3" is not a decimal or 0x number)");
    EXPECT_EQ(why("+3"), R"("+3" is not a decimal or 0x number)");
}

TEST(ParseNumber, RefusesOctalAndOffersTheDecimal) {
    EXPECT_EQ(why("010"), R"("010" has a leading zero, which once meant octal)");
    EXPECT_EQ(parse_number("010", 0, all).error().remedy, "write 10 if that is the number meant");
    EXPECT_EQ(parse_number("00", 0, all).error().remedy, "write 0 if that is the number meant");
}

TEST(ParseNumber, RefusesWhatIsOutOfRangeAndNamesTheRange) {
    EXPECT_EQ(why("0", 1, 3600), R"("0" is out of range)");
    EXPECT_EQ(why("3601", 1, 3600), R"("3601" is out of range)");
    EXPECT_EQ(parse_number("3601", 1, 3600).error().remedy, "write a number from 1 to 3600");
    EXPECT_EQ(parse_number("1", 1, 3600).value(), 1U);
    EXPECT_EQ(parse_number("3600", 1, 3600).value(), 3600U);
}

TEST(ParseNumber, RefusesWhatExceedsSixtyFourBits) {
    EXPECT_EQ(why("18446744073709551616"), R"("18446744073709551616" is out of range)");
    EXPECT_EQ(why("0x10000000000000000"), R"("0x10000000000000000" is out of range)");
}

TEST(ParseNumber, KeepsMessagesShortAndPrintable) {
    EXPECT_LT(why(std::string(10'000, 'z')).size(), 150U);
    EXPECT_EQ(why("\x1b[2J"), R"("\x1b[2J" is not a decimal or 0x number)");
}

TEST(ParseSwitch, TakesEachWordInAnyCase) {
    for (const char* word : {"1", "yes", "true", "on", "YES", "True", " oN\t"}) {
        EXPECT_TRUE(parse_switch(word).value()) << word;
    }
    for (const char* word : {"0", "no", "false", "off", "NO", "False", " oFF\t"}) {
        EXPECT_FALSE(parse_switch(word).value()) << word;
    }
}

TEST(ParseSwitch, RefusesOtherWords) {
    for (const char* word : {"2", "01", "y", "yess", "enable", "-1", "yes no", "0x1"}) {
        const auto value = parse_switch(word);
        ASSERT_FALSE(value.has_value()) << word;
        EXPECT_EQ(value.error().why, '"' + std::string(word) + "\" is not a switch");
        EXPECT_EQ(value.error().kind, ErrorKind::usage);
    }
}

TEST(ParseSwitch, RefusesBlankText) {
    EXPECT_EQ(parse_switch("").error().why, "is empty");
    EXPECT_EQ(parse_switch(" \t ").error().why, "is empty");
}

TEST(Trimmed, TakesBlanksAndTabsFromBothEndsOnly) {
    EXPECT_EQ(trimmed(" \ta b\t "), "a b");
    EXPECT_EQ(trimmed("\na"), "\na");
    EXPECT_EQ(trimmed(" \t"), "");
    EXPECT_EQ(trimmed(""), "");
}

}  // namespace
}  // namespace sie
