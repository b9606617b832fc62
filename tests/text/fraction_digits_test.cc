// The digits of a fraction, against the general printer of numbers.
#include "text/fraction_digits.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "base/text_append.h"

namespace sie::text {
namespace {

template <unsigned digits>
void expect_same(double value) {
    const auto found = fraction_digits<digits>(value);
    if (!found) return;
    TextBuffer text;
    text += "0.";
    append_padded(text, *found, digits);
    ASSERT_EQ(text.view(), fmt::format("{:.{}f}", value, digits)) << value;
}

TEST(FractionDigits, AreThoseOfTheGeneralPrinter) {
    std::mt19937_64 random(17);
    for (int round = 0; round < 200'000; ++round) {
        const double value =
            std::ldexp(static_cast<double>(random() >> 11), -53 - static_cast<int>(random() % 40));
        expect_same<6>(value);
        expect_same<18>(value);
        const double nanoseconds = static_cast<double>(random() % 1'000'000'000) / 1e9;
        expect_same<6>(nanoseconds);
        expect_same<18>(nanoseconds);
        ASSERT_TRUE(nanoseconds > 0.9999 || fraction_digits<6>(nanoseconds)) << nanoseconds;
    }
}

TEST(FractionDigits, TiesGoToTheEvenDigit) {
    for (int bits = 1; bits < 30; ++bits)
        for (int odd = 1; odd < 1 << std::min(bits, 10); odd += 2) {
            expect_same<6>(std::ldexp(odd, -bits));
            expect_same<18>(std::ldexp(odd, -bits));
        }
    EXPECT_EQ(fraction_digits<6>(1.0 / 128), 7812U);   // 0.0078125
    EXPECT_EQ(fraction_digits<6>(3.0 / 128), 23438U);  // 0.0234375
    EXPECT_EQ(fraction_digits<6>(0), 0U);
    EXPECT_FALSE(fraction_digits<6>(0.9999999));  // rounds up to 1
}

}  // namespace
}  // namespace sie::text
