// JSON back to payloads: what we print reads back, what the original made of JSON we make too, what is no
// record is refused by name.
#include "text/json_reader.h"

#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "nmsg/reader.h"
#include "support/packet_builder.h"
#include "support/shared_folder.h"
#include "text/payload_text.h"

namespace sie::text {
namespace {

namespace fs = std::filesystem;

constexpr Time now = Time::of(1'700'000'000, 7);

std::string octets_of(const Result<nmsg::Payload>& payload) {
    return payload ? test::to_hex(payload->octets) : "refused: " + payload.error().text();
}

std::string record(const std::string& type, const std::string& message, const std::string& more = "") {
    return R"({"time":"2023-11-14 22:13:20.5","vname":"base","mname":")" + type + "\"" + more +
           ",\"message\":" + message + "}";
}

TEST(JsonReader, ReadsWhatTheOriginalReadFromItsVectors) {
    const fs::path folder = test::shared_folder("conformance");
    SIE_SKIP_WITHOUT(folder);
    // Printed by the original, and made again from what it printed. Left out: what its own reader cannot give
    // back (strings without their NUL, names that stand twice, rdata of OPT, damaged and mismatched rdata,
    // default socket families).
    for (const char* name :
         {"dnsqr-qr", "dnsqr-unanswered", "dnsqr-unsolicited", "dnsqr-tcp", "dnsqr-icmp", "dnsqr-frag",
          "dnsqr-v6", "dnsqr-bad", "packet", "ncap", "dns-messages", "sog"}) {
        auto reader = nmsg::Reader::open((folder / (std::string(name) + ".nmsg")).string());
        ASSERT_TRUE(reader) << name;
        std::ifstream lines(folder / (std::string(name) + ".json"));
        JsonReader json;
        nmsg::Payload payload;
        std::size_t count = 0;
        for (std::string line; std::getline(lines, line); ++count) {
            ASSERT_TRUE(reader->next(payload)) << name;
            const auto got = json.read(line, now);
            ASSERT_EQ(octets_of(got), test::to_hex(payload.octets)) << name << ' ' << count;
            EXPECT_EQ(got->time_sec, payload.time_sec);
            EXPECT_EQ(got->time_nsec, payload.time_nsec);
            EXPECT_EQ(got->source, payload.source);
            EXPECT_EQ(got->group_operator, payload.group_operator);
        }
        EXPECT_GT(count, 0U) << name;
    }
}

TEST(JsonReader, MakesOfTheMixedInputWhatTheOriginalMade) {
    const fs::path folder = test::shared_folder("conformance");
    SIE_SKIP_WITHOUT(folder);
    auto reader = nmsg::Reader::open((folder / "misc-types.nmsg").string());
    std::ifstream lines(folder / "misc-types.in.json");
    JsonReader json;
    nmsg::Payload payload;
    std::size_t good = 0, refused = 0;
    for (std::string line; std::getline(lines, line);) {
        if (line.empty()) continue;
        const auto got = json.read(line, now);
        if (!got) {
            ++refused;
            continue;
        }
        ASSERT_TRUE(reader->next(payload));
        EXPECT_EQ(octets_of(got), test::to_hex(payload.octets)) << line;
        ++good;
    }
    EXPECT_EQ(good, 13U);
    EXPECT_EQ(refused, 2U);
}

TEST(JsonReader, RdataOfEveryLayoutReadsBack) {
    const fs::path folder = test::shared_folder("conformance");
    SIE_SKIP_WITHOUT(folder);
    auto reader = nmsg::Reader::open((folder / "dns-rrtypes.nmsg").string());
    PayloadText writer;
    JsonReader json;
    nmsg::Payload payload;
    std::size_t same = 0;
    while (reader->next(payload)) {
        TextBuffer written;
        writer.append_json(written, payload);
        const std::string line = written.str();
        const auto got = json.read(std::string_view(line).substr(0, line.size() - 1), now);
        // Damage has no text, nor has the rdata of OPT or of another class than IN.
        const bool one_way = line.find("PARSE ERROR") != std::string::npos ||
                             line.find("\"OPT\"") != std::string::npos ||
                             line.find("\"CH\"") != std::string::npos ||
                             line.find("\"rdata\":[\"203.0.113.10\",\"203.0.113.11\"]") != std::string::npos;
        if (one_way) continue;
        ASSERT_TRUE(got) << line << got.error().text();
        TextBuffer again;
        writer.append_json(again, *got);
        EXPECT_EQ(again.view(), line);
        same += octets_of(got) == test::to_hex(payload.octets) ? 1 : 0;
    }
    EXPECT_GT(same, 30U);
}

TEST(JsonReader, TimesAreTextOrNumbers) {
    JsonReader json;
    const auto time_of = [&](const std::string& time) {
        const auto got = json.read(
            "{\"time\":" + time + R"(,"vname":"base","mname":"pkt","message":{"payload":"AA=="}})", now);
        return got ? std::to_string(got->time_sec) + '.' + std::to_string(got->time_nsec) : "refused";
    };
    EXPECT_EQ(time_of("\"2023-11-14 22:13:20.5\""), "1700000000.500000000");  // N54 mended
    EXPECT_EQ(time_of("\"2023-11-14 22:13:20\""), "1700000000.0");
    EXPECT_EQ(time_of("\"1969-12-31 23:59:59.999999999\""), "-1.999999999");
    EXPECT_EQ(time_of("1700000000"), "1700000000.0");
    EXPECT_EQ(time_of("1700000000.25"), "1700000000.250000000");
    for (const char* bad : {"\"\"", "\"2023-02-30 00:00:00\"", "\"2023-11-14 24:00:00\"",
                            "\"2023-11-14 22:13:20.\"", "\"2023-11-14T22:13:20\"", "true", "1e300"})
        EXPECT_EQ(time_of(bad), "refused") << bad;
    EXPECT_EQ(json.read(R"({"vname":"base","mname":"pkt","message":{"payload":"AA=="}})", now)->time_nsec,
              7U);
}

TEST(JsonReader, WhatIsNotUnderstoodIsNamed) {
    JsonReader json;
    const std::vector<std::pair<std::string, std::string>> rows{
        {"not json", "JSON"},
        {"[1]", "JSON"},
        {R"({"vname":"base","message":{}})", "mname"},
        {R"({"vname":"base","mname":"nosuch","message":{}})", "nosuch"},
        {R"({"vname":"base","mname":"pkt"})", "message"},
        {record("pkt", "[]"), "message"},
        {record("pkt", "{}"), "pkt.payload"},
        {record("pkt", R"({"payload":"A"})"), "pkt.payload"},
        {record("pkt", R"({"payload":"AA==","len_frame":4294967296})"), "pkt.len_frame"},
        {record("ipconn", R"({"srcip":"1.2.3"})"), "ipconn.srcip"},
        {record("ipconn", R"({"srcport":65536})"), "ipconn.srcport"},
        {record("ipconn", R"({"srcport":-1})"), "ipconn.srcport"},
        {record("linkpair", R"({"type":"chain","src":"a","dst":"b"})"), "linkpair.type"},
        {record("logline", R"({"message":5})"), "logline.message"},
        {record("dns", R"({"rrname":"a..b"})"), "dns.rrname"},
        {record("dns", R"({"qtype":"NOSUCH"})"), "dns.qtype"},
        {record("dns", R"({"rrtype":"A","rrclass":"IN","rdata":["1.2.3"]})"), "dns.rdata"},
        {record("dns", R"({"rrtype":"A","rrclass":"IN","rdata":"1.2.3.4"})"), "dns.rdata"},
        {record("pkt", R"({"payload":"AA=="})", R"(,"source":"xyz")"), "source"},
        {record("pkt", R"({"payload":"AA=="})", R"(,"operator":"nobody")"), "operator"}};
    for (const auto& [line, word] : rows) {
        const auto got = json.read(line, now);
        ASSERT_FALSE(got) << line;
        EXPECT_NE(got.error().text().find(word), std::string::npos) << line << ": " << got.error().text();
    }
}

TEST(JsonReader, OperatorsAndGroupsMayBeNames) {
    JsonReader json([](std::string_view name) { return name == "ops" ? std::optional(7U) : std::nullopt; },
                    [](std::string_view) { return std::optional(9U); });
    const auto got = json.read(
        record("pkt", R"({"payload":"AA=="})", R"(,"operator":"ops","group":"any","source":"1234abcd")"),
        now);
    ASSERT_TRUE(got);
    EXPECT_EQ(got->group_operator, 7U);
    EXPECT_EQ(got->group, 9U);
    EXPECT_EQ(got->source, 0x1234abcdU);
}

TEST(JsonReader, NullInAListIsAnEmptyElementAndElsewhereAbsent) {  // N55 mended
    JsonReader json;
    EXPECT_EQ(octets_of(json.read(record("email", R"({"rcpt":["a",null]})"), now)), "3a0261003a00");
    EXPECT_EQ(octets_of(json.read(record("logline", R"({"category":null,"message":"x"})"), now)), "12027800");
}

TEST(JsonReader, UnknownAndUndecodablePayloadsComeBack) {
    JsonReader json;
    PayloadText writer;
    const test::Bytes octets = test::bytes("ff00");
    for (const auto& [vendor, type] : {std::pair{99U, 5U}, {1U, 200U}, {1U, 9U}}) {
        nmsg::Payload payload;
        payload.vendor = vendor;
        payload.type = type;
        payload.octets = octets;
        payload.source = 5;
        TextBuffer written;
        writer.append_json(written, payload);
        const std::string line = written.str();
        const auto got = json.read(std::string_view(line).substr(0, line.size() - 1), now);
        ASSERT_TRUE(got) << got.error().text();
        EXPECT_EQ(got->vendor, vendor);
        EXPECT_EQ(got->type, type);
        EXPECT_EQ(got->source, 5U);
        EXPECT_EQ(octets_of(got), "ff00");
    }
    EXPECT_EQ(writer.unknown(), 2U);
    EXPECT_EQ(writer.undecodable(), 1U);
}

TEST(JsonReader, NoChangeOfALineMakesItMisbehave) {
    std::mt19937 random(55);
    const std::vector<std::string> lines{
        record(
            "dnsqr",
            R"({"type":"UDP_QUERY_ONLY","query_ip":"1.2.3.4","response_ip":"::1","proto":"UDP","query_port":1,"response_port":53,"id":1,"qname":"a.b.","qtype":"A","qclass":"IN","query_packet":["AQID",null],"query_time_sec":[1,2],"query_time_nsec":[3,-4],"timeout":1.5})"),
        record(
            "dns",
            R"({"rrname":"x.","rrtype":"SVCB","rrclass":"IN","rdata":["1 svc.e. alpn=\"h2\" port=8443 ipv4hint=192.0.2.1"]})"),
        record("encode", R"({"type":"JSON","payload":{"b64":"e30="}})")};
    JsonReader json;
    PayloadText writer;
    std::size_t good = 0;
    for (int i = 0; i < 20'000; ++i) {
        std::string line = lines[random() % lines.size()];
        for (unsigned n = 1 + random() % 3; n > 0; --n)
            line[random() % line.size()] =
                static_cast<char>(random() % 3 == 0 ? random() : "0123456789\"{}[]:,.aA"[random() % 20]);
        const auto got = json.read(line, now);
        if (!got) continue;
        ++good;
        TextBuffer text;
        writer.append_json(text, *got);
        writer.append_presentation(text, *got);
    }
    EXPECT_GT(good, 500U);
}

}  // namespace
}  // namespace sie::text
