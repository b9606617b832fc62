// REFERENCE §3, second table, and OLD-PACKAGE §1: what each setting takes, refuses and shows.
#include "service/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "service/nearest_name.h"

namespace sie::service {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

SensorSettings given(std::string_view name, std::string_view text) {
    SensorSettings settings;
    const SettingRow* row = find_setting(name);
    EXPECT_NE(row, nullptr) << name;
    const auto applied = row->apply_to(settings, name, text);
    EXPECT_TRUE(applied.has_value()) << name << '=' << text << ": "
                                     << (applied ? "" : applied.error().text());
    return settings;
}
std::string shown(std::string_view name, std::string_view text) {
    return find_setting(name)->shown(given(name, text));
}
// The line with which a value is refused; the settings stay as they were.
std::string refusal(std::string_view name, std::string_view text) {
    SensorSettings settings;
    const SettingRow& row = *find_setting(name);
    const std::string before = row.shown(settings);
    const auto applied = row.apply_to(settings, name, text);
    EXPECT_FALSE(applied.has_value()) << name << '=' << text;
    EXPECT_EQ(row.shown(settings), before);
    if (applied) return {};
    EXPECT_EQ(applied.error().exit_status(), 2);
    EXPECT_FALSE(applied.error().remedy.empty()) << applied.error().text();
    EXPECT_THAT(applied.error().text(), testing::StartsWith(std::string(name) + ": "));
    return applied.error().text();
}

TEST(SettingsTable, HoldsTheDocumentedNamesWithTheirDefaults) {
    // Name, default as documented, and what is in force when nothing is said.
    const std::vector<std::tuple<std::string, std::string, std::string>> documented{
        {"interface", "none", ""},
        {"bpf", "none", ""},
        {"workers", "1", "1"},
        {"ring_kbytes", "16384", "16384"},
        {"cpu_affinity", "none", ""},
        {"DNSQR_RES_ADDRS", "none", ""},
        {"DNSQR_AUTH_ADDRS", "none", ""},
        {"DNSQR_CAPTURE_QR", "both", "both"},
        {"DNSQR_CAPTURE_RD", "sensor 0, nmsgtool both", "0"},
        {"DNSQR_QUERY_TIMEOUT", "60", "60"},
        {"DNSQR_STATE_TABLE_MAX", "131072", "131072"},
        {"DNSQR_ZERO_RESOLVER_ADDRESS", "0", "0"},
        {"DNSQR_FILTER_QNAMES_EXCLUDE", "none", ""},
        {"DNSQR_FILTER_QNAMES_INCLUDE", "none", ""},
        {"DNSQR_FILTER_RCODES_EXCLUDE", "none", ""},
        {"DNSQR_FILTER_RCODES_INCLUDE", "none", ""},
        {"DNSQR_CAPTURE_TCP", "1 without lists and zeroing, else 0", "1"},
        {"DNSQR_CAPTURE_ICMP", "1 without lists and zeroing, else 0", "1"},
        {"DNSQR_ZERO_CLIENT_SUBNET", "sensor 1, nmsgtool 0", "1"},
        {"dns_ports", "53", "53"},
        {"spooldir", "/var/spool/sie", "/var/spool/sie"},
        {"channel", "ch202", "ch202"},
        {"outfile_prefix", "the host's name", ""},
        {"compression", "default", "default"},
        {"rotation_interval", "60", "60"},
        {"rotation_offset", "0", "0"},
        {"max_spool_size_kbytes", "524288", "524288"},
        {"archive", "no", "no"},
        {"upload", "yes", "yes"},
        {"login", "none", ""},
        {"submitserver", "submit.sie-network.net", "submit.sie-network.net"},
        {"uploadkey", "/var/spool/sie/keys/upload", "/var/spool/sie/keys/upload"},
        {"knownhosts", "/var/spool/sie/keys/known_hosts", "/var/spool/sie/keys/known_hosts"},
        {"upload_source", "none", ""},
        {"upload_warn_minutes", "60", "60"},
        {"upload_zstd", "no", "no"},
        {"syslog_priority", "local5.info", "local5.info"},
        {"memory_ulimit_kbytes", "524288", "524288"},
        {"metrics_textfile", "none", ""},
        {"metrics_port", "none", ""},
    };
    std::vector<std::tuple<std::string, std::string, std::string>> rows;
    const SensorSettings settings;
    for (const SettingRow& row : settings_table())
        rows.emplace_back(row.name, row.default_text, row.shown(settings));
    EXPECT_EQ(rows, documented);
}

TEST(SettingsTable, EveryRowIsComplete) {
    std::set<std::string> flags;
    for (const SettingRow& row : settings_table()) {
        for (const auto text : {row.placeholder, row.range, row.since, row.help})
            EXPECT_FALSE(text.empty()) << row.name;
        EXPECT_TRUE(flags.insert(row.flag()).second) << row.name;
        EXPECT_THAT(refusal(row.name, " \t"), HasSubstr("set but empty"));
        EXPECT_THAT(refusal(row.name, ""), HasSubstr("set but empty"));
        if (row.default_text == row.shown({}))
            EXPECT_EQ(shown(row.name, row.default_text), row.default_text) << row.name;
    }
    EXPECT_EQ(find_setting("DNSQR_RES_ADDRS")->flag(), "--res-addrs");
    EXPECT_EQ(find_setting("max_spool_size_kbytes")->flag(), "--max-spool-size-kbytes");
    EXPECT_EQ(find_setting("interval"), nullptr);
}

TEST(Settings, NumbersHaveTheDocumentedRanges) {
    const std::tuple<const char*, std::uint64_t, std::uint64_t> ranges[] = {
        {"workers", 1, 64},
        {"ring_kbytes", 1024, 1048576},
        {"rotation_interval", 1, 86400},
        {"max_spool_size_kbytes", 1024, 1ULL << 40},
        {"memory_ulimit_kbytes", 65536, 1ULL << 40},
        {"upload_warn_minutes", 5, 10080},
        {"metrics_port", 1, 65535},
    };
    for (const auto& [name, least, most] : ranges) {
        EXPECT_EQ(shown(name, std::to_string(least)), std::to_string(least));
        EXPECT_EQ(shown(name, std::to_string(most)), std::to_string(most));
        EXPECT_THAT(refusal(name, std::to_string(least - 1)), HasSubstr("out of range"));
        EXPECT_THAT(refusal(name, std::to_string(most + 1)), HasSubstr("out of range"));
        for (const char* text : {"-1", "1x", "010", "18446744073709551616", "half"}) refusal(name, text);
        EXPECT_THAT(std::string(find_setting(name)->range), testing::StartsWith(std::to_string(least) + " "));
        EXPECT_THAT(std::string(find_setting(name)->range), testing::EndsWith(" " + std::to_string(most)));
    }
    EXPECT_EQ(shown("ring_kbytes", " 0x800 "), "2048");
    EXPECT_EQ(shown("rotation_offset", "random"), "random");
    EXPECT_EQ(shown("rotation_offset", "86399"), "86399");
    EXPECT_THAT(refusal("rotation_offset", "86400"), HasSubstr("or random"));
}

TEST(Settings, SwitchesTakeTheEightWordsAndNoOther) {
    for (const char* name : {"archive", "upload", "upload_zstd"}) {
        for (const char* text : {"yes", "YES", "true", "on", "1", " yes "})
            EXPECT_EQ(shown(name, text), "yes");
        for (const char* text : {"no", "No", "false", "off", "0"}) EXPECT_EQ(shown(name, text), "no");
        for (const char* text : {"y", "2", "perhaps", "yes yes"})
            EXPECT_THAT(refusal(name, text), HasSubstr("write yes or no"));
    }
}

TEST(Settings, InterfacesAreNamesThatTheKernelTakes) {
    EXPECT_THAT(given("interface", "eth0").interfaces, ElementsAre(Interface{"eth0", false}));
    EXPECT_THAT(given("interface", " eth0+ ,,eth1\tbr-lan.12+").interfaces,
                ElementsAre(Interface{"eth0", true}, Interface{"eth1", false}, Interface{"br-lan.12", true}));
    EXPECT_EQ(shown("interface", "eth0+ eth1"), "eth0+,eth1");
    EXPECT_EQ(shown("interface", "abcdefghijklmno+"), "abcdefghijklmno+");
    for (const char* text :
         {"abcdefghijklmnop", "a/b", "../x", ".", "..", "a:1", "+", "eth0++", "et\x01h", "\xc3\xa9"})
        EXPECT_THAT(refusal("interface", text), HasSubstr("cannot be an interface")) << text;
    EXPECT_THAT(refusal("interface", "eth0,eth1,eth0+"), HasSubstr("named twice"));
    EXPECT_THAT(refusal("interface", ", ,"), HasSubstr("set but empty"));
    std::string many;
    for (int i = 0; i < 33; ++i) many += "e" + std::to_string(i) + ",";
    EXPECT_THAT(refusal("interface", many), HasSubstr("33 interfaces"));
}

TEST(Settings, PathsAreAbsoluteAndDoNotClimb) {
    for (const char* name : {"spooldir", "uploadkey", "knownhosts", "metrics_textfile"}) {
        EXPECT_EQ(shown(name, "/a/..b/c d"), "/a/..b/c d");
        EXPECT_THAT(refusal(name, "a/b"), HasSubstr("does not begin with a slash"));
        EXPECT_THAT(refusal(name, " /a"), HasSubstr("does not begin with a slash"));
        EXPECT_THAT(refusal(name, "/a/../b"), HasSubstr("climbs"));
        EXPECT_THAT(refusal(name, "/a/.."), HasSubstr("climbs"));
        EXPECT_THAT(refusal(name, "/.."), HasSubstr("climbs"));
        EXPECT_THAT(refusal(name, "/a\nb"), HasSubstr("control character"));
        EXPECT_THAT(refusal(name, "/" + std::string(3000, 'a')), HasSubstr("longer than"));
        refusal(name, "/");
    }
    EXPECT_EQ(shown("spooldir", "/srv/sie//"), "/srv/sie");
    EXPECT_THAT(refusal("uploadkey", "/srv/sie/"), HasSubstr("is a folder"));
}

TEST(Settings, NamesThatReachACommandLineOrAPathAreSane) {
    for (const char* text : {"../x", "a/b", ".", "..", ".x", "-x", "a b", "a;b", "a\n", "\xc3\xa9"}) {
        EXPECT_THAT(refusal("channel", text), HasSubstr("cannot be a channel")) << text;
        refusal("login", text);
    }
    EXPECT_THAT(refusal("login", "-oProxyCommand=id"), HasSubstr("is an option, not a user name"));
    EXPECT_THAT(refusal("login", "a@b"), HasSubstr("is no user name"));
    refusal("login", std::string(65, 'a'));
    refusal("channel", std::string(65, 'a'));
    EXPECT_EQ(shown("login", "its-us_2.x"), "its-us_2.x");
    EXPECT_EQ(shown("outfile_prefix", "sensor-1.example"), "sensor-1.example");
    for (const char* text : {"a/b", ".a", "-a", "a b", "\xc3\xa9"}) refusal("outfile_prefix", text);
    refusal("outfile_prefix", std::string(201, 'a'));
    for (const char* text :
         {"submit.example.net", "submit.example.net.", "localhost", "192.0.2.1", "2001:db8::1"})
        EXPECT_EQ(shown("submitserver", text), text);
    for (const char* text : {"-x", "a..b", ".a", "a b", "a/b", "user@host", "a.-b", "host:22"})
        EXPECT_THAT(refusal("submitserver", text), HasSubstr("is no host name")) << text;
    refusal("submitserver", std::string(64, 'a'));
}

TEST(Settings, SyslogPriorityIsAFacilityAndALevel) {
    EXPECT_EQ(given("syslog_priority", "local5.info").syslog_priority, (SyslogPriority{21, 6}));
    EXPECT_EQ(given("syslog_priority", "daemon.warn").syslog_priority, (SyslogPriority{3, 4}));
    EXPECT_EQ(shown("syslog_priority", "security.panic"), "auth.emerg");
    for (const char* text :
         {"info", "local8.info", "local5.", ".info", "kern.info", "local5.loud", "local5", "local5.info.x"})
        EXPECT_THAT(refusal("syslog_priority", text), HasSubstr("no facility and level")) << text;
}

TEST(Settings, TheRest) {
    EXPECT_THAT(given("cpu_affinity", "3, 0-1,1").cpu_affinity, ElementsAre(3, 0, 1));
    EXPECT_EQ(shown("cpu_affinity", "3,0-1"), "3,0,1");
    for (const char* text : {"1024", "3-1", "a", "1-", "-1", "0-99999999999"})
        EXPECT_THAT(refusal("cpu_affinity", text), HasSubstr("no CPU")) << text;
    refusal("cpu_affinity", ",");
    EXPECT_EQ(shown("compression", "fast"), "fast");
    EXPECT_THAT(refusal("compression", "much"), HasSubstr("\"much\" is not known; write one of none, fast"));
    EXPECT_EQ(shown("compression", "zstd"), "zstd");
    EXPECT_EQ(shown("upload_source", "2001:DB8::0:1"), "2001:db8::1");
    refusal("upload_source", "192.0.2.1/24");
    EXPECT_EQ(shown("bpf", "not net 192.0.2.0/24"), "not net 192.0.2.0/24");
    EXPECT_THAT(refusal("bpf", "not not and"), HasSubstr("pcap-filter(7)"));
    EXPECT_THAT(refusal("bpf", "tcp\x1b"), HasSubstr("printable"));
}

TEST(Settings, ShippedPlaceholdersAreUnconfigured) {
    SensorSettings s = given("login", "sie-username");
    EXPECT_FALSE(unconfigured(s));
    ASSERT_TRUE(find_setting("DNSQR_RES_ADDRS")->apply_to(s, "x", "192.0.2.1, 2001:db8::1"));
    EXPECT_TRUE(unconfigured(s));
    SensorSettings other = s;
    ASSERT_TRUE(find_setting("login")->apply_to(other, "x", "example-isp"));
    EXPECT_FALSE(unconfigured(other));
    other = s;
    ASSERT_TRUE(find_setting("DNSQR_RES_ADDRS")->apply_to(other, "x", "192.0.2.1"));
    EXPECT_FALSE(unconfigured(other));
    ASSERT_TRUE(find_setting("DNSQR_AUTH_ADDRS")->apply_to(s, "x", "192.0.2.9"));
    EXPECT_FALSE(unconfigured(s));
}

TEST(NearestName, FindsWhatWasMeant) {
    std::vector<std::string_view> names;
    for (const SettingRow& row : settings_table()) names.push_back(row.name);
    const std::pair<const char*, const char*> meant[] = {
        {"DNSQR_RES_ADDR", "DNSQR_RES_ADDRS"},
        {"submit_server", "submitserver"},
        {"Interface", "interface"},
        {"inteface", "interface"},
        {"itnerface", "interface"},
        {"res_addrs", "DNSQR_RES_ADDRS"},
        {"known_hosts", "knownhosts"},
        {"DNSQR_ZERO_RESOLVER_ADRESS", "DNSQR_ZERO_RESOLVER_ADDRESS"},
        {"PATH", ""},
        {"x", ""},
    };
    for (const auto& [name, nearest] : meant) EXPECT_EQ(nearest_name(name, names), nearest) << name;
    EXPECT_EQ(nearest_name(std::string(65, 'i'), names), "");
    EXPECT_EQ(spelling_distance("abc", "acb"), 1U);
    EXPECT_EQ(spelling_distance("", "abc"), 3U);
    EXPECT_EQ(spelling_distance("kitten", "sitting"), 3U);
}

}  // namespace
}  // namespace sie::service
