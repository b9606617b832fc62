#include "dns/name.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "support/golden_rows.h"

namespace sie::dns {
namespace {

using test::hex_of;
using test::octets_of;

std::string wire_of(std::string_view text) { return hex_of(as_octets(name_from_text(text).value())); }

std::string refusal_of(std::string_view text) {
    const auto name = name_from_text(text);
    EXPECT_FALSE(name.has_value()) << text;
    if (name) return {};
    EXPECT_EQ(name.error().kind, ErrorKind::usage);
    EXPECT_FALSE(name.error().remedy.empty());
    return name.error().what + ' ' + name.error().why;
}

TEST(NameFromText, TakesLabelsWithOrWithoutTheLastDot) {
    EXPECT_EQ(wire_of("www.example"),
              "0377777707"
              "6578616d706c65"
              "00");
    EXPECT_EQ(wire_of("www.example."), wire_of("www.example"));
}

TEST(NameFromText, TakesTheRoot) {
    EXPECT_EQ(wire_of("."), "00");
    EXPECT_EQ(wire_of(""), "00");
}

TEST(NameFromText, KeepsCase) { EXPECT_EQ(wire_of("aB"), "02614200"); }

TEST(NameFromText, TakesDecimalEscapes) {
    EXPECT_EQ(wire_of("\\000\\032\\255"), "030020ff00");
    EXPECT_EQ(wire_of("\\1234"), "027b3400");
    EXPECT_EQ(wire_of("a\\046b"), "03612e6200");
}

TEST(NameFromText, TakesEscapedCharacters) {
    EXPECT_EQ(wire_of("a\\.b.com"), "03612e6203636f6d00");
    EXPECT_EQ(wire_of("\\\\"), "015c00");
    EXPECT_EQ(wire_of("a\\."), "02612e00");
}

TEST(NameFromText, RefusesAnEmptyLabel) {
    for (const char* text : {"a..b", ".a", "..", "a.b.."}) {
        EXPECT_EQ(refusal_of(text), '"' + std::string(text) + "\" is not a name: it has an empty label");
    }
}

TEST(NameFromText, RefusesABadEscape) {
    for (const char* text : {"\\256", "\\999", "\\25", "\\2x", "\\25x", "a\\"}) {
        EXPECT_NE(refusal_of(text).find("\" is not a name: a backslash stands before what is no escape"),
                  std::string::npos)
            << text;
    }
}

TEST(NameFromText, RefusesALabelOverSixtyThreeOctets) {
    EXPECT_EQ(wire_of(std::string(63, 'x')).size(), 2U * 65);
    EXPECT_NE(refusal_of(std::string(64, 'x')).find("a label is longer than 63 octets"), std::string::npos);
    std::string escaped;
    for (int i = 0; i < 64; ++i) escaped += "\\120";
    EXPECT_NE(refusal_of(escaped).find("a label is longer than 63 octets"), std::string::npos);
}

TEST(NameFromText, RefusesANameOver255Octets) {
    const std::string three =
        std::string(63, 'x') + '.' + std::string(63, 'x') + '.' + std::string(63, 'x') + '.';
    EXPECT_EQ(wire_of(three + std::string(61, 'y')).size(), 2U * 255);
    EXPECT_EQ(wire_of(three + std::string(61, 'y') + '.').size(), 2U * 255);
    EXPECT_NE(refusal_of(three + std::string(62, 'y')).find("it is longer than 255 octets"),
              std::string::npos);
    EXPECT_NE(refusal_of(three + std::string(62, 'y') + '.').find("it is longer than 255 octets"),
              std::string::npos);
}

TEST(NameFromText, AgreesWithTheModelOfTheRules) {
    std::size_t taken = 0, refused = 0;
    for (const test::Row& row : test::golden_rows(SIE_TEST_DATA "/dns/wire_names.tsv")) {
        ASSERT_EQ(row.size(), 2U);
        const auto octets = octets_of(row[0]);
        const auto name = name_from_text(as_text(octets));
        EXPECT_EQ(name ? hex_of(as_octets(lowered(*name))) : "refused", row[1]) << as_text(octets);
        ++(name ? taken : refused);
    }
    EXPECT_GT(taken, 50U);
    EXPECT_GT(refused, 30U);
}

std::string text_of(const char* hex) { return name_to_text(octets_of(hex)); }

TEST(NameToText, EndsNamesInADot) {
    EXPECT_EQ(text_of("00"), ".");
    EXPECT_EQ(text_of("0377777703636f6d00"), "www.com.");
}

TEST(NameToText, EscapesWhatHasAMeaningOrIsNotPrintable) {
    EXPECT_EQ(text_of("03612e6201"
                      "5c00"),
              "a\\.b.\\\\.");
    EXPECT_EQ(text_of("0520007fff0a00"), "\\032\\000\\127\\255\\010.");
    EXPECT_EQ(text_of("05223b40242100"), "\";@$!.");
}

// c0 0c and 03 'abc' c0 04: what the original prints for a question whose name is or ends in a pointer.
TEST(NameToText, ShowsAPointerAsACutLabel) {
    EXPECT_EQ(text_of("c00c"), "\\012.");
    EXPECT_EQ(text_of("03616263c004"), "abc.\\004.");
}

TEST(NameToText, ShowsALongLabelWhole) {
    EXPECT_EQ(text_of(("47" + hex_of(std::vector<std::uint8_t>(71, 'a')) + "00").c_str()),
              std::string(71, 'a') + '.');
}

TEST(NameToText, StopsAtTheEndOfTheOctets) {
    EXPECT_EQ(text_of(""), ".");
    EXPECT_EQ(text_of("03"), ".");
    EXPECT_EQ(text_of("0361"), "a.");
    EXPECT_EQ(text_of("0161"), "a.");
    EXPECT_EQ(text_of("016103"), "a..");
}

TEST(NameToText, StopsAtTheEndOfTheName) { EXPECT_EQ(text_of("016100016200"), "a."); }

TEST(NameToText, IsUndoneByNameFromText) {
    std::mt19937 random(1035);
    for (int i = 0; i < 5000; ++i) {
        std::string wire;
        for (std::size_t labels = random() % 5; labels > 0; --labels) {
            const std::size_t length = 1 + random() % 20;
            wire += static_cast<char>(length);
            for (std::size_t k = 0; k < length; ++k) wire += static_cast<char>(random() % 256);
        }
        wire += '\0';
        ASSERT_EQ(name_from_text(name_to_text(as_octets(wire))).value(), wire) << hex_of(as_octets(wire));
    }
}

TEST(AppendName, KeepsWhatStandsBefore) {
    TextBuffer text;
    text += "x ";
    append_name(octets_of("016100"), text);
    EXPECT_EQ(text.view(), "x a.");
}

TEST(Lowered, FoldsAsciiLettersOnly) {
    EXPECT_EQ(lowered("AZ@[\xc0"
                      "az"),
              "az@[\xc0"
              "az");
}

}  // namespace
}  // namespace sie::dns
