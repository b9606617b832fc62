// The fields of a payload by rows, against a list that keeps every value.
#include "text/payload_fields.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "nmsg/protobuf.h"

namespace sie::text {
namespace {

namespace pb = nmsg::protobuf;

// base:dnsqr with its required fields, and lists of any length, packed or not.
struct Made {
    std::vector<std::uint8_t> octets;
    std::map<std::string, std::vector<std::uint64_t>> numbers;
    std::map<std::string, std::vector<std::string>> texts;

    void number(const std::string& name, std::uint32_t field, std::uint64_t value) {
        std::uint8_t out[2 * pb::longest_varint];
        octets.insert(octets.end(), out, pb::write_varint_field(out, field, value));
        numbers[name].push_back(value);
    }
    void text(const std::string& name, std::uint32_t field, const std::string& value) {
        std::uint8_t out[300];
        octets.insert(octets.end(), out, pb::write_bytes_field(out, field, as_octets(value)));
        texts[name].push_back(value);
    }
    void packed(const std::string& name, std::uint32_t field, const std::vector<std::uint64_t>& values) {
        std::string list;
        for (const std::uint64_t value : values) {
            std::uint8_t out[pb::longest_varint];
            list.append(out, pb::write_varint(out, value));
            numbers[name].push_back(value);
        }
        std::uint8_t out[300];
        octets.insert(octets.end(), out, pb::write_bytes_field(out, field, as_octets(list)));
    }
};

Made made(std::mt19937& random) {
    Made payload;
    payload.number("type", 1, random() % 8);
    payload.text("query_ip", 2, "abcd");
    payload.text("response_ip", 3, "efgh");
    for (std::uint32_t field = 4; field <= 7; ++field)
        payload.number(std::array{"proto", "query_port", "response_port", "id"}[field - 4], field,
                       random() % 70'000);
    for (std::size_t n = random() % 5; n > 0; --n)
        payload.text("query_packet", 12, std::string(random() % 200, static_cast<char>('a' + n)));
    for (std::size_t n = random() % 5; n > 0; --n) {
        if (random() % 2 == 0)
            payload.number("query_time_sec", 13, random());
        else
            payload.packed("query_time_sec", 13, {random(), 0, random() % 100});
    }
    if (random() % 2 == 0) payload.number("id", 7, random() % 100);  // once more: the last one counts
    return payload;
}

TEST(PayloadFields, AreTheValuesOfEachRowInOrder) {
    const PayloadType& type = *find_type(1, 9);
    std::mt19937 random(17);
    PayloadFields fields;  // its memory is used again
    for (int round = 0; round < 20'000; ++round) {
        const Made payload = made(random);
        ASSERT_TRUE(fields.decode(type, payload.octets));
        for (std::size_t row = 0; row < type.rows.size(); ++row) {
            const std::string name(type.rows[row].name);
            std::vector<std::uint64_t> numbers;
            std::vector<std::string> texts;
            fields.each(row, [&](const FieldValue& value) {
                if (type.rows[row].storage == Storage::bytes)
                    texts.emplace_back(as_text(value.octets));
                else
                    numbers.push_back(value.number);
            });
            const auto expected_numbers = payload.numbers.find(name);
            const auto expected_texts = payload.texts.find(name);
            ASSERT_EQ(numbers, expected_numbers == payload.numbers.end() ? std::vector<std::uint64_t>{}
                                                                         : expected_numbers->second);
            ASSERT_EQ(texts, expected_texts == payload.texts.end() ? std::vector<std::string>{}
                                                                   : expected_texts->second);
            ASSERT_EQ(fields.count(row), numbers.size() + texts.size());
            ASSERT_EQ(fields.last(row) != nullptr, fields.count(row) != 0);
            if (!numbers.empty()) { ASSERT_EQ(fields.last(row)->number, numbers.back()); }
            if (!texts.empty()) { ASSERT_EQ(as_text(fields.last(row)->octets), texts.back()); }
        }
    }
}

TEST(PayloadFields, AreRefusedWithoutARequiredOne) {
    const PayloadType& type = *find_type(1, 9);
    std::mt19937 random(19);
    PayloadFields fields;
    Made payload = made(random);
    ASSERT_TRUE(fields.decode(type, payload.octets));
    payload.octets.erase(payload.octets.begin(), payload.octets.begin() + 2);  // the type
    EXPECT_FALSE(fields.decode(type, payload.octets));
}

}  // namespace
}  // namespace sie::text
