#include "dns/client_subnet.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "support/golden_rows.h"

namespace sie::dns {
namespace {

using test::hex_of;
using test::octets_of;

std::string found_in(Octets message) {
    std::vector<OctetRange> room(most_client_subnets);
    std::string text;
    for (const OctetRange& range : find_client_subnets(message, room)) {
        text += (text.empty() ? "" : " ") + std::to_string(range.from) + '-' + std::to_string(range.to);
    }
    return text.empty() ? "-" : text;
}

const std::string header = "123401000001000000000001", question =
                                                           "0161000001"
                                                           "0001";

TEST(FindClientSubnets, GivesTheAddressOctetsOfAnOption) {
    //                                        OPT of 11 octets: option 8 of 7: family 1, 24, 0, three octets
    //                                        of address
    const auto message = octets_of(header + question +
                                   "000029"
                                   "10000000"
                                   "0000"
                                   "000b"
                                   "00080007"
                                   "00011800"
                                   "c00002");
    ASSERT_EQ(message.size(), 41U);
    EXPECT_EQ(found_in(message), "38-41");
}

TEST(FindClientSubnets, SkipsOtherOptionsAndOtherRecords) {
    EXPECT_EQ(found_in(octets_of(header + question +
                                 "000029"
                                 "10000000"
                                 "0000"
                                 "000b"
                                 "000a0007"
                                 "00011800"
                                 "c00002")),
              "-");
    EXPECT_EQ(found_in(octets_of(header + question +
                                 "000028"
                                 "10000000"
                                 "0000"
                                 "000b"
                                 "00080007"
                                 "00011800"
                                 "c00002")),
              "-");
}

TEST(FindClientSubnets, FindsNothingInAnOptionWithoutAddressOctets) {
    EXPECT_EQ(found_in(octets_of(header + question +
                                 "000029"
                                 "10000000"
                                 "0000"
                                 "0008"
                                 "00080004"
                                 "00010000")),
              "-");
}

TEST(FindClientSubnets, CutsAnOptionAtTheEndOfItsRecordAndOfTheMessage) {
    const std::string option =
        "0008ffff"
        "00011800"
        "c0000201";
    EXPECT_EQ(found_in(octets_of(header + question +
                                 "000029"
                                 "10000000"
                                 "0000"
                                 "000a" +
                                 option)),
              "38-40");
    EXPECT_EQ(found_in(octets_of(header + question +
                                 "000029"
                                 "10000000"
                                 "0000"
                                 "ffff" +
                                 option)),
              "38-42");
}

TEST(FindClientSubnets, KeepsWhatWasFoundBeforeTheDamage) {
    const std::string opt =
        "000029"
        "10000000"
        "0000"
        "0009"
        "00080005"
        "00010800"
        "c0";
    EXPECT_EQ(found_in(octets_of("123401000001000000000003" + question + opt + "3f")), "38-39");
}

TEST(FindClientSubnets, FindsNothingInLessThanAHeader) {
    EXPECT_EQ(found_in(Octets()), "-");
    EXPECT_EQ(found_in(octets_of("1234010000010000000000")), "-");
}

// An OPT record with so many subnets of one octet.
std::vector<std::uint8_t> record_of(std::size_t subnets) {
    auto record = octets_of("0000291000000000000000");
    store_be16(record.data() + 9, static_cast<std::uint16_t>(subnets * 9));
    for (; subnets > 0; --subnets)
        for (const std::uint8_t octet : {0, 8, 0, 5, 0, 1, 8, 0, 7}) record.push_back(octet);
    return record;
}

TEST(FindClientSubnets, BehindSixtyFourTheRestOfTheRecordIsOneRange) {
    for (const std::size_t subnets : {std::size_t{63}, std::size_t{64}, std::size_t{65}, std::size_t{600}}) {
        auto message = octets_of("000001000000000000000002");
        const auto record = record_of(subnets);
        for (const auto& one : {record, record_of(1)}) message.insert(message.end(), one.begin(), one.end());
        std::vector<OctetRange> room(most_client_subnets);
        const auto found = find_client_subnets(message, room);
        ASSERT_EQ(found.size(), std::min<std::size_t>(subnets, 65) + 1);
        EXPECT_EQ(found.back().to, message.size()) << "the next record is read on";
        EXPECT_EQ(found[found.size() - 2].to, 12 + record.size());
        for (std::size_t i = 0; i < std::min<std::size_t>(subnets, 64); ++i)
            EXPECT_EQ(found[i], (OctetRange{static_cast<std::uint32_t>(12 + 11 + 9 * i + 8),
                                            static_cast<std::uint32_t>(12 + 11 + 9 * i + 9)}));
    }
}

TEST(FindClientSubnets, HoldsAsManyAsTheLargestMessageHas) {
    auto message = octets_of("00000100000000000000ffff");
    const auto record = record_of(64);
    std::size_t records = 0;
    for (; message.size() + record.size() <= 65'535; ++records)
        message.insert(message.end(), record.begin(), record.end());
    std::vector<OctetRange> room(most_client_subnets);
    const auto found = find_client_subnets(message, room);
    EXPECT_EQ(found.size(), records * 64);
    EXPECT_EQ(found.back().to, message.size());
}

TEST(FindClientSubnets, EndsSoonWhateverTheCountsSay) {
    std::vector<std::uint8_t> message(65'535, 0);
    for (std::size_t i = 4; i < 12; ++i) message[i] = 0xff;
    EXPECT_EQ(found_in(message), "-");
}

TEST(FindClientSubnets, AgreesWithTheModelOfTheRules) {
    std::size_t some = 0;
    for (const test::Row& row : test::golden_rows(SIE_TEST_DATA "/dns/client_subnets.tsv")) {
        ASSERT_EQ(row.size(), 2U);
        const auto message = octets_of(row[0]);
        ASSERT_EQ(found_in(message), row[1]) << row[0];
        if (row[1] == "-") continue;
        ++some;
        EXPECT_TRUE(may_hold_client_subnet(message)) << row[0];
    }
    EXPECT_GT(some, 50U);
}

TEST(MayHoldClientSubnet, AgreesWithItsPlainTwinOnRealAndDamagedMessages) {
    std::size_t without = 0;
    for (const test::Row& row : test::golden_rows(SIE_TEST_DATA "/dns/client_subnets.tsv")) {
        const auto message = octets_of(row[0]);
        ASSERT_EQ(may_hold_client_subnet(message), may_hold_client_subnet_plain(message)) << row[0];
        without += may_hold_client_subnet(message) ? 0 : 1;
    }
    EXPECT_GT(without, 20U);
}

TEST(MayHoldClientSubnet, FindsThePairAtEveryPlaceOfEverySize) {
    for (std::size_t size = 0; size < 100; ++size) {
        std::vector<std::uint8_t> message(size, 8);
        EXPECT_FALSE(may_hold_client_subnet(message)) << size;
        for (std::size_t at = 0; at + 1 < size; ++at) {
            message[at] = 0;
            ASSERT_EQ(may_hold_client_subnet(message), at >= 12) << size << ' ' << at;
            ASSERT_EQ(may_hold_client_subnet_plain(message), at >= 12) << size << ' ' << at;
            message[at] = 8;
        }
        if (size == 0) continue;
        message[size - 1] = 0;
        ASSERT_FALSE(may_hold_client_subnet(message)) << size;
    }
}

TEST(MayHoldClientSubnet, AgreesWithItsPlainTwinOnRandomOctets) {
    std::mt19937 random(7871);
    std::size_t some = 0;
    for (int i = 0; i < 50'000; ++i) {
        // From an exact allocation, so that a sanitizer sees a read beyond the end.
        std::vector<std::uint8_t> message(random() % 90);
        for (auto& octet : message)
            octet = static_cast<std::uint8_t>(random() % 8 == 0 ? random() % 9 : random());
        ASSERT_EQ(may_hold_client_subnet(message), may_hold_client_subnet_plain(message)) << hex_of(message);
        some += may_hold_client_subnet(message) ? 1 : 0;
    }
    EXPECT_GT(some, 400U);
}

}  // namespace
}  // namespace sie::dns
