// REFERENCE §3, table and "Numbers"; §7 "Empty values"; FACTS Q10, Q35, Q38, B14.
#include "dnsqr/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "dns/name.h"
#include "dnsqr/made_message.h"

namespace sie::dnsqr {
namespace {

using testing::HasSubstr;
using testing::Not;

// Every name of the table, in its order, with what is written there under "default".
const std::vector<std::pair<std::string, std::string>> documented{
    {"DNSQR_RES_ADDRS", "none"},
    {"DNSQR_AUTH_ADDRS", "none"},
    {"DNSQR_CAPTURE_QR", "both"},
    {"DNSQR_CAPTURE_RD", "sensor 0, nmsgtool both"},
    {"DNSQR_QUERY_TIMEOUT", "60"},
    {"DNSQR_STATE_TABLE_MAX", "131072"},
    {"DNSQR_ZERO_RESOLVER_ADDRESS", "0"},
    {"DNSQR_FILTER_QNAMES_EXCLUDE", "none"},
    {"DNSQR_FILTER_QNAMES_INCLUDE", "none"},
    {"DNSQR_FILTER_RCODES_EXCLUDE", "none"},
    {"DNSQR_FILTER_RCODES_INCLUDE", "none"},
    {"DNSQR_CAPTURE_TCP", "1 without lists and zeroing, else 0"},
    {"DNSQR_CAPTURE_ICMP", "1 without lists and zeroing, else 0"},
    {"DNSQR_ZERO_CLIENT_SUBNET", "sensor 1, nmsgtool 0"},
    {"dns_ports", "53"},
};

Result<void> apply(Settings& settings, std::string_view name, std::string_view text) {
    const SettingRow* row = find_setting(name);
    EXPECT_NE(row, nullptr) << name;
    return row->apply(settings, name, text);
}
Settings given(std::string_view name, std::string_view text) {
    Settings settings;
    const auto result = apply(settings, name, text);
    EXPECT_TRUE(result.has_value()) << name << '=' << text << ": " << (result ? "" : result.error().text());
    return settings;
}
// The line with which a value is refused; it names the setting and says how to mend it.
std::string refusal(std::string_view name, std::string_view text) {
    Settings settings;
    const auto result = apply(settings, name, text);
    EXPECT_FALSE(result.has_value()) << name << '=' << text;
    if (result) return {};
    EXPECT_EQ(result.error().kind, ErrorKind::usage);
    EXPECT_EQ(result.error().exit_status(), 2);
    EXPECT_FALSE(result.error().why.empty());
    EXPECT_FALSE(result.error().remedy.empty()) << result.error().text();
    EXPECT_THAT(result.error().text(), testing::StartsWith(std::string(name) + ": "));
    return result.error().text();
}
bool lists(const net::PrefixSet& set, const char* address) {
    const auto parsed = net::parse_address(address);
    EXPECT_TRUE(parsed.has_value());
    return set.contains(parsed->family, parsed->octets.data());
}

// ---- the table

TEST(SettingsTable, HoldsTheDocumentedSettingsWithTheirDefaults) {
    std::vector<std::pair<std::string, std::string>> rows;
    for (const SettingRow& row : settings_table()) rows.emplace_back(row.name, row.default_text);
    EXPECT_EQ(rows, documented);
}

TEST(SettingsTable, EveryRowSaysWhatItTakes) {
    std::set<std::string_view> helps;
    for (const SettingRow& row : settings_table()) {
        EXPECT_FALSE(row.placeholder.empty()) << row.name;
        EXPECT_FALSE(row.range.empty()) << row.name;
        EXPECT_FALSE(row.since.empty()) << row.name;
        EXPECT_EQ(row.help.find('\n'), row.help.npos);
        EXPECT_TRUE(helps.insert(row.help).second) << row.name;
        EXPECT_EQ(find_setting(row.name), &row);
    }
    EXPECT_EQ(find_setting("DNSQR_RES_ADDR"), nullptr);
    EXPECT_EQ(find_setting("dnsqr_res_addrs"), nullptr);
}

TEST(SettingsTable, FlagsAreTheNamesWithoutPrefixInLowerCase) {
    EXPECT_EQ(flag_of(*find_setting("DNSQR_RES_ADDRS")), "--res-addrs");
    EXPECT_EQ(flag_of(*find_setting("DNSQR_FILTER_QNAMES_EXCLUDE")), "--filter-qnames-exclude");
    EXPECT_EQ(flag_of(*find_setting("dns_ports")), "--dns-ports");
}

TEST(Settings, DefaultsAreThoseOfNmsgtool) {
    const Settings s;
    EXPECT_FALSE(s.has_lists());
    EXPECT_EQ(s.capture_qr, std::nullopt);
    EXPECT_EQ(s.capture_rd, std::nullopt);
    EXPECT_EQ(s.query_timeout_s, 60);
    EXPECT_EQ(s.state_table_max, 131072U);
    EXPECT_FALSE(s.zero_resolver_address);
    EXPECT_FALSE(s.zero_client_subnet);
    EXPECT_TRUE(s.exclude_names.empty());
    EXPECT_TRUE(s.include_names.empty());
    EXPECT_EQ(s.exclude_rcodes, 0);
    EXPECT_EQ(s.include_rcodes, 0);
    EXPECT_EQ(s.ports, std::vector<std::uint16_t>{53});
}

// §1.4, §7: on without a list, off with one and when zeroing; an explicit value stands.
TEST(Settings, TcpAndIcmpAreOnByDefaultWithoutListsAndZeroingOnly) {
    EXPECT_TRUE(Settings().wants_tcp());
    EXPECT_TRUE(Settings().wants_icmp());
    for (const auto& [name, text] :
         {std::pair{"DNSQR_RES_ADDRS", "192.0.2.1"}, std::pair{"DNSQR_AUTH_ADDRS", "2001:db8::1"},
          std::pair{"DNSQR_ZERO_RESOLVER_ADDRESS", "1"}}) {
        Settings s = given(name, text);
        EXPECT_FALSE(s.wants_tcp()) << name;
        EXPECT_FALSE(s.wants_icmp()) << name;
        EXPECT_TRUE(apply(s, "DNSQR_CAPTURE_TCP", "1").has_value());
        EXPECT_TRUE(s.wants_tcp());
        EXPECT_FALSE(s.wants_icmp());
    }
    EXPECT_FALSE(given("DNSQR_CAPTURE_TCP", "0").wants_tcp());
    EXPECT_FALSE(given("DNSQR_CAPTURE_ICMP", "off").wants_icmp());
}

// ---- DNSQR_RES_ADDRS, DNSQR_AUTH_ADDRS

TEST(AddressLists, TakeAddressesAndPrefixesOfBothFamilies) {
    const Settings s = given("DNSQR_RES_ADDRS", "192.0.2.1,198.51.100.0/24,2001:db8::1,2001:db8:1::/48");
    for (const char* in :
         {"192.0.2.1", "198.51.100.0", "198.51.100.255", "2001:db8::1", "2001:db8:1:ffff::1"})
        EXPECT_TRUE(lists(s.resolvers, in)) << in;
    for (const char* out : {"192.0.2.2", "198.51.101.0", "2001:db8::2", "2001:db8:2::"})
        EXPECT_FALSE(lists(s.resolvers, out)) << out;
    EXPECT_EQ(s.resolver_prefixes.size(), 4U);
    EXPECT_TRUE(s.servers.empty());
    EXPECT_TRUE(s.has_lists());
    EXPECT_TRUE(given("DNSQR_AUTH_ADDRS", "192.0.2.1").has_lists());
    EXPECT_TRUE(lists(given("DNSQR_AUTH_ADDRS", "192.0.2.1").servers, "192.0.2.1"));
}

TEST(AddressLists, AllowBlanksAndSkipEmptyItems) {
    const Settings s = given("DNSQR_RES_ADDRS", " 192.0.2.1 ,\t2001:db8::1,, 192.0.2.3,");
    EXPECT_EQ(s.resolver_prefixes.size(), 3U);
    EXPECT_TRUE(lists(s.resolvers, "192.0.2.3"));
}

TEST(AddressLists, RefuseAnythingElseAndNameTheItem) {
    for (const char* bad : {"192.0.2.256", "192.0.2", "resolver.example", "2001:db8::1%eth0", "192.0.2.1/33",
                            "192.0.2.1/", "192.0.2.1/-1", "192.0.2.1/x", "2001:db8::/129", "192.0.2.01",
                            "192.0.2.1 192.0.2.2", "192.0.2.1;192.0.2.2", "192.0.2.0/024", "::g"}) {
        const std::string line = refusal("DNSQR_RES_ADDRS", std::string("192.0.2.1,") + bad + ",192.0.2.2");
        EXPECT_THAT(line, HasSubstr(bad));
        (void)refusal("DNSQR_AUTH_ADDRS", bad);
    }
}

TEST(AddressLists, HostBitsSetShowTheNetworkMeant) {
    EXPECT_THAT(refusal("DNSQR_RES_ADDRS", "192.0.2.129/25"), HasSubstr("192.0.2.128/25"));
    EXPECT_THAT(refusal("DNSQR_RES_ADDRS", "192.0.2.1/0"), HasSubstr("0.0.0.0/0"));
    EXPECT_THAT(refusal("DNSQR_AUTH_ADDRS", "2001:db8::1/32"), HasSubstr("2001:db8::/32"));
}

TEST(AddressLists, NameAllBadItemsAtOnce) {
    const std::string line = refusal("DNSQR_RES_ADDRS", "first,192.0.2.1,second");
    EXPECT_THAT(line, HasSubstr("first"));
    EXPECT_THAT(line, HasSubstr("second"));
    EXPECT_THAT(line, Not(HasSubstr("192.0.2.1,")));
    std::string many;
    for (int i = 0; i < 20; ++i) many += "bad" + std::to_string(i) + ",";
    EXPECT_THAT(refusal("DNSQR_RES_ADDRS", many), HasSubstr("and 12 more"));
}

TEST(AddressLists, ARefusedListChangesNothing) {
    Settings s = given("DNSQR_RES_ADDRS", "192.0.2.1");
    EXPECT_FALSE(apply(s, "DNSQR_RES_ADDRS", "192.0.2.2,junk").has_value());
    EXPECT_TRUE(lists(s.resolvers, "192.0.2.1"));
    EXPECT_FALSE(lists(s.resolvers, "192.0.2.2"));
}

TEST(AddressLists, AStrongerPlaceReplacesTheList) {
    Settings s = given("DNSQR_RES_ADDRS", "192.0.2.1");
    EXPECT_TRUE(apply(s, "DNSQR_RES_ADDRS", "192.0.2.2").has_value());
    EXPECT_FALSE(lists(s.resolvers, "192.0.2.1"));
    EXPECT_EQ(s.resolver_prefixes.size(), 1U);
}

// ---- empty values (B14)

TEST(EmptyValues, AreRefusedForEverySetting) {
    for (const SettingRow& row : settings_table())
        for (const char* text : {"", " ", "\t \t"})
            EXPECT_THAT(refusal(row.name, text), HasSubstr("empty")) << row.name;
}

TEST(EmptyValues, ListsOfSeparatorsAreRefused) {
    for (const char* name : {"DNSQR_RES_ADDRS", "DNSQR_AUTH_ADDRS", "DNSQR_FILTER_RCODES_EXCLUDE",
                             "DNSQR_FILTER_RCODES_INCLUDE", "dns_ports"})
        for (const char* text : {",", ",,,", " , "}) (void)refusal(name, text);
    for (const char* name : {"DNSQR_FILTER_QNAMES_EXCLUDE", "DNSQR_FILTER_QNAMES_INCLUDE"})
        for (const char* text : {":", "::::"}) (void)refusal(name, text);
}

// ---- numbers

struct Range {
    const char* name;
    const char *least, *most, *below, *above;
    std::int64_t (*value)(const Settings&);
};
const Range ranges[]{
    {"DNSQR_QUERY_TIMEOUT", "1", "3600", "0", "3601", [](const Settings& s) { return s.query_timeout_s; }},
    {"DNSQR_STATE_TABLE_MAX", "1", "16777216", "0", "16777217",
     [](const Settings& s) { return std::int64_t{s.state_table_max}; }},
    {"dns_ports", "1", "65535", "0", "65536", [](const Settings& s) { return std::int64_t{s.ports.at(0)}; }},
};

TEST(Numbers, AreTakenWithinTheirBounds) {
    for (const Range& range : ranges) {
        EXPECT_EQ(range.value(given(range.name, range.least)), std::stoll(range.least)) << range.name;
        EXPECT_EQ(range.value(given(range.name, range.most)), std::stoll(range.most)) << range.name;
        EXPECT_EQ(range.value(given(range.name, "0x10")), 16) << range.name;
        EXPECT_EQ(range.value(given(range.name, " 7\t")), 7) << range.name;
    }
}

TEST(Numbers, OutsideAreRefusedWithTheRange) {
    for (const Range& range : ranges)
        for (const char* bad : {range.below, range.above, "99999999999999999999"}) {
            const std::string line = refusal(range.name, bad);
            EXPECT_THAT(line, HasSubstr(std::string("\"") + bad + "\""));
            EXPECT_THAT(line, HasSubstr(std::string("from ") + range.least + " to " + range.most));
        }
    (void)refusal("DNSQR_STATE_TABLE_MAX", "2147483648");  // B14
}

TEST(Numbers, OctalIsRefusedWithTheNumberThatMayBeMeant) {
    for (const Range& range : ranges) EXPECT_THAT(refusal(range.name, "010"), HasSubstr("write 10 "));
    (void)refusal("DNSQR_CAPTURE_QR", "00");
    (void)refusal("DNSQR_CAPTURE_RD", "01");
}

TEST(Numbers, JunkIsRefused) {
    for (const Range& range : ranges)
        for (const char* bad : {"2s", "x", "-1", "+1", "1.5", "1 2", "0x", "6O"})
            EXPECT_THAT(refusal(range.name, bad), HasSubstr(bad)) << range.name;
}

TEST(Ports, AreAListWithEachOnce) {
    EXPECT_EQ(given("dns_ports", "53, 5353 ,,53,1053").ports, (std::vector<std::uint16_t>{53, 5353, 1053}));
    EXPECT_THAT(refusal("dns_ports", "53,70000,5353"), HasSubstr("70000"));
}

// ---- 0, 1

TEST(CaptureHalves, TakeZeroOneAndBoth) {
    for (const char* name : {"DNSQR_CAPTURE_QR", "DNSQR_CAPTURE_RD"}) {
        const auto half = [name](Settings s) {
            return std::string_view(name) == "DNSQR_CAPTURE_QR" ? s.capture_qr : s.capture_rd;
        };
        EXPECT_EQ(half(given(name, "0")), 0);
        EXPECT_EQ(half(given(name, "1")), 1);
        EXPECT_EQ(half(given(name, " 0x1 ")), 1);
        Settings s = given(name, "0");
        EXPECT_TRUE(apply(s, name, "Both").has_value());
        EXPECT_EQ(half(s), std::nullopt);
    }
}

TEST(CaptureHalves, RefuseOtherValuesInsteadOfCapturingBoth) {
    for (const char* name : {"DNSQR_CAPTURE_QR", "DNSQR_CAPTURE_RD"})
        for (const char* bad : {"2", "yes", "q", "0 1", "0,1", "-1"}) {
            EXPECT_THAT(refusal(name, bad), HasSubstr(bad)) << name;
            EXPECT_THAT(refusal(name, bad), HasSubstr("0, 1 or both")) << name;
        }
}

struct Switch {
    const char* name;
    bool (*value)(const Settings&);
};
const Switch switches[]{
    {"DNSQR_ZERO_RESOLVER_ADDRESS", [](const Settings& s) { return s.zero_resolver_address; }},
    {"DNSQR_ZERO_CLIENT_SUBNET", [](const Settings& s) { return s.zero_client_subnet; }},
    {"DNSQR_CAPTURE_TCP", [](const Settings& s) { return s.capture_tcp.value(); }},
    {"DNSQR_CAPTURE_ICMP", [](const Settings& s) { return s.capture_icmp.value(); }},
};

TEST(Switches, TakeTheirWordsInAnyCase) {
    for (const Switch& one : switches) {
        for (const char* on : {"1", "yes", "true", "on", "YES", " On "})
            EXPECT_TRUE(one.value(given(one.name, on))) << on;
        for (const char* off : {"0", "no", "false", "off", "No", "\toff"}) {
            Settings s = given(one.name, "1");
            EXPECT_TRUE(apply(s, one.name, off).has_value());
            EXPECT_FALSE(one.value(s)) << off;
        }
    }
}

TEST(Switches, RefuseOtherWords) {
    for (const Switch& one : switches)
        for (const char* bad : {"2", "y", "enabled", "01", "0x1", "yes no"})
            EXPECT_THAT(refusal(one.name, bad), HasSubstr(bad)) << one.name;
}

// ---- names (Q35)

bool covers(const NameSet& set, const std::string& wire) { return set.covers(as_octets(wire)); }
std::string wire(const std::string& text) {
    const auto octets = wire_name(text);
    return {octets.begin(), octets.end()};
}

TEST(NameLists, AreSplitAtColonsAndFolded) {
    for (const char* name : {"DNSQR_FILTER_QNAMES_EXCLUDE", "DNSQR_FILTER_QNAMES_INCLUDE"}) {
        const Settings s = given(name, "Example.COM.::a\\.b.net:");
        const NameSet& set = std::string_view(name).ends_with("EXCLUDE") ? s.exclude_names : s.include_names;
        EXPECT_EQ(set.names().size(), 2U);
        EXPECT_TRUE(covers(set, wire("www.example.com")));
        EXPECT_TRUE(covers(set, std::string("\3a.b\3net\0", 9)));
        EXPECT_FALSE(covers(set, wire("a.b.net")));
    }
}

TEST(NameLists, ADotIsTheRootAndACommaIsPartOfAName) {
    EXPECT_TRUE(covers(given("DNSQR_FILTER_QNAMES_EXCLUDE", ".").exclude_names, wire("anything.example")));
    const NameSet set = given("DNSQR_FILTER_QNAMES_EXCLUDE", "a.com,b.com").exclude_names;
    EXPECT_EQ(set.names().size(), 1U);
    EXPECT_FALSE(covers(set, wire("b.com")));
    EXPECT_TRUE(covers(set, std::string("\1a\5com,b\3com\0", 13)));
    EXPECT_TRUE(
        covers(given("DNSQR_FILTER_QNAMES_EXCLUDE", "\\097.example").exclude_names, wire("a.example")));
}

TEST(NameLists, RefuseWhatDoesNotParseWithItsReason) {
    for (const char* name : {"DNSQR_FILTER_QNAMES_EXCLUDE", "DNSQR_FILTER_QNAMES_INCLUDE"}) {
        EXPECT_THAT(refusal(name, "good.example:a..b"), HasSubstr("a..b"));
        EXPECT_THAT(refusal(name, "good.example:a..b"), HasSubstr("empty label"));
        EXPECT_THAT(refusal(name, std::string(64, 'x')), HasSubstr("63"));
        EXPECT_THAT(refusal(name, "a\\256"), HasSubstr("escape"));
        std::string longest;
        for (int i = 0; i < 128; ++i) longest += "a.";
        EXPECT_THAT(refusal(name, longest), HasSubstr("255"));
    }
}

// ---- rcodes

TEST(RcodeLists, TakeNamesAndNumbers) {
    const char* names[]{"NOERROR",  "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED",
                        "YXDOMAIN", "YXRRSET", "NXRRSET",  "NOTAUTH",  "NOTZONE"};
    for (unsigned i = 0; i <= 10; ++i)
        EXPECT_EQ(given("DNSQR_FILTER_RCODES_EXCLUDE", names[i]).exclude_rcodes, 1U << i);
    for (unsigned i = 0; i <= 15; ++i)
        EXPECT_EQ(given("DNSQR_FILTER_RCODES_INCLUDE", std::to_string(i)).include_rcodes, 1U << i);
    EXPECT_EQ(given("DNSQR_FILTER_RCODES_EXCLUDE", " nxdomain ,, 2,NXDOMAIN").exclude_rcodes,
              1U << 3 | 1U << 2);
    EXPECT_EQ(given("DNSQR_FILTER_RCODES_EXCLUDE", "1").include_rcodes, 0);
}

TEST(RcodeLists, RefuseAnythingElseAndNameIt) {
    for (const char* name : {"DNSQR_FILTER_RCODES_EXCLUDE", "DNSQR_FILTER_RCODES_INCLUDE"})
        for (const char* bad : {"16", "BADVERS", "nx", "-1", "2s", "NOERROR SERVFAIL"}) {
            const std::string line = refusal(name, std::string("NOERROR,") + bad);
            EXPECT_THAT(line, HasSubstr(bad));
            EXPECT_THAT(line, HasSubstr("NOTZONE"));
        }
}

// ---- what no single value shows

TEST(Check, TheSensorNeedsAList) {
    const auto refused = check(Settings(), true);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().exit_status(), 2);
    EXPECT_THAT(refused.error().text(), HasSubstr("DNSQR_RES_ADDRS"));
    EXPECT_THAT(refused.error().text(), HasSubstr("DNSQR_AUTH_ADDRS"));
    EXPECT_TRUE(check(Settings(), false).has_value());
    EXPECT_TRUE(check(given("DNSQR_AUTH_ADDRS", "192.0.2.1"), true).has_value());
}

TEST(Check, TcpOrIcmpAskedForTogetherWithZeroingIsRefused) {
    for (const char* name : {"DNSQR_CAPTURE_TCP", "DNSQR_CAPTURE_ICMP"}) {
        Settings s = given("DNSQR_ZERO_RESOLVER_ADDRESS", "1");
        EXPECT_TRUE(check(s, false).has_value());
        EXPECT_TRUE(apply(s, name, "0").has_value());
        EXPECT_TRUE(check(s, false).has_value());
        EXPECT_TRUE(apply(s, name, "1").has_value());
        const auto refused = check(s, false);
        ASSERT_FALSE(refused.has_value());
        EXPECT_EQ(refused.error().kind, ErrorKind::usage);
        EXPECT_THAT(refused.error().text(), HasSubstr(name));
        EXPECT_THAT(refused.error().text(), HasSubstr("DNSQR_ZERO_RESOLVER_ADDRESS"));
        EXPECT_FALSE(refused.error().remedy.empty());
    }
}

std::vector<std::string> warned(std::initializer_list<std::pair<const char*, const char*>> list) {
    return warnings(settings_of(list));
}

TEST(Warnings, AreNoneForOrdinarySettings) {
    EXPECT_TRUE(warned({}).empty());
    EXPECT_TRUE(warned({{"DNSQR_RES_ADDRS", "192.0.2.1,2001:db8::/48"},
                        {"DNSQR_ZERO_CLIENT_SUBNET", "1"},
                        {"DNSQR_FILTER_QNAMES_EXCLUDE", "example.com"},
                        {"DNSQR_FILTER_QNAMES_INCLUDE", "www.example.com"}})
                    .empty());
}

// REFERENCE §7 "Client subnets".
TEST(Warnings, TcpAndIcmpAreNotSearchedForClientSubnets) {
    EXPECT_EQ(
        warned(
            {{"DNSQR_RES_ADDRS", "192.0.2.1"}, {"DNSQR_ZERO_CLIENT_SUBNET", "1"}, {"DNSQR_CAPTURE_TCP", "1"}})
            .size(),
        1U);
    EXPECT_EQ(
        warned(
            {{"DNSQR_RES_ADDRS", "192.0.2.1"}, {"DNSQR_ZERO_CLIENT_SUBNET", "0"}, {"DNSQR_CAPTURE_TCP", "1"}})
            .size(),
        0U);
}

TEST(Warnings, ListsThatReachFurtherThanTheyLook) {
    EXPECT_THAT(warned({{"DNSQR_RES_ADDRS", "0.0.0.0/0"}}).at(0), HasSubstr("every address"));
    EXPECT_THAT(warned({{"DNSQR_AUTH_ADDRS", "::/0"}}).at(0), HasSubstr("every address"));
    EXPECT_THAT(warned({{"DNSQR_RES_ADDRS", "::ffff:192.0.2.1"}}).at(0), HasSubstr("IPv4"));
    for (const auto& [res, auth] :
         {std::pair{"192.0.2.0/24", "192.0.2.1"}, std::pair{"192.0.2.1", "192.0.2.0/24"}})
        EXPECT_THAT(warned({{"DNSQR_RES_ADDRS", res}, {"DNSQR_AUTH_ADDRS", auth}}).at(0),
                    HasSubstr("clients"));
}

// B10.
TEST(Warnings, IncludeWithoutExcludeDropsNothing) {
    EXPECT_THAT(warned({{"DNSQR_FILTER_QNAMES_INCLUDE", "example.com"}}).at(0),
                HasSubstr("DNSQR_FILTER_QNAMES_EXCLUDE"));
}

TEST(Warnings, NamesWithCommasOrBlanksAreHardlyMeant) {
    EXPECT_THAT(warned({{"DNSQR_FILTER_QNAMES_EXCLUDE", "a.com,b.com"}}).at(0), HasSubstr("colons"));
    EXPECT_THAT(warned({{"DNSQR_FILTER_QNAMES_EXCLUDE", "a.com b.com"}}).at(0), HasSubstr("colons"));
}

TEST(Warnings, RcodesThatExcludeEachOtherKeepNoResponse) {
    EXPECT_THAT(warned({{"DNSQR_FILTER_RCODES_INCLUDE", "2"}, {"DNSQR_FILTER_RCODES_EXCLUDE", "2,3"}}).at(0),
                HasSubstr("no response"));
    EXPECT_TRUE(
        warned({{"DNSQR_FILTER_RCODES_INCLUDE", "2,4"}, {"DNSQR_FILTER_RCODES_EXCLUDE", "2,3"}}).empty());
}

}  // namespace
}  // namespace sie::dnsqr
