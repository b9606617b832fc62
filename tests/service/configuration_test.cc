// From file, environment and flags to settings: order of strength, origins, all errors, warnings, notes. The
// fixtures of ../shared (its README says what each must give) and small ones of our own in
// tests/service/data.
#include "service/configuration.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <random>

#include "support/seed.h"
#include "support/shared_folder.h"

namespace sie::service {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Given live(std::string text) {
    Given given;
    given.file = FileText{"F", std::move(text)};
    given.needs_interface = given.into_spool = true;
    return given;
}
Given file(const std::filesystem::path& path) {
    auto read = read_configuration_file(path.string());
    EXPECT_TRUE(read.has_value()) << path;
    return live(read ? std::move(read->text) : "");
}
Given of_tree(const char* name) {
    return file(std::filesystem::path(SIE_TEST_DATA) / "service" / "data" / name);
}

// All errors, one a line.
std::string errors_of(const Configuration& c) {
    std::string text;
    for (const Error& error : c.errors) {
        EXPECT_EQ(error.exit_status(), 2);
        EXPECT_FALSE(error.remedy.empty()) << error.text();
        text += error.text() + "\n";
    }
    return text;
}
std::string joined(const std::vector<std::string>& lines) {
    return fmt::format("{}\n", fmt::join(lines, "\n"));
}
std::string value(const Configuration& c, const char* name) { return find_setting(name)->shown(c.settings); }

constexpr const char* least = "interface=eth0\nDNSQR_RES_ADDRS=192.0.2.1\nlogin=example-isp\n";

TEST(Configuration, TheStrongerPlaceWins) {
    Given given = live(std::string(least) + "workers=2\nring_kbytes=2048\nchannel=ch1\n");
    given.environment = [](const char* name) -> const char* {
        return std::string_view(name) == "workers"   ? "3"
               : std::string_view(name) == "channel" ? "ch2"
                                                     : nullptr;
    };
    given.flags = {{find_setting("workers"), "--workers", "5"}, {find_setting("workers"), "--workers", "4"}};
    const Configuration c = configure(given);
    EXPECT_EQ(errors_of(c), "");
    EXPECT_EQ(value(c, "workers"), "4");
    EXPECT_EQ(value(c, "channel"), "ch2");
    EXPECT_EQ(value(c, "ring_kbytes"), "2048");
    EXPECT_EQ(c.origin_of("workers").text(), "--workers");
    EXPECT_EQ(c.origin_of("channel").text(), "environment");
    EXPECT_EQ(c.origin_of("ring_kbytes").text(), "F:5");
    EXPECT_EQ(c.origin_of("compression").text(), "default");
}

TEST(Configuration, TheEnvironmentIsAskedForNamesOfTheTableOnly) {
    Given given = live(least);
    std::vector<std::string> asked;
    given.environment = [&](const char* name) -> const char* {
        asked.emplace_back(name);
        return nullptr;
    };
    EXPECT_EQ(errors_of(configure(given)), "");
    std::vector<std::string> names;
    for (const SettingRow& row : settings_table()) names.emplace_back(row.name);
    EXPECT_EQ(asked, names);
}

TEST(Configuration, ErrorsSayWhereTheWrongValueCameFrom) {
    Given given = live(std::string(least) + "\n workers=0\nrotation_offset=60\n");
    given.environment = [](const char* name) -> const char* {
        return std::string_view(name) == "channel" ? "" : nullptr;
    };
    given.flags = {{find_setting("ring_kbytes"), "--ring-kbytes", "1"}};
    EXPECT_THAT(errors_of(configure(given)),
                testing::AllOf(HasSubstr("F:5:2: workers: \"0\" is out of range"),
                               HasSubstr("channel (environment): is set but empty"),
                               HasSubstr("--ring-kbytes: \"1\" is out of range"),
                               HasSubstr("F:6:1: rotation_offset: 60 is not below rotation_interval, 60")));
}

TEST(Configuration, SaysWhatIsMissingOnlyIfNothingWasSaidOfIt) {
    EXPECT_THAT(
        errors_of(configure(live("login=x"))),
        testing::AllOf(HasSubstr("interface: is not set"), HasSubstr("DNSQR_RES_ADDRS: neither this nor")));
    EXPECT_THAT(configure(live("interface=`x`\nDNSQR_AUTH_ADDRS=$(y)")).errors.size(), 2U);
    EXPECT_THAT(configure(live("interface=a/b\nDNSQR_RES_ADDRS=x")).errors.size(), 2U);
    Given offline;
    EXPECT_THAT(errors_of(configure(offline)), HasSubstr("DNSQR_RES_ADDRS"));
    offline.needs_list = false;
    EXPECT_EQ(errors_of(configure(offline)), "");
}

TEST(Configuration, ChecksWhatNoSingleValueShows) {
    const auto errors = [](const char* more) {
        return errors_of(configure(live(std::string(least) + more)));
    };
    const auto warnings = [](const char* more) {
        const Configuration c = configure(live(std::string(least) + more));
        EXPECT_EQ(errors_of(c), "") << more;
        return joined(c.warnings);
    };
    EXPECT_EQ(warnings(""), "\n");
    EXPECT_THAT(warnings("upload=no"), HasSubstr("each file is removed once it is closed"));
    EXPECT_EQ(warnings("upload=no\narchive=yes"), "\n");
    EXPECT_THAT(warnings("DNSQR_ZERO_RESOLVER_ADDRESS=1"), HasSubstr("file names carry the host's name"));
    EXPECT_EQ(warnings("DNSQR_ZERO_RESOLVER_ADDRESS=1\noutfile_prefix=a"), "\n");
    EXPECT_THAT(warnings("login=sie-username"), HasSubstr("still the placeholder sie-username"));
    EXPECT_THAT(warnings("login=sie-username\nupload=no\narchive=1"), testing::Not(HasSubstr("placeholder")));
    EXPECT_THAT(warnings("ring_kbytes=1048576"), HasSubstr("memory_ulimit_kbytes: 524288 is little"));
    EXPECT_THAT(warnings("channel=a\nchannel=b"),
                HasSubstr("F:4:1: channel is set again on line 5, which counts"));
    EXPECT_EQ(warnings("channel=a\nchannel=${channel}b"), "\n");
    EXPECT_THAT(errors("DNSQR_ZERO_RESOLVER_ADDRESS=1\nDNSQR_CAPTURE_TCP=1"),
                HasSubstr("DNSQR_CAPTURE_TCP: cannot be 1"));
    EXPECT_THAT(errors("rotation_interval=10\nrotation_offset=10"), HasSubstr("from 0 to 9, or random"));
    EXPECT_EQ(errors("rotation_interval=10\nrotation_offset=random"), "");
    EXPECT_THAT(errors("compression=zstd"), HasSubstr("zstd is not for a collector of the old kind"));
    EXPECT_EQ(errors("compression=zstd\nupload_zstd=yes"), "");
    EXPECT_EQ(errors("compression=zstd\nupload=no\narchive=yes"), "");
    Given elsewhere = live(std::string(least) + "compression=zstd\n");  // files that nobody uploads
    elsewhere.into_spool = false;
    EXPECT_EQ(errors_of(configure(elsewhere)), "");
}

TEST(Configuration, UnknownNamesAreWarnedOfUnlessALaterLineUsesThem) {
    const Configuration c = configure(live(std::string(least) + "base=/a\nspooldir=$base\nwokers=2\n"));
    EXPECT_THAT(c.warnings, ElementsAre("F:6:1: wokers is unknown and not used; did you mean workers?"));
    std::string many = least;
    for (int i = 0; i < 1000; ++i) many += fmt::format("unknown_{}=1\n", i);
    const Configuration bounded = configure(live(many));
    EXPECT_EQ(bounded.warnings.size(), 51U);
    EXPECT_THAT(bounded.warnings.back(), HasSubstr("950 more variables are unknown"));
}

TEST(Configuration, OldPatternsAreAnErrorWithTheLineToWrite) {
    EXPECT_THAT(errors_of(configure(of_tree("old_patterns.conf"))),
                testing::AllOf(HasSubstr("F:1:1: dnstype, bpfpat_src, bpfpat_dst: "),
                               HasSubstr("write DNSQR_AUTH_ADDRS=\"198.51.100.1, 2001:db8::/32\" instead"),
                               testing::Not(HasSubstr("neither"))));
    EXPECT_THAT(errors_of(configure(live("interface=eth0\nbpfpat='udp'"))),
                HasSubstr("write DNSQR_RES_ADDRS=\"ADDRESS, ADDRESS\" instead"));
    EXPECT_THAT(errors_of(configure(live(std::string(least) + "dnstype=cache"))), HasSubstr("remove them"));
}

TEST(Configuration, OwnFixturesGiveWhatTheySay) {
    const Configuration shipped = configure(of_tree("shipped.conf"));
    EXPECT_EQ(errors_of(shipped), "");
    EXPECT_THAT(shipped.warnings, IsEmpty());
    EXPECT_THAT(joined(shipped.notes), testing::AllOf(HasSubstr("F:5:1: interval has no meaning now"),
                                                      HasSubstr("F:6:1: maxper has no meaning now")));
    const Configuration spellings = configure(of_tree("spellings.conf"));
    EXPECT_EQ(errors_of(spellings), "");
    const std::pair<const char*, const char*> expected[] = {
        {"spooldir", "/srv/sie"},
        {"uploadkey", "/srv/sie/up load"},
        {"interface", "eth0+,eth1,eth2+"},
        {"DNSQR_RES_ADDRS", "192.0.2.0/24,2001:db8::/64"},
        {"archive", "yes"},
        {"upload", "no"},
        {"rotation_offset", "random"},
        {"DNSQR_STATE_TABLE_MAX", "65536"},
        {"cpu_affinity", "0,2,3"},
        {"DNSQR_ZERO_RESOLVER_ADDRESS", "1"},
    };
    for (const auto& [name, text] : expected) EXPECT_EQ(value(spellings, name), text);
    const Configuration wrong = configure(of_tree("wrong.conf"));
    EXPECT_EQ(wrong.errors.size(), 9U) << errors_of(wrong);
}

TEST(Configuration, TheEffectiveTextIsAFileOfTheSameSettings) {
    for (const char* name : {"shipped.conf", "spellings.conf"}) {
        const Configuration once = configure(of_tree(name));
        const std::string text = effective_text(once);
        const Configuration twice = configure(live(text));
        EXPECT_EQ(errors_of(twice), "") << text;
        std::size_t line = 0;
        for (const SettingRow& row : settings_table()) {
            EXPECT_EQ(row.shown(once.settings), row.shown(twice.settings)) << row.name;
            ++line;
            if (!row.shown(once.settings).empty())
                EXPECT_EQ(twice.origin_of(row.name).text(), fmt::format("F:{}", line)) << row.name;
        }
    }
    // Whatever a value holds, sh's characters among it.
    const Configuration c =
        configure(live(std::string(least) + "uploadkey='/a $b`c\"d\\e'\"'\"'#'\n"
                                            "DNSQR_FILTER_QNAMES_EXCLUDE='a\\058b.example'"));
    ASSERT_EQ(errors_of(c), "");
    const Configuration again = configure(live(effective_text(c)));
    EXPECT_EQ(value(again, "uploadkey"), "/a $b`c\"d\\e'#");
    EXPECT_EQ(value(again, "DNSQR_FILTER_QNAMES_EXCLUDE"), value(c, "DNSQR_FILTER_QNAMES_EXCLUDE"));
    EXPECT_THAT(effective_text(c), testing::ContainsRegex("\n#bpf= +# not set\n"));
    EXPECT_THAT(effective_text(c), testing::ContainsRegex("\nlogin=example-isp +# F:3\n"));
}

TEST(Configuration, AFileThatIsNoneIsRefused) {
    const auto missing = read_configuration_file("/nonexistent/sie");
    ASSERT_FALSE(missing.has_value());
    EXPECT_THAT(missing.error().text(), HasSubstr("/nonexistent/sie: cannot be opened"));
    const auto folder = read_configuration_file("/tmp");
    ASSERT_FALSE(folder.has_value());
    EXPECT_THAT(folder.error().text(), HasSubstr("/tmp: cannot be read"));
    const auto endless = read_configuration_file("/dev/zero");
    ASSERT_TRUE(endless.has_value());
    EXPECT_THAT(errors_of(configure(live(endless->text))), HasSubstr("more than 1048576"));
}

// ---- ../shared/fixtures, file by file

struct Wanted {
    std::size_t errors;
    std::vector<const char*> lines;  // in errors, warnings or notes
    std::vector<std::pair<const char*, const char*>> values;
};
const std::map<std::string, Wanted> fixtures{
    {"01-shipped-0.7.3",
     {0,
      {"maxper has no meaning", "interval has no meaning"},
      {{"login", "example-isp"}, {"submitserver", "submit.sie-network.net"}}}},
    {"02-shipped-0.11.2",
     {0,
      {"maxper has no meaning", "interval has no meaning", "login is still the placeholder",
       "takes this for unconfigured"},
      {{"login", "sie-username"}}}},
    {"03-old-0.6.14",
     {2,
      {"dnstype, bpfpat_src, bpfpat_dst", "write DNSQR_RES_ADDRS=\"192.0.2.1\" instead",
       "login: is set but empty"},
      {}}},
    {"04-promiscuous-subnets",
     {0,
      {},
      {{"interface", "enp3s0f1+"},
       {"DNSQR_RES_ADDRS", "192.0.2.0/24,2001:db8::/64"},
       {"max_spool_size_kbytes", "1048576"},
       {"spooldir", "/srv/sie"}}}},
    {"05-shell-spelling",
     {0,
      {},
      {{"uploadkey", "/var/spool/sie/keys/up load"},
       {"login", "its-us"},
       {"channel", "ch202"},
       {"DNSQR_RES_ADDRS", "192.0.2.1,192.0.2.2"},
       {"DNSQR_ZERO_RESOLVER_ADDRESS", "1"}}}},
    {"06-archive-no-upload", {0, {}, {{"archive", "yes"}, {"upload", "no"}}}},
    {"07-all-settings",
     {0,
      {},
      {{"DNSQR_STATE_TABLE_MAX", "65536"},
       {"DNSQR_CAPTURE_QR", "1"},
       {"archive", "yes"},
       {"upload", "yes"},
       {"knownhosts", "/etc/sie/known_hosts"},
       {"DNSQR_QUERY_TIMEOUT", "30"}}}},
    {"08-crlf-bom", {0, {"byte-order mark", "CR LF"}, {{"channel", "ch202"}}}},
    {"20-bad-command-substitution", {1, {":7:12: command substitution ($(…))", "interface=\"…\""}, {}}},
    {"21-bad-if",
     {3, {":1:1: a condition (if)", ":2:1: reading another file (.)", ":3:1: a condition (fi)"}, {}}},
    {"22-bad-unterminated-quote", {1, {":6:9: the quotation mark \""}, {}}},
    {"23-bad-address", {1, {"\"192.0.2.300\"", "\"ns1.example.net\""}, {}}},
    {"24-bad-host-bits", {1, {"write 192.0.2.0/24 for the network or 192.0.2.1"}, {}}},
    {"25-bad-missing", {2, {"interface: is not set", "DNSQR_RES_ADDRS: neither"}, {}}},
    {"26-bad-number", {3, {"from 1 to 3600", "write 10 if", "from 1024 to 1099511627776"}, {}}},
    {"27-bad-path", {2, {"spooldir: \"spool/../../etc\"", "channel: \"../ch202\""}, {}}},
    {"28-bad-login", {1, {"\"-oProxyCommand=id\" is an option"}, {}}},
    {"29-warn-unknown",
     {0, {"did you mean DNSQR_RES_ADDRS?", "did you mean submitserver?", "rsync has no meaning"}, {}}},
};

TEST(Configuration, FilesOfOperatorsGiveWhatTheTableOfFixturesSays) {
    const auto folder = test::shared_folder("fixtures");
    SIE_SKIP_WITHOUT(folder);
    std::size_t judged = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() != ".conf") continue;
        ++judged;
        const auto wanted = fixtures.find(entry.path().stem().string());
        ASSERT_NE(wanted, fixtures.end()) << entry.path() << " is new";
        const Configuration c = configure(file(entry.path()));
        const std::string said = errors_of(c) + joined(c.warnings) + joined(c.notes);
        EXPECT_EQ(c.errors.size(), wanted->second.errors) << entry.path() << '\n' << said;
        for (const char* line : wanted->second.lines) EXPECT_THAT(said, HasSubstr(line)) << entry.path();
        for (const auto& [name, text] : wanted->second.values)
            EXPECT_EQ(value(c, name), text) << entry.path();
    }
    EXPECT_EQ(judged, fixtures.size());
}

// ---- whatever stands in the file

TEST(Configuration, ChangedFilesAreJudgedToTheEnd) {
    std::vector<std::string> seeds;
    for (const char* name : {"shipped.conf", "spellings.conf", "wrong.conf", "old_patterns.conf"})
        seeds.push_back(of_tree(name).file->text);
    if (const auto folder = test::shared_folder("fixtures"); std::filesystem::exists(folder))
        for (const auto& entry : std::filesystem::directory_iterator(folder))
            if (entry.path().extension() == ".conf") seeds.push_back(file(entry.path()).file->text);
    std::mt19937 random(static_cast<unsigned>(test::seed()));
    const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    const auto start = std::chrono::steady_clock::now();
    std::size_t accepted = 0, rounds = 0;
    while (rounds < 3000 && std::chrono::steady_clock::now() - start < std::chrono::seconds(20)) {
        ++rounds;
        std::string text = seeds[below(seeds.size())];
        for (std::size_t n = below(rounds % 3 == 0 ? 20 : 3) + 1; n > 0; --n) {
            const std::size_t at = below(text.size() + 1);
            switch (below(5)) {
                case 0: text.insert(at, 1, static_cast<char>(random())); break;
                case 1: text.erase(at, below(9)); break;
                case 2:
                    if (at < text.size()) text[at] = static_cast<char>(random());
                    break;
                case 3: text.insert(at, text.substr(below(text.size() + 1), below(40))); break;
                default: text.insert(at, 1, "\"'\\$`;#\n=+-/,.~: 0"[below(18)]);
            }
        }
        const Configuration c = configure(live(text));
        for (const Error& error : c.errors) {
            const std::string line = error.text();
            EXPECT_FALSE(error.why.empty());
            // No line of a message may be faked or steer a terminal.
            EXPECT_EQ(std::count_if(line.begin(), line.end(),
                                    [](char x) { return static_cast<unsigned char>(x) < 0x20; }),
                      0)
                << line;
        }
        for (const std::string& line : c.warnings)
            EXPECT_EQ(std::count_if(line.begin(), line.end(),
                                    [](char x) { return static_cast<unsigned char>(x) < 0x20; }),
                      0)
                << line;
        if (!c.errors.empty()) continue;
        ++accepted;
        // What is accepted can be written down and read again.
        const Configuration again = configure(live(effective_text(c)));
        ASSERT_EQ(errors_of(again), "") << text << "\n----\n" << effective_text(c);
        for (const SettingRow& row : settings_table())
            ASSERT_EQ(row.shown(c.settings), row.shown(again.settings)) << row.name << '\n' << text;
    }
    EXPECT_GT(accepted, rounds / 100);
}

}  // namespace
}  // namespace sie::service
