// Numbers as text, against the standard library, at every change of their length.
#include "base/text_append.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace sie {
namespace {

std::string decimal(std::uint64_t value) {
    TextBuffer text;
    append_decimal(text, value);
    return text.str();
}

TEST(TextAppend, DecimalsAreThoseOfTheStandardLibrary) {
    std::mt19937_64 random(3);
    for (std::uint64_t power = 1;; power *= 10) {
        for (const std::uint64_t value : {power - 1, power, power + 1, power * 9 / 2, random() % power})
            ASSERT_EQ(decimal(value), std::to_string(value));
        if (power > UINT64_MAX / 10) break;
    }
    for (std::uint64_t value = 0; value < 20'000; ++value) ASSERT_EQ(decimal(value), std::to_string(value));
    for (int round = 0; round < 100'000; ++round) {
        const std::uint64_t value = random() >> random() % 64;
        ASSERT_EQ(decimal(value), std::to_string(value));
    }
    EXPECT_EQ(decimal(UINT64_MAX), "18446744073709551615");
}

TEST(TextAppend, PaddedAndSignedOnes) {
    TextBuffer text;
    append_padded(text, 5, 9);
    text += ' ';
    append_padded(text, 4'294'967'294, 9);
    text += ' ';
    append_signed(text, INT64_MIN);
    EXPECT_EQ(text.view(), "000000005 4294967294 -9223372036854775808");
}

}  // namespace
}  // namespace sie
