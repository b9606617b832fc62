// Names in messages: the walk that copies, the one that only judges and the one that prints agree on every
// name.
#include "dns/wire_name.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "dns/name.h"

namespace sie::dns {
namespace {

// One octet after the other: the plain twin of what is printed.
std::string octet_by_octet(Octets wire) {
    std::string text;
    for (std::size_t i = 0; wire[i] != 0; i += std::size_t{1} + wire[i]) {
        for (const std::uint8_t octet : wire.subspan(i + 1, wire[i])) {
            const char c = static_cast<char>(octet);
            if (c == '.' || c == '\\')
                text += std::string("\\") + c;
            else if (octet > 0x20 && octet < 0x7f)
                text += c;
            else
                text += {'\\', static_cast<char>('0' + octet / 100), static_cast<char>('0' + octet / 10 % 10),
                         static_cast<char>('0' + octet % 10)};
        }
        text += '.';
    }
    return text.empty() ? "." : text;
}

void expect_agreement(Octets message, std::size_t at, std::size_t end, bool pointers) {
    std::size_t read_at = at, passed_at = at, printed_at = at;
    WireName name;
    TextBuffer text;
    text += "ahead ";
    bool plain = true;
    const NameFault fault = name.read(message, read_at, end, pointers);
    ASSERT_EQ(pass_wire_name(message, passed_at, end, pointers), fault);
    ASSERT_EQ(append_wire_name(message, printed_at, end, pointers, text, plain), fault);
    if (fault != NameFault::none) {
        EXPECT_EQ(text.view(), "ahead ") << "what is refused leaves nothing";
        return;
    }
    EXPECT_EQ(passed_at, read_at);
    EXPECT_EQ(printed_at, read_at);
    const std::string expected = octet_by_octet(name.octets());
    EXPECT_EQ(text.view(), "ahead " + expected);
    EXPECT_EQ(name_to_text(name.octets()), expected);
    EXPECT_EQ(plain, expected.find_first_of("\\\"") == std::string::npos) << expected;
}

TEST(WireName, ThreeWalksAgreeOnEveryName) {
    std::mt19937 random(11);
    for (int round = 0; round < 300'000; ++round) {
        // Labels of any length with pointers between them, in few octets, so that many of them are whole.
        std::string octets(random() % 90, '\0');
        for (std::size_t i = 0; i < octets.size();) {
            const std::size_t kind = random() % 8;
            if (kind == 0 && i + 2 <= octets.size()) {
                octets[i] = static_cast<char>(0xc0);
                octets[i + 1] = static_cast<char>(random() % 100);
                i += 2;
                continue;
            }
            const std::size_t length = kind == 1 ? 0 : kind == 2 ? random() % 256 : random() % 20;
            octets[i] = static_cast<char>(length);
            // Letters; any octets; letters and now and then what is escaped, or a quotation mark.
            for (std::size_t end = std::min(octets.size(), i + 1 + length); ++i < end;)
                octets[i] =
                    static_cast<char>(round % 4 == 0                         ? random()
                                      : round % 4 == 1 && random() % 40 == 0 ? ".\\\"\x7f\x80 "[random() % 6]
                                                                             : 'a' + random() % 26);
        }
        const std::size_t at = octets.empty() ? 0 : random() % octets.size();
        const std::size_t end = random() % 4 == 0 ? at + random() % (octets.size() - at + 1) : octets.size();
        // Memory of exactly this size, so that what reads behind it is seen.
        const std::vector<std::uint8_t> message(octets.begin(), octets.end());
        expect_agreement(message, at, end, random() % 2 == 0);
    }
}

TEST(WireName, NamesAreComparedWhereTheyStandAsTheirCopiesAre) {
    std::mt19937 random(13);
    int same = 0;
    for (int round = 0; round < 200'000; ++round) {
        // Few letters in both cases, pointers back: many names are the same.
        std::string octets(12 + random() % 40, '\0');
        for (std::size_t i = 0; i < octets.size();) {
            if (i > 0 && random() % 3 == 0 && i + 2 <= octets.size()) {
                octets[i] = static_cast<char>(0xc0);
                octets[i + 1] = static_cast<char>(random() % i);
                i += 2;
                continue;
            }
            const std::size_t length = random() % 3;
            octets[i] = static_cast<char>(length);
            for (std::size_t end = std::min(octets.size(), i + 1 + length); ++i < end;)
                octets[i] = "abAB"[random() % 4];
        }
        const Octets message = as_octets(octets);
        const std::size_t one = random() % octets.size(), other = random() % octets.size();
        std::size_t one_at = one, other_at = other;
        WireName a, b;
        if (a.read(message, one_at, octets.size(), true) != NameFault::none ||
            b.read(message, other_at, octets.size(), true) != NameFault::none)
            continue;
        const bool expected = lowered(as_text(a.octets())) == lowered(as_text(b.octets()));
        ASSERT_EQ(same_wire_name(message, one, other), expected);
        same += expected && one != other ? 1 : 0;
    }
    EXPECT_GT(same, 1000);
}

TEST(WireName, LabelsOfEverySizeAndOctetArePrintedAsOneByOne) {
    for (std::size_t size = 1; size <= 63; ++size)
        for (unsigned octet = 0; octet < 256; ++octet)
            for (const std::size_t place : {std::size_t{0}, size / 2, size - 1}) {
                std::string label(size, 'x');
                label[place] = static_cast<char>(octet);
                const char c = static_cast<char>(octet);
                std::string shown(1, c);
                if (c == '.' || c == '\\') shown = std::string("\\") + c;
                if (octet <= 0x20 || octet >= 0x7f) {
                    shown = "\\000";
                    shown[1] = static_cast<char>('0' + octet / 100);
                    shown[2] = static_cast<char>('0' + octet / 10 % 10);
                    shown[3] = static_cast<char>('0' + octet % 10);
                }
                const std::string expected =
                    std::string(place, 'x') + shown + std::string(size - 1 - place, 'x') + ".";
                for (const std::size_t behind : {0U, 7U, 40U}) {
                    const std::string readable = label + std::string(behind, '"');
                    TextBuffer text;
                    const bool plain = append_label(as_octets(readable), size, text);
                    ASSERT_EQ(text.view(), expected);
                    ASSERT_EQ(plain, shown.size() == 1 && c != '"') << octet;
                }
            }
}

}  // namespace
}  // namespace sie::dns
