// The forms of a report against goldens, and what holds for each of them whatever the report: no control
// octets, only ASCII, lines that fit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "status/heartbeat.h"
#include "status/made_report.h"
#include "status/metrics_text.h"
#include "status/printable.h"
#include "status/quantity_text.h"
#include "status/sparkline.h"
#include "status/status_json.h"
#include "status/status_screen.h"
#include "status/status_text.h"

namespace sie::status {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string golden(const char* name) {
    std::ifstream in(std::filesystem::path(SIE_TEST_DATA) / "status" / "data" / name);
    EXPECT_TRUE(in.good()) << name;
    return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::string line;
    for (const char c : text) {
        if (c != '\n') {
            line += c;
            continue;
        }
        lines.push_back(line);
        line.clear();
    }
    EXPECT_EQ(line, "") << "a newline ends the text";
    return lines;
}

void expect_plain(const std::string& text) {
    for (const char c : text) ASSERT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7f)) << static_cast<int>(c);
}

TEST(StatusText, OfAFullReport) { EXPECT_EQ(status_text(test::full_report(), {}), golden("full.txt")); }
TEST(StatusText, OfACalmReport) { EXPECT_EQ(status_text(test::calm_report(), {}), golden("calm.txt")); }
TEST(StatusText, OfAnEmptyReport) { EXPECT_EQ(status_text(test::empty_report(), {}), golden("empty.txt")); }

TEST(StatusText, ACalmReportFitsAScreenOf80By24) {
    EXPECT_LE(lines_of(status_text(test::calm_report(), {})).size(), 24U);
}

TEST(StatusText, NoLineIsWiderThanAskedForAndNoneHasControlOctets) {
    for (const StatusReport& report :
         {test::full_report(), test::calm_report(), test::empty_report(), test::hostile_report()})
        for (const std::size_t columns : {0U, 40U, 79U, 80U, 132U, 400U, 10000U}) {
            const std::string text = status_text(report, {columns, Letters::ascii});
            expect_plain(text);
            // The table of rates and paths are as wide as they are on a narrow screen, which cuts them.
            for (const std::string& line : lines_of(text))
                EXPECT_LE(line.size(), std::max<std::size_t>(std::min<std::size_t>(columns, 400), 80))
                    << line;
        }
}

TEST(StatusText, AWarningCannotBeFakedByAnUploadersError) {
    for (const std::string& line : lines_of(status_text(test::hostile_report(), {})))
        EXPECT_THAT(line, Not(testing::StartsWith("WARNING second")));
}

TEST(StatusJson, OfAFullReport) { EXPECT_EQ(status_json(test::full_report()), golden("full.json")); }
TEST(StatusJson, OfAnEmptyReport) { EXPECT_EQ(status_json(test::empty_report()), golden("empty.json")); }
TEST(StatusJson, IsOneLineOfPrintableAscii) {
    for (const StatusReport& report : {test::full_report(), test::empty_report(), test::hostile_report()}) {
        expect_plain(status_json(report));
        EXPECT_EQ(lines_of(status_json(report)).size(), 1U);
    }
}

TEST(MetricsText, EveryMetricOfTheTableOccursInAFullReportWithItsLabels) {
    const std::string text = metrics_text(test::full_report());
    expect_plain(text);
    std::set<std::string_view> names;
    for (const MetricRow& row : metrics_table()) {
        EXPECT_TRUE(names.insert(row.name).second) << row.name << " is there twice";
        EXPECT_THAT(
            text,
            HasSubstr("# HELP " + std::string(row.name) + " " + std::string(row.help) + "\n# TYPE " +
                      std::string(row.name) + " " + std::string(row.type) + "\n" + std::string(row.name) +
                      (row.label_count() == 0 ? " " : "{" + std::string(row.labels[0]) + "=\"")));
        EXPECT_EQ(row.type == "counter", row.name.ends_with("_total")) << row.name;
    }
}

TEST(MetricsText, WhatMayBeAbsentIsAbsentWithoutHelp) {
    const std::string text = metrics_text(test::empty_report());
    for (const MetricRow& row : metrics_table()) {
        const bool there = text.find("\n" + std::string(row.name) + " ") != std::string::npos ||
                           text.find("\n" + std::string(row.name) + "{") != std::string::npos;
        EXPECT_EQ(there, row.absent.empty() || row.name == "sie_dns_sensor_upload_age_seconds") << row.name;
        if (!there) EXPECT_THAT(text, Not(HasSubstr("# HELP " + std::string(row.name) + " ")));
    }
}

TEST(MetricsText, LabelsAreEscaped) {
    const std::string text = metrics_text(test::hostile_report());
    EXPECT_THAT(text, HasSubstr(R"(sie_dns_sensor_interface_attached{interface="a\"b\\c{d}"} 1)"));
    EXPECT_THAT(text,
                HasSubstr(R"(sie_dns_sensor_interface_attached{interface="\\x1b[2J\\x0a\\xff\\xfe=,"} 0)"));
    EXPECT_THAT(text, Not(HasSubstr("\n# TYPE evil")));
}

TEST(MetricsText, OfAFullReportTakesLessThanAMillisecond) {
    const StatusReport report = test::full_report();
    std::size_t octets = 0;
    double best = 1;
    for (int round = 0; round < 20; ++round) {
        const auto begin = std::chrono::steady_clock::now();
        octets = metrics_text(report).size();
        best =
            std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    }
    EXPECT_LT(octets, 24U << 10) << "what is reserved suffices";
    RecordProperty("microseconds", static_cast<int>(best * 1e6));
    printf("%zu octets in %.1f us\n", octets, best * 1e6);
#if defined(NDEBUG)
    EXPECT_LT(best, 0.0005);
#endif
}

TEST(Heartbeat, OfAFullReportIsOneLine) {
    EXPECT_EQ(heartbeat_line(test::full_report(), {}) + "\n", golden("heartbeat.txt"));
    expect_plain(heartbeat_line(test::hostile_report(), {}));
    EXPECT_THAT(heartbeat_line(test::hostile_report(), {}), Not(HasSubstr("\n")));
}

TEST(Heartbeat, TellsWhatChangedSinceTheLineBefore) {
    const StatusReport before = test::calm_report();
    StatusReport now = before;
    now.facts.now = test::after(360);
    now.facts.live.ledger.frames += 3000;
    now.facts.live.ledger.transactions.by_kind[0] += 600;
    now.facts.live.ledger.drops[index_of(DropReason::not_initiator)] += 7;
    now.facts.live.ledger.payloads[1] -= 1;  // taken back by the disk
    const std::string line = heartbeat_line(now, before);
    EXPECT_THAT(line, HasSubstr("in 300 s 10.0 frames/s, 2.0 transactions/s, 0.0 payloads/s"));
    EXPECT_THAT(line, HasSubstr("transactions: pair 600; dropped: not_initiator 7; table: 100 of 131072"));
}

TEST(Printable, HasNothingThatSteersATerminal) {
    EXPECT_EQ(printable("a\x1b[2J\n\xff"), "a\\x1b[2J\\x0a\\xff");
    EXPECT_EQ(printable("abcdef", 3), "abc...");
    EXPECT_EQ(in_quotes("a\"b\\c\n"), R"("a\"b\\c\\x0a")");
    EXPECT_EQ(in_quotes(""), R"("")");
}

TEST(QuantityText, IsWhatPeopleRead) {
    EXPECT_EQ(counted(1, "file"), "1 file");
    EXPECT_EQ(counted(0, "file"), "0 files");
    EXPECT_EQ(octets_text(0), "0 B");
    EXPECT_EQ(octets_text(1023), "1023 B");
    EXPECT_EQ(octets_text(1024), "1.0 KiB");
    EXPECT_EQ(octets_text((1 << 20) - 1), "1.0 MiB");
    EXPECT_EQ(octets_text(~std::uint64_t{0}), "16.0 EiB");
    EXPECT_EQ(duration_text(0), "0 s");
    EXPECT_EQ(duration_text(59'999'999'999), "59 s");
    EXPECT_EQ(duration_text(61 * Time::per_second), "1 min 1 s");
    EXPECT_EQ(duration_text(86399 * Time::per_second), "23 h 59 min");
    EXPECT_EQ(duration_text(90000 * Time::per_second), "1 d 1 h");
    EXPECT_EQ(small_time_text(1'234), "1 us");
    EXPECT_EQ(small_time_text(1'500'000), "1.5 ms");
    EXPECT_EQ(small_time_text(16 * Time::per_second), "16.0 s");
    EXPECT_EQ(moment_text(Time::of(1'700'000'000, 5)), "2023-11-14 22:13:20 UTC");
    EXPECT_EQ(moment_text(Time{INT64_MIN}).size(), 23U);
}

TEST(Sparkline, IsScaledFromZeroToTheLargest) {
    EXPECT_EQ(sparkline(std::vector<double>{0, 1, 7}, Letters::ascii), "_.#");
    EXPECT_EQ(sparkline(std::vector<double>{0, 0}, Letters::ascii), "__");
    EXPECT_EQ(sparkline(std::vector<double>{0, 7}, Letters::blocks), "\u2581\u2588");
    EXPECT_EQ(sparkline({}, Letters::blocks), "");
}

TEST(StatusScreen, AFrameHasNoMoreLinesThanTheScreenAndNoneIsWider) {
    const std::string text = "one\ntwo\nthree \u2588\u2588\u2588\u2588\nfour\n";
    EXPECT_EQ(frame(text, "foot", {80, 24, false}),
              "\x1b[Hone\x1b[K\r\ntwo\x1b[K\r\nthree "
              "\u2588\u2588\u2588\u2588\x1b[K\r\nfour\x1b[K\r\nfoot\x1b[K\x1b[J");
    EXPECT_EQ(frame(text, "foot", {8, 4, false}),
              "\x1b[Hone\x1b[K\r\ntwo\x1b[K\r\n... 2 li\x1b[K\r\nfoot\x1b[K\x1b[J");
    EXPECT_EQ(frame(text, "foot", {8, 5, false}),
              "\x1b[Hone\x1b[K\r\ntwo\x1b[K\r\nthree \u2588\u2588\x1b[K\r\nfour\x1b[K\r\nfoot\x1b[K\x1b[J");
    EXPECT_EQ(frame("", "f", {1, 1, true}), "\x1b[Hf\x1b[K\x1b[J");
}

TEST(StatusScreen, WarningsStandOutToTheirLastLine) {
    EXPECT_EQ(coloured("head\nWARNING x\n        y\nzeroed   none\nspool  a, LOST 3\n"),
              "\x1b[1mhead\x1b[0m\n\x1b[33mWARNING x\x1b[0m\n\x1b[33m        y\x1b[0m\nzeroed   "
              "none\n\x1b[31mspool  "
              "a, LOST 3\x1b[0m\n");
}

}  // namespace
}  // namespace sie::status
