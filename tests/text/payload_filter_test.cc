// Filter expressions: the language, what each kind of field compares, what is refused and where.
#include "text/payload_filter.h"

#include <gtest/gtest.h>

#include "text/filter_value.h"
#include "text/json_reader.h"

namespace sie::text {
namespace {

// A transaction as JSON gives it.
class PayloadFilterTest : public testing::Test {
  protected:
    bool matches(const std::string& expression) {
        auto filter = PayloadFilter::parse("--filter", expression, [](std::string_view name) {
            return name == "ops" ? std::optional(3U) : std::nullopt;
        });
        EXPECT_TRUE(filter) << expression << ": " << filter.error().text();
        return filter && filter->matches(payload_);
    }
    void read(const std::string& line) {
        const auto payload = reader_.read(line, Time::of(0, 0));
        ASSERT_TRUE(payload) << payload.error().text();
        payload_ = *payload;
    }
    void SetUp() override {
        read(
            R"({"time":"2023-11-14 22:13:20.5","vname":"base","mname":"dnsqr","source":"1234abcd","operator":3,)"
            R"("message":{"type":"UDP_QUERY_RESPONSE","query_ip":"192.0.2.53","response_ip":"2001:db8:1::7",)"
            R"("proto":"UDP","query_port":40000,"response_port":53,"id":4660,"qname":"Www.Example.com.",)"
            R"("qclass":"IN","qtype":"AAAA","rcode":"NXDOMAIN","query_packet":["RQAA"],"query_time_sec":[10],)"
            R"("query_time_nsec":[0],"response_packet":["RQAA","RQAB"],"response_time_sec":[10,10],)"
            R"("response_time_nsec":[25000000,1],"timeout":0.5,"resolver_address_zeroed":true}})");
    }
    JsonReader reader_{{}, {}};
    nmsg::Payload payload_;
};

TEST_F(PayloadFilterTest, ComparesEachKindOfField) {
    for (const char* yes : {"qname=www.example.com",
                            "qname=WWW.EXAMPLE.COM.",
                            "qname=*.example.com",
                            "qname=www.*",
                            "qname=*",
                            "qname != example.com",
                            "qname!=*.example.org",
                            "rcode=NXDOMAIN",
                            "rcode=3",
                            "rcode>=2",
                            "qtype=AAAA",
                            "qtype=28",
                            "qtype=TYPE28",
                            "qtype!=a",
                            "qclass=in",
                            "type=UDP_QUERY_RESPONSE",
                            "type=udp_query_response",
                            "type=1",
                            "response_ip=2001:db8::/32",
                            "response_ip=2001:db8:1::7",
                            "response_ip!=2001:db8:2::/48",
                            "response_ip!=192.0.2.0/24",
                            "query_ip=192.0.2.0/25",
                            "query_ip=192.0.2.53",
                            "query_ip!=192.0.2.128/25",
                            "proto=udp",
                            "proto=17",
                            "query_port>1024",
                            "query_port<=40000",
                            "query_port=40000",
                            "id=0x1234",
                            "timeout=0.5",
                            "timeout<1",
                            "delay>0.02",
                            "delay<=0.0251",
                            "resolver_address_zeroed=true",
                            "resolver_address_zeroed=1",
                            "query_time_sec=10",
                            "query_packet=450000",
                            "response_packet=450001"})
        EXPECT_TRUE(matches(yes)) << yes;
    for (const char* no :
         {"qname=example.com", "qname=*.www.example.com", "rcode=NOERROR", "rcode<3", "qtype=A", "type=TCP",
          "response_ip=192.0.2.0/24", "query_ip=192.0.2.128/25", "query_ip=0.0.0.0/1", "proto=tcp",
          "query_port<1024", "timeout>0.5", "delay<0.02", "resolver_address_zeroed=no", "query_packet=450001",
          "query_packet!=450000", "response_packet!=450001"})
        EXPECT_FALSE(matches(no)) << no;
}

TEST_F(PayloadFilterTest, ComparesTheEnvelope) {
    for (const char* yes :
         {"time=\"2023-11-14 22:13:20.5\"", "time>1700000000", "time<'2023-11-14 22:13:21'", "vname=base",
          "mname=DNSQR", "mname=dns*", "vid=1", "msgtype=9", "source=1234abcd", "source=0x1234abcd",
          "operator=3", "operator=ops", "group!=4", "size>40", "source", "operator", "mname!=dns"})
        EXPECT_TRUE(matches(yes)) << yes;
    for (const char* no : {"time<1700000000", "time>'2023-11-14 22:13:20.5'", "vname=sie", "group", "group=4",
                           "group<4", "operator=4", "source=1234abce"})
        EXPECT_FALSE(matches(no)) << no;
}

TEST_F(PayloadFilterTest, AFieldAloneIsWhetherItIsThere) {
    EXPECT_TRUE(matches("qname"));
    EXPECT_TRUE(matches("delay"));
    EXPECT_TRUE(matches("response_packet"));
    EXPECT_TRUE(matches("not udp_checksum=CORRECT"));
    EXPECT_FALSE(matches("tcp"));
    EXPECT_FALSE(matches("category")) << "a field of another type";
}

TEST_F(PayloadFilterTest, BindsNotBeforeAndBeforeOr) {
    EXPECT_TRUE(matches("qtype=A or rcode=3 and qclass=IN"));
    EXPECT_FALSE(matches("(qtype=A or rcode=3) and qclass=CH"));
    EXPECT_TRUE(matches("qtype=A and qclass=CH or rcode=3"));
    EXPECT_FALSE(matches("not rcode=3 and qclass=IN"));
    EXPECT_TRUE(matches("not (rcode=3 and qclass=CH)"));
    EXPECT_TRUE(matches("NOT NOT rcode=3"));
    EXPECT_TRUE(matches("  rcode = 3\n\tAND qclass == IN "));
    EXPECT_TRUE(matches("((((rcode=3))))"));
}

TEST_F(PayloadFilterTest, WhatIsMissingIsUnequalToEverything) {
    EXPECT_TRUE(matches("category!=x"));
    EXPECT_FALSE(matches("category=x"));
    EXPECT_FALSE(matches("not category!=x"));
    EXPECT_TRUE(matches("udp_checksum!=CORRECT"));
}

TEST_F(PayloadFilterTest, TheSameNameMeansEachTypesOwnField) {
    read(R"({"vname":"base","mname":"logline","message":{"category":"cat","message":"hello world"}})");
    EXPECT_TRUE(matches("category=cat"));
    EXPECT_TRUE(matches("message='hello*'"));
    EXPECT_TRUE(matches("message=\"* world\""));
    EXPECT_FALSE(matches("message=Hello*")) << "texts keep their case";
    read(R"({"vname":"base","mname":"dnsobs","message":{"time":1700000000,"response_ip":"192.0.2.1",)"
         R"("qname":"example.","qtype":"A","qclass":"IN","rcode":"NOERROR","sensor_id":"beef"}})");
    EXPECT_TRUE(matches("message.time=1700000000"));
    EXPECT_TRUE(matches("time=0"));
    EXPECT_TRUE(matches("sensor_id=beef"));
    EXPECT_FALSE(matches("type=TCP or category=cat"));
}

TEST_F(PayloadFilterTest, RdataIsComparedAsItIsShown) {
    read(R"({"vname":"base","mname":"dns","message":{"rrname":"a.","rrtype":"A","rrclass":"IN",)"
         R"("rdata":["192.0.2.1","192.0.2.77"]}})");
    for (const char* yes : {"rdata=192.0.2.77", "rdata=192.0.2.*", "rdata!=192.0.2.7", "rdata"})
        EXPECT_TRUE(matches(yes)) << yes;
    for (const char* no : {"rdata=192.0.2.7", "rdata!=192.0.2.1", "rdata=C0000201"})
        EXPECT_FALSE(matches(no)) << no;
    read(R"({"vname":"base","mname":"dns","message":{"rrname":"a.","rrtype":"MX","rrclass":"IN",)"
         R"("rdata":["10 Mail.Example.COM."]}})");
    for (const char* yes :
         {"rdata='10 mail.example.com'", "rdata='10 MAIL.example.com.'", "rdata=*.example.com"})
        EXPECT_TRUE(matches(yes)) << yes;
    EXPECT_FALSE(matches("rdata=mail.example.com"));
    read(R"({"vname":"base","mname":"dns","message":{"rrname":"a.","rrtype":"TYPE65280","rrclass":"IN",)"
         R"("rdata":["\\# 2 01 ff "]}})");
    EXPECT_TRUE(matches("rdata='\\# 2 01 ff'"));
    EXPECT_TRUE(matches("rrtype=TYPE65280 and rrtype!=ZONEMD"));
}

TEST_F(PayloadFilterTest, OctetsThatDoNotDecodeHaveNoFields) {
    payload_.octets = as_octets("\xff\xff");
    EXPECT_FALSE(matches("rcode=3"));
    EXPECT_TRUE(matches("rcode!=3"));
    EXPECT_TRUE(matches("size=2 and mname=dnsqr"));
    payload_.type = 200;
    EXPECT_TRUE(matches("not qname and not mname and msgtype=200"));
}

TEST(PayloadFilterParse, RefusesWithThePlace) {
    const std::tuple<const char*, std::uint64_t, const char*> refused[] = {
        {"", 0, "a field is expected"},
        {"rcode=", 6, "a value is expected"},
        {"rcode=3 qtype=A", 8, "and, or, or the end"},
        {"(rcode=3", 8, "a ) is missing"},
        {"rcode=3)", 7, "and, or, or the end"},
        {"rcode=3 and", 11, "a field is expected"},
        {"not", 3, "a field is expected"},
        {"nothing=3", 0, "no field is called"},
        {"rcode=3 or qname<a", 11, "cannot be compared so"},
        {"qtype=NOTYPE", 0, "no value for qtype"},
        {"response_ip=1.2.3.4/8", 0, "no value for response_ip"},
        {"response_ip=host", 0, "no value"},
        {"qname=\"abc", 6, "not closed"},
        {"time=yesterday", 0, "no value for time"},
        {"source=xyz", 0, "no value for source"},
        {"query=00", 0, "cannot be compared so"},
        {"=3", 0, "a field is expected"},
    };
    for (const auto& [expression, offset, why] : refused) {
        const auto filter = PayloadFilter::parse("--filter", expression);
        ASSERT_FALSE(filter) << expression;
        EXPECT_EQ(filter.error().kind, ErrorKind::usage);
        EXPECT_EQ(filter.error().offset, offset) << expression;
        EXPECT_NE(filter.error().why.find(why), std::string::npos)
            << expression << ": " << filter.error().why;
    }
}

TEST(PayloadFilterParse, IsBounded) {
    EXPECT_TRUE(PayloadFilter::parse("f", std::string(99, '(') + "id=1" + std::string(99, ')')));
    EXPECT_FALSE(PayloadFilter::parse("f", std::string(101, '(') + "id=1" + std::string(101, ')')));
    std::string many = "id=1";
    for (int i = 1; i < 1000; ++i) many += " or id=1";
    EXPECT_TRUE(PayloadFilter::parse("f", many));
    EXPECT_FALSE(PayloadFilter::parse("f", many + " or id=1"));
    EXPECT_FALSE(PayloadFilter::parse("f", std::string(70'000, ' ')));
}

TEST(FilterPattern, StarsStandForAnything) {
    const auto fit = [](const char* pattern, const char* text) { return fits({pattern, false}, text); };
    EXPECT_TRUE(fit("*", ""));
    EXPECT_TRUE(fit("a*b*c", "aXXbYYc"));
    EXPECT_TRUE(fit("a*b*c", "abbc"));
    EXPECT_TRUE(fit("**a", "ba"));
    EXPECT_FALSE(fit("a*b*c", "acb"));
    EXPECT_FALSE(fit("", "a"));
    EXPECT_FALSE(fit("a*a", "a"));
    // The worst case stays quadratic.
    const std::string text(5000, 'a');
    std::string pattern;
    for (int i = 0; i < 1000; ++i) pattern += "a*";
    EXPECT_FALSE(fits({pattern + "b", false}, text));
}

}  // namespace
}  // namespace sie::text
