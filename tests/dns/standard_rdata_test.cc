// Every registered type in the text of its RFC: the vectors of standard_rdata.tsv (check_standard_rdata.py
// holds them against other implementations), a vector for every row of the table, and octets of any kind.
#include "dns/standard_rdata.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <random>
#include <set>
#include <sstream>

#include "base/encoded_octets.h"
#include "dns/standard_types.h"

namespace sie::dns {
namespace {

constexpr std::uint16_t internet = 1, chaos = 3;

struct Vector {
    std::uint16_t type;
    std::string rdata, text, source;
};

std::vector<Vector> vectors() {
    std::ifstream in(SIE_TEST_DATA "/dns/standard_rdata.tsv");
    std::vector<Vector> rows;
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with('#')) continue;
        std::istringstream fields(line);
        std::string type, hex, text, source;
        std::getline(fields, type, '\t');
        std::getline(fields, hex, '\t');
        std::getline(fields, text, '\t');
        std::getline(fields, source, '\t');
        Vector row{static_cast<std::uint16_t>(std::stoul(type)), {}, text, source};
        EXPECT_TRUE(hex == "-" || append_decoded_hex(row.rdata, hex)) << line;
        rows.push_back(std::move(row));
    }
    EXPECT_GT(rows.size(), 140U);
    return rows;
}

std::string text_of(std::string_view rdata, std::uint16_t type, std::uint16_t rrclass = internet) {
    TextBuffer text;
    append_standard_rdata(text, Rdata::alone(as_octets(rdata), type, rrclass));
    return text.str();
}

bool is_generic(const std::string& text) { return text.starts_with("\\# "); }

TEST(StandardRdata, EveryVectorHasItsText) {
    for (const Vector& row : vectors())
        EXPECT_EQ(text_of(row.rdata, row.type), row.text) << row.type << " " << row.source;
}

TEST(StandardTypes, EveryRowHasAVectorWithItsText) {
    std::set<std::uint16_t> with_text, generic;
    for (const Vector& row : vectors()) (is_generic(row.text) ? generic : with_text).insert(row.type);
    for (const StandardType& row : standard_types()) {
        EXPECT_TRUE((row.parts.empty() ? generic : with_text).contains(row.number)) << row.name;
        EXPECT_FALSE(row.source.empty()) << row.name;
    }
}

TEST(StandardTypes, NumbersAscendAndNamesAreUnique) {
    std::set<std::string_view> names;
    int last = 0;
    for (const StandardType& row : standard_types()) {
        EXPECT_GT(row.number, last);
        last = row.number;
        EXPECT_TRUE(names.insert(row.name).second) << row.name;
    }
    TextBuffer text;
    append_standard_type(text, 63);
    append_standard_type(text, 65280);
    EXPECT_EQ(text.view(), "ZONEMDTYPE65280");
}

TEST(StandardRdata, WhatIsCutOrTooLongIsGenericOrAnotherText) {
    for (const Vector& row : vectors()) {
        if (is_generic(row.text)) continue;
        for (std::size_t size = 0; size <= row.rdata.size(); ++size) {
            std::string changed = row.rdata.substr(0, size);
            if (size == row.rdata.size()) changed += '\xff';
            const std::string text = text_of(changed, row.type);
            EXPECT_TRUE(is_generic(text) || text != row.text) << row.type << " " << text;
            if (!is_generic(text)) continue;
            std::string hex;
            ASSERT_TRUE(append_decoded_hex(hex, text.substr(std::min(text.size(), text.find(' ', 3) + 1))) ||
                        changed.empty());
            EXPECT_TRUE(hex == changed || changed.empty()) << "the generic form says all octets";
        }
    }
}

TEST(StandardRdata, OctetsOfAnyKindArePrintedOnOneLineInBounds) {
    std::mt19937 random(2026);
    for (const StandardType& row : standard_types())
        for (int round = 0; round < 3000; ++round) {
            std::string rdata(random() % 40, '\0');
            for (char& c : rdata) c = static_cast<char>(random() % (round % 2 == 0 ? 256 : 8));
            const std::string text = text_of(rdata, row.number, round % 5 == 0 ? chaos : internet);
            EXPECT_LE(text.size(), 40 * rdata.size() + 80);
            EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 127; }))
                << text;
        }
}

TEST(StandardRdata, TypesOfTheInternetClassAreGenericInOthers) {
    EXPECT_EQ(text_of("\1\2\3\4", 1, chaos), "\\# 4 01020304");
    EXPECT_EQ(text_of(std::string_view("\1a\0", 3), 2, chaos), "a.");
}

TEST(StandardRdata, NamesInAMessageMayBeCompressed) {
    const std::string message = std::string("\3www\7example\0", 13) + std::string("\0\x0a\4mail\xc0\x04", 9);
    Rdata rdata{as_octets(message), 13, message.size(), 15, internet, true};
    TextBuffer text;
    append_standard_rdata(text, rdata);
    EXPECT_EQ(text.view(), "10 mail.example.");
    rdata.compressed = false;
    text.clear();
    append_standard_rdata(text, rdata);
    EXPECT_EQ(text.view(), "\\# 9 000A046D61696CC004");
}

}  // namespace
}  // namespace sie::dns
