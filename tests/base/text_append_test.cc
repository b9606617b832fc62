// Numbers, octets and addresses as text: what is written fast, against the standard library or a plain twin.
#include "base/text_append.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <vector>

#include "base/address_text.h"
#include "base/plain_run.h"

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

TEST(TextAppend, PaddedOnesOfEveryWidth) {
    std::mt19937_64 random(5);
    for (int round = 0; round < 100'000; ++round) {
        const std::uint64_t value = random() >> random() % 64;
        const auto width = static_cast<unsigned>(random() % 20);
        TextBuffer text;
        append_padded(text, value, width);
        ASSERT_EQ(text.view(), fmt::format("{:0{}}", value, width)) << width;
    }
}

// One bit after the other: the plain twin of all three alphabets.
std::string digit_by_digit(Octets octets, std::string_view alphabet, unsigned bits) {
    std::string text;
    std::uint32_t held = 0;
    unsigned count = 0;
    for (std::size_t i = 0; i < 8 * octets.size(); ++i) {
        held = held << 1 | (std::uint32_t{octets[i / 8]} >> (7 - i % 8) & 1U);
        if (++count < bits) continue;
        text += alphabet[held];
        held = count = 0;
    }
    if (count > 0) text += alphabet[held << (bits - count)];
    return text;
}

TEST(TextAppend, HexAndBase32AndBase64AreThoseOfThePlainTwin) {
    constexpr std::string_view base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::mt19937 random(7);
    for (std::size_t size = 0; size < 400; ++size)
        for (int round = 0; round < 20; ++round) {
            // Memory of exactly this size, so that what reads behind it is seen.
            std::vector<std::uint8_t> octets(size);
            for (std::uint8_t& octet : octets) octet = static_cast<std::uint8_t>(random());
            TextBuffer lower, upper, thirty_two, sixty_four;
            append_hex(lower, octets, false);
            append_hex(upper, octets, true);
            append_base32hex(thirty_two, octets);
            append_base64(sixty_four, octets);
            ASSERT_EQ(lower.view(), digit_by_digit(octets, "0123456789abcdef", 4)) << size;
            ASSERT_EQ(upper.view(), digit_by_digit(octets, "0123456789ABCDEF", 4)) << size;
            ASSERT_EQ(thirty_two.view(), digit_by_digit(octets, "0123456789ABCDEFGHIJKLMNOPQRSTUV", 5))
                << size;
            ASSERT_EQ(sixty_four.view(),
                      digit_by_digit(octets, base64, 6) + std::string((3 - size % 3) % 3, '='))
                << size;
        }
}

TEST(TextAppend, AddressesAreThoseOfTheStandardLibrary) {
    std::mt19937 random(9);
    for (int round = 0; round < 300'000; ++round) {
        // Many groups of zeros, of one digit, and mapped prefixes.
        std::array<std::uint8_t, 16> octets{};
        for (std::size_t i = 0; i < 16; i += 2) {
            const auto group = static_cast<std::uint16_t>(random() >> random() % 32);
            if (random() % 2 == 0) store_be16(octets.data() + i, random() % 8 == 0 ? 0xffff : group);
        }
        if (round % 8 == 0) std::fill_n(octets.begin(), random() % 13, std::uint8_t{0});
        std::array<char, INET6_ADDRSTRLEN> wanted{};
        TextBuffer v4, v6;
        append_ipv4(v4, octets.data());
        append_ipv6(v6, octets.data());
        ASSERT_EQ(v4.view(), inet_ntop(AF_INET, octets.data(), wanted.data(), wanted.size()));
        ASSERT_EQ(v6.view(), inet_ntop(AF_INET6, octets.data(), wanted.data(), wanted.size()));
    }
}

TEST(TextAppend, EveryGroupOfAnIpv6AddressIsThatOfTheStandardLibrary) {
    for (unsigned group = 0; group < 0x10000; ++group) {
        const std::array<std::uint8_t, 16> octets{0x20,
                                                  1,
                                                  0,
                                                  1,
                                                  static_cast<std::uint8_t>(group >> 8),
                                                  static_cast<std::uint8_t>(group),
                                                  0,
                                                  1,
                                                  0,
                                                  0,
                                                  0,
                                                  0,
                                                  0,
                                                  0,
                                                  0,
                                                  1};
        std::array<char, INET6_ADDRSTRLEN> wanted{};
        TextBuffer text;
        append_ipv6(text, octets.data());
        ASSERT_EQ(text.view(), inet_ntop(AF_INET6, octets.data(), wanted.data(), wanted.size()));
    }
}

TEST(TextBuffer, RepeatsWhatStandsInItHoweverNearTheEnd) {
    for (std::size_t size = 0; size < 80; ++size)
        for (std::size_t from = 0; from <= size; ++from) {
            TextBuffer text;
            for (std::size_t i = 0; i < size; ++i) text += static_cast<char>('0' + i);
            const std::string before = text.str();
            text.repeat(from, size - from);
            ASSERT_EQ(text.view(), before + before.substr(from)) << size << ' ' << from;
        }
}

TEST(TextPiece, CountsAsFarAsItIsLongAndIsRefusedWhereItIsTooLong) {
    TextBuffer text;
    text += '<';
    text.grow_to(TextPiece<8>("abc").put(text.room(8)));
    text.grow_to(TextPiece<8>("12345678").put(text.room(8)));
    text.grow_to(TextPiece<8>().put(text.room(8)));
    text += '>';
    EXPECT_EQ(text.view(), "<abc12345678>");
    EXPECT_THROW(TextPiece<8>("123456789"), std::length_error);
}

TEST(PlainRun, FindsEveryOctetThatNeedsAnEscape) {
    for (const std::size_t size : {0U, 1U, 5U, 8U, 9U, 15U, 16U, 17U, 31U, 33U, 40U, 49U})
        for (std::size_t at = 0; at < size; ++at)
            for (unsigned c = 0; c < 256; ++c)
                for (const char around : {'x', '\xff', '!', '#', ']'}) {
                    std::string text(size, around);
                    text[at] = static_cast<char>(c);
                    const auto expected = [&](HighOctets high) {
                        std::size_t i = 0;
                        while (i < size && is_plain(static_cast<std::uint8_t>(text[i]), high)) ++i;
                        return i;
                    };
                    ASSERT_EQ(plain_run<HighOctets::plain>(as_octets(text)), expected(HighOctets::plain))
                        << c;
                    ASSERT_EQ(plain_run<HighOctets::escaped>(as_octets(text)), expected(HighOctets::escaped))
                        << c;
                }
}

}  // namespace
}  // namespace sie
