// DNS messages in the text forms: names that are known already are repeated, and give the same text.
#include "text/message_text.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "dns/name.h"
#include "support/packet_builder.h"
#include "text/json_string.h"

namespace sie::text {
namespace {

using test::Bytes;
using test::bytes;

Bytes query(const std::string& name) {
    Bytes message = bytes("1234 0100 0001 0000 0000 0000");
    message.insert(message.end(), name.begin(), name.end());
    for (const std::uint8_t octet : bytes("0001 0001")) message.push_back(octet);
    return message;
}

// Labels, whole or not, with octets that are escaped, pointers, and ends in the midst.
std::string any_name(std::mt19937& random) {
    std::string wire;
    for (std::size_t labels = random() % 4; labels > 0; --labels) {
        const std::size_t length = random() % 20 == 0 ? 60 + random() % 10 : 1 + random() % 8;
        wire += static_cast<char>(length);
        for (std::size_t i = 0; i < length; ++i)
            wire += static_cast<char>(random() % 16 == 0 ? random() : 'a' + random() % 3);
    }
    switch (random() % 8) {
        case 0: wire += "\xc0\x04"; break;  // to octets of the header that are zero
        case 1: break;
        case 2: wire += std::string("\0x", 2); break;
        default: wire += '\0';
    }
    return wire;
}

TEST(MessageText, AQuestionWhoseNameIsKnownReadsAsOneWhoseNameIsNot) {
    std::mt19937 random(23);
    int repeated = 0;
    for (int round = 0; round < 100'000; ++round) {
        const std::string known = any_name(random), asked = random() % 4 == 0 ? any_name(random) : known;
        const Bytes message = query(asked);
        MessageText knows, does_not;
        TextBuffer with, without;
        for (TextBuffer* json : {&with, &without})
            append_json_through(*json, [&] { return dns::append_name(as_octets(known), *json); });
        knows.know_name(as_octets(known), 0, with.size());
        const std::size_t start = with.size();
        knows.append_json(with, message);
        does_not.append_json(without, message);
        ASSERT_EQ(with.view(), without.view())
            << test::to_hex(as_octets(known)) << ' ' << test::to_hex(as_octets(asked));
        repeated += known == asked && with.view().substr(start) != "null" ? 1 : 0;

        TextBuffer lines_with, lines_without;
        for (TextBuffer* text : {&lines_with, &lines_without}) dns::append_name(as_octets(known), *text);
        knows.know_name(as_octets(known), 0, lines_with.size());
        ASSERT_EQ(knows.append_presentation(lines_with, message),
                  does_not.append_presentation(lines_without, message));
        ASSERT_EQ(lines_with.view(), lines_without.view());
    }
    EXPECT_GT(repeated, 30'000);
}

TEST(MessageText, AForgottenNameIsNotRepeated) {
    const std::string name("\1a\0", 3);
    MessageText writer;
    TextBuffer json;
    json += "other";
    writer.know_name(as_octets(name), 0, 5);
    writer.forget_name();
    writer.append_json(json, query(name));
    EXPECT_NE(json.view().find("{\"qname\":\"a.\""), std::string_view::npos) << json.view();
}

}  // namespace
}  // namespace sie::text
