#include "dnsqr/name_set.h"

#include <gtest/gtest.h>

#include <random>

#include "support/allocation_counter.h"
#include "support/golden_rows.h"

namespace sie::dnsqr {
namespace {

using test::octets_of;

std::string wire(const std::string& hex) {
    const auto octets = octets_of(hex);
    return {octets.begin(), octets.end()};
}

bool covers(const std::vector<std::string>& listed, const std::string& name) {
    return NameSet(listed).covers(as_octets(name));
}

constexpr const char* example = "076578616d706c6500";
constexpr const char* www_example = "03777777076578616d706c6500";

TEST(NameSet, AgreesWithTheModelOnEveryNameOfTheTable) {
    const auto rows = test::golden_rows(SIE_TEST_DATA "/dnsqr/names_below.tsv");
    ASSERT_EQ(rows[0][0], "list");
    std::vector<std::string> listed;
    for (std::size_t i = 1; i < rows[0].size(); ++i) listed.push_back(wire(rows[0][i]));
    const NameSet list(listed), root({std::string(1, '\0')});
    std::size_t below = 0;
    for (std::size_t i = 1; i < rows.size(); ++i) {
        const auto name = octets_of(rows[i][0]);
        EXPECT_EQ(list.covers(name), rows[i][1] == "1") << rows[i][0];
        EXPECT_EQ(root.covers(name), rows[i][2] == "1") << rows[i][0];
        below += rows[i][1] == "1";
    }
    EXPECT_GT(rows.size(), 200U);
    EXPECT_GT(below, 20U);
}

TEST(NameSet, EmptyOneCoversNothing) {
    EXPECT_FALSE(NameSet().covers(octets_of(example)));
    EXPECT_TRUE(NameSet().empty());
    EXPECT_FALSE(NameSet({wire(example)}).empty());
}

TEST(NameSet, CoversTheNameAndWhatIsBelowOnLabelBoundaries) {
    EXPECT_TRUE(covers({wire(example)}, wire(example)));
    EXPECT_TRUE(covers({wire(example)}, wire(www_example)));
    EXPECT_FALSE(covers({wire(www_example)}, wire(example)));
    EXPECT_FALSE(covers({wire(example)}, wire("08786578616d706c6500")));  // xexample
    EXPECT_FALSE(covers({wire(example)}, wire("00")));
}

TEST(NameSet, IgnoresTheCaseOfTheNameAsked) {
    EXPECT_TRUE(covers({wire(example)}, wire("07455841"
                                             "4d504c4500")));
}

TEST(NameSet, RootCoversEveryNameThatIsWhole) {
    EXPECT_TRUE(covers({wire("00")}, wire("00")));
    EXPECT_TRUE(covers({wire("00")}, wire(www_example)));
    EXPECT_FALSE(covers({wire("00")}, wire("03777777c00c")));  // ends in a pointer (REFERENCE §7)
    EXPECT_FALSE(covers({wire("00")}, wire("c00c")));
    EXPECT_FALSE(covers({wire("00")}, wire("")));
    // A pointer is no label of 192 octets behind which the name would go on.
    EXPECT_FALSE(covers({wire("00")}, "\xc0" + std::string(192, 'a') + '\0'));
}

TEST(NameSet, ANameOver255OctetsIsBelowNothing) {
    std::string longest, longer;
    for (int i = 0; i < 127; ++i) longest += std::string("\1a", 2);
    longer = longest + std::string("\1a", 2);
    longest.push_back('\0');
    longer.push_back('\0');
    ASSERT_EQ(longest.size(), 255U);
    EXPECT_TRUE(covers({wire("00")}, longest));
    EXPECT_TRUE(covers({longest}, longest));
    EXPECT_FALSE(covers({wire("00")}, longer));
    EXPECT_FALSE(covers({longer}, longer));
    EXPECT_TRUE(NameSet({longer}).empty());
}

TEST(NameSet, KeepsEachNameOnceShortestFirst) {
    const NameSet set({wire(www_example), wire(example), wire("00"), wire(example), ""});
    EXPECT_EQ(set.names(), (std::vector<std::string>{wire("00"), wire(example), wire(www_example)}));
}

// Octets of any kind, whatever they look like, against the loop of the rule.
TEST(NameSet, AgreesWithAPlainTwinOnHostileNames) {
    for (unsigned seed = 1; seed <= 20; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937 random(seed);
        const auto name = [&](bool hostile) {
            std::string out;
            for (unsigned labels = random() % 5; labels > 0; --labels) {
                const unsigned n = 1 + random() % 2;
                out.push_back(static_cast<char>(hostile && random() % 9 == 0 ? random() : n));
                for (unsigned i = 0; i < n; ++i) out.push_back(static_cast<char>('a' + random() % 3));
            }
            if (!hostile || random() % 5 != 0) out.push_back('\0');
            return out;
        };
        std::vector<std::string> listed;
        for (int i = 0; i < 12; ++i) listed.push_back(name(false));
        if (seed % 2 == 0) std::erase(listed, std::string(1, '\0'));
        const NameSet set(listed);
        for (int i = 0; i < 3000; ++i) {
            std::string asked = name(true);
            bool expected = false;
            const std::string folded = dns::lowered(asked);
            for (std::size_t at = 0; at < folded.size();) {
                const std::string rest = folded.substr(at);
                for (const std::string& one : listed) expected |= rest == one;
                const auto length = static_cast<std::uint8_t>(folded[at]);
                if (expected || length >= 192) break;
                at += 1U + length;
            }
            if (i % 3 == 0 && !asked.empty())
                for (std::size_t j = 0; j < asked.size(); ++j)
                    if (asked[j] >= 'a' && asked[j] <= 'c') asked[j] = static_cast<char>(asked[j] - 32);
            ASSERT_EQ(set.covers(as_octets(asked)), expected) << dns::name_to_text(as_octets(asked));
        }
    }
}

TEST(NameSet, AsksWithoutAllocating) {
    const NameSet set({wire(example)});
    const auto name = octets_of(www_example);
    const std::uint64_t before = AllocationCount::now();
    EXPECT_TRUE(set.covers(name));
    EXPECT_EQ(AllocationCount::now(), before);
}

}  // namespace
}  // namespace sie::dnsqr
