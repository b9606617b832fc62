// The documents say what the table of settings says, row for row: docs/settings.md, sie-dns-sensor(8) and
// sie-dns-sensor.conf(5).
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "service/configuration.h"
#include "service/settings.h"

namespace sie::service {
namespace {

std::string text_of(const char* name) {
    const std::filesystem::path path = std::filesystem::path(SIE_TEST_DATA) / ".." / name;
    std::ifstream in(path);
    EXPECT_TRUE(in.good()) << path;
    return {std::istreambuf_iterator<char>(in), {}};
}
std::string replaced(std::string text, std::string_view from, std::string_view to) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
    return text;
}
std::size_t count_of(const std::string& text, std::string_view part) {
    std::size_t n = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
    return n;
}

std::string markdown_row(const SettingRow& row) {
    return fmt::format("| `{}` | `{} {}` | {} | {} | {} |\n", row.name, row.flag(),
                       replaced(std::string(row.placeholder), "|", "\\|"), row.default_text, row.range,
                       row.help);
}
// In mdoc, without what only Markdown or UTF-8 has.
std::string man_text(const SettingRow& row) {
    const auto plain = [](std::string_view text) {
        std::string out = replaced(replaced(std::string(text), "`", ""), " … ", " to ");
        return replaced(std::move(out), "−", "-");
    };
    std::string help = plain(row.help);
    help[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(help[0])));
    return fmt::format("{}.\nValues: {}.\nDefault: {}.\n", help, plain(row.range), plain(row.default_text));
}
std::string man_item(const SettingRow& row) {
    return fmt::format(".It Ev {} , Fl {} Ar {}\n{}", row.name, row.flag().substr(1), row.placeholder,
                       man_text(row));
}
// The line of the shipped file for a setting, without its comment mark.
std::string shipped_line(const std::string& shipped, const SettingRow& row) {
    std::size_t at = shipped.find(fmt::format("\n{}=", row.name));
    if (at == std::string::npos) at = shipped.find(fmt::format("\n#{}=", row.name));
    if (at == std::string::npos) return "not in the shipped file";
    at = shipped.find(row.name, at);
    return shipped.substr(at, shipped.find('\n', at) - at);
}
Configuration judged(std::string text) {
    Given given;
    given.file = FileText{"F", std::move(text)};
    given.needs_interface = true;
    return configure(given);
}

TEST(Documents, SettingsMdHasEachRowOfTheTableUnderItsTopic) {
    const std::string text = text_of("docs/settings.md");
    std::size_t at = 0, rows = 0;
    for (const Topic topic : topics()) {
        std::string expected = fmt::format("## {}\n", title_of(topic));
        at = text.find(expected, at);
        ASSERT_NE(at, std::string::npos) << expected;
        expected = "|---|---|---|---|---|\n";
        for (const SettingRow& row : settings_table())
            if (row.topic == topic) expected += markdown_row(row);
        EXPECT_THAT(text.substr(at), testing::HasSubstr(expected + "\n"));
        rows += count_of(expected, "\n| `");
    }
    EXPECT_EQ(rows, settings_table().size());
    EXPECT_EQ(count_of(text, "\n| `"), settings_table().size() + 8) << "and the eight old variables";
}

TEST(Documents, TheManPageHasEachRowOfTheTable) {
    const std::string text = text_of("docs/man/sie-dns-sensor.8");
    std::string expected;
    for (const SettingRow& row : settings_table()) {
        expected += man_item(row);
        EXPECT_THAT(text, testing::HasSubstr(man_item(row)));
    }
    EXPECT_EQ(count_of(text, "\n.It Ev "), settings_table().size());
}

// sie-dns-sensor.conf(5) has them all, in order and under their topics, each with the shipped file's line.
TEST(Documents, TheManPageOfTheFileHasEachRowOfTheTable) {
    const std::string text = text_of("docs/man/sie-dns-sensor.conf.5");
    const std::string shipped = text_of("examples/sie-dns-sensor.conf");
    std::size_t at = 0;
    for (const SettingRow& row : settings_table()) {
        const std::string item = fmt::format(".It Va {}\n{}Example:\n.Li {}\n", row.name, man_text(row),
                                             shipped_line(shipped, row));
        const std::size_t found = text.find(item, at);
        ASSERT_NE(found, std::string::npos) << item;
        at = found + item.size();
    }
    EXPECT_EQ(count_of(text, "\n.It Va "), settings_table().size());
}

TEST(Documents, TheExamplesOfTheManPageOfTheFileAreSound) {
    const std::string text = text_of("docs/man/sie-dns-sensor.conf.5");
    static constexpr std::string_view begin = ".Bd -literal -offset indent\n", end = ".Ed\n";
    std::size_t examples = 0;
    for (std::size_t at = text.find(begin); at != std::string::npos; at = text.find(begin, at), ++examples) {
        at += begin.size();
        const Configuration example = judged(text.substr(at, text.find(end, at) - at));
        EXPECT_TRUE(example.errors.empty()) << example.errors.front().text();
        EXPECT_TRUE(example.warnings.empty()) << example.warnings.front();
        EXPECT_FALSE(unconfigured(example.settings));
    }
    EXPECT_EQ(examples, 2U);
}

// The file that is shipped: the old variables in their old order with their old values, everything else
// commented out, and no setting is forgotten.
TEST(Documents, TheShippedFileIsSoundWithAndWithoutItsComments) {
    const std::string text = text_of("examples/sie-dns-sensor.conf");
    const Configuration shipped = judged(text);
    EXPECT_TRUE(shipped.errors.empty()) << shipped.errors.front().text();
    EXPECT_TRUE(unconfigured(shipped.settings));
    std::vector<std::string> set;
    for (const Assignment& a : parse_shell_fragment(text).assignments) set.push_back(a.name);
    EXPECT_THAT(
        set, testing::ElementsAre("spooldir", "uploadkey", "login", "channel", "interface", "DNSQR_RES_ADDRS",
                                  "syslog_priority", "max_spool_size_kbytes", "memory_ulimit_kbytes"));
    for (const SettingRow& row : settings_table()) {
        const bool is_set = std::find(set.begin(), set.end(), row.name) != set.end();
        const std::string line = fmt::format("\n{}{}=\"", is_set ? "" : "#", row.name);
        ASSERT_EQ(count_of(text, line), 1U) << line;
        const Configuration alone = judged(replaced(text, line, fmt::format("\n{}=\"", row.name)));
        EXPECT_TRUE(alone.errors.empty()) << alone.errors.front().text();
        if (!row.shown({}).empty())
            EXPECT_EQ(row.shown(alone.settings), row.shown(shipped.settings)) << "a default is another one";
    }
}

}  // namespace
}  // namespace sie::service
