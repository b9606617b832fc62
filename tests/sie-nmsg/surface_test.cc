// The surface of libsie-nmsg, as another program uses it: only its installed headers, linked with the shared
// library.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <new>

#include "sie-nmsg/file.h"
#include "sie-nmsg/message.h"
#include "sie-nmsg/text.h"

// The allocation that fails, counted down; negative: none does. The library takes its memory here too.
namespace {
thread_local int failing = -1;
}
[[gnu::noinline]] void* operator new(std::size_t size) {
    if (failing == 0) throw std::bad_alloc();
    if (failing > 0) --failing;
    if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    if (failing == 0) return nullptr;
    if (failing > 0) --failing;
    return std::malloc(size == 0 ? 1 : size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace sie_nmsg {
namespace {

class Folder {
  public:
    Folder() { path_ = ::mkdtemp(name_); }
    ~Folder() {
        for (const char* file : {"/a", "/b"}) std::remove((path_ + file).c_str());
        ::rmdir(path_.c_str());
    }
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }

  private:
    char name_[32] = "/tmp/sie-nmsg-XXXXXX";
    std::string path_;
};

std::string contents(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

Payload logline(MessageBuilder& builder, const std::string& text) {
    Payload payload;
    Error error;
    EXPECT_TRUE(builder.text("category", "test").text("message", text).finish(payload, error)) << error.text;
    payload.time_sec = 1700000000;
    return payload;
}

TEST(Files, WhatIsWrittenIsReadAgain) {
    const Folder folder;
    for (const auto compression :
         {Compression::none, Compression::fast, Compression::normal, Compression::best}) {
        Error error;
        auto writer =
            FileWriter::open(folder / "a", error, {.compression = compression, .container_octets = 2000});
        ASSERT_TRUE(writer) << error.text;
        MessageBuilder builder("logline");
        for (int i = 0; i < 1000; ++i) {
            Payload payload = logline(builder, std::to_string(i) + std::string(i == 500 ? 50'000 : 10, 'x'));
            payload.source = static_cast<std::uint32_t>(i);
            payload.operator_ = 7;
            ASSERT_TRUE(writer->put(payload, error)) << error.text;
        }
        ASSERT_TRUE(writer->close(error)) << error.text;
        EXPECT_FALSE(writer->put(Payload{}, error));
        EXPECT_EQ(error.kind, Error::Kind::usage);

        auto reader = FileReader::open(folder / "a", error);
        ASSERT_TRUE(reader) << error.text;
        Payload payload;
        Message message;
        std::uint32_t count = 0;
        while (reader->next(payload)) {
            EXPECT_EQ(payload.source, count);
            EXPECT_EQ(payload.operator_, 7U);
            EXPECT_EQ(payload.group, 0U);
            ASSERT_TRUE(message.decode(payload));
            EXPECT_EQ(message.text("message")->substr(0, 3), (std::to_string(count) + "xxx").substr(0, 3));
            ++count;
        }
        EXPECT_FALSE(reader->error()) << reader->error().text;
        EXPECT_EQ(count, 1000U);
        EXPECT_EQ(reader->counts().payloads, 1000U);
        EXPECT_GT(reader->counts().containers, 3U);
    }
}

TEST(Files, DamageIsAnErrorWithItsPlace) {
    const Folder folder;
    Error error;
    {
        auto writer = FileWriter::open(folder / "a", error);
        MessageBuilder builder("logline");
        ASSERT_TRUE(writer->put(logline(builder, "one"), error));
        ASSERT_TRUE(writer->flush(error));
        ASSERT_TRUE(writer->put(logline(builder, "two"), error));
    }  // closes by itself
    const std::string whole = contents(folder / "a");
    std::ofstream(folder / "b", std::ios::binary) << whole.substr(0, whole.size() - 1);
    auto reader = FileReader::open(folder / "b", error);
    Payload payload;
    EXPECT_TRUE(reader->next(payload));
    EXPECT_FALSE(reader->next(payload));
    EXPECT_EQ(reader->error().kind, Error::Kind::damaged);
    EXPECT_EQ(reader->error().offset, whole.size() / 2);
    EXPECT_NE(reader->error().text.find(folder / "b"), std::string::npos);
    EXPECT_FALSE(reader->next(payload));
    EXPECT_EQ(FileReader::open(folder / "missing", error), nullptr);
    EXPECT_EQ(error.kind, Error::Kind::system);
    EXPECT_EQ(FileWriter::open(folder / "no/where", error), nullptr);
    EXPECT_EQ(error.kind, Error::Kind::system);
    // Limits are parameters.
    reader = FileReader::open(folder / "a", error, {.container_octets = 10});
    EXPECT_FALSE(reader->next(payload));
    EXPECT_EQ(reader->error().kind, Error::Kind::damaged);
}

TEST(Files, AFullDiskIsAnErrorOnceAndForAll) {
    if (::access("/dev/full", W_OK) != 0) GTEST_SKIP() << "no /dev/full";
    Error error;
    auto writer = FileWriter::open("/dev/full", error);
    ASSERT_TRUE(writer);
    MessageBuilder builder("logline");
    ASSERT_TRUE(writer->put(logline(builder, "one"), error));
    EXPECT_FALSE(writer->flush(error));
    EXPECT_EQ(error.kind, Error::Kind::system);
    EXPECT_FALSE(writer->close(error));
}

// From the first allocation that fails to the last: no exception, and either all is well or it is said. What
// is in the file is whole either way.
TEST(Files, WithoutMemoryNothingIsWrittenByHalves) {
    const Folder folder;
    const std::string path = folder / "a", wide(300'000, 'w');
    MessageBuilder builder("logline");
    const Payload payload = logline(builder, wide);
    int failed = 0, whole = 0;
    for (int nth = 0; nth < 400 && whole == 0; ++nth) {
        Error error, closing, opening;
        failing = nth;
        auto writer =
            FileWriter::open(path, opening, {.compression = Compression::fast, .container_octets = 400'000});
        bool put = writer != nullptr;
        for (int i = 0; put && i < 4; ++i) put = writer->put(payload, error);
        const bool closed = writer != nullptr && writer->close(closing);
        failing = -1;
        if (writer == nullptr) {
            EXPECT_EQ(opening.kind, Error::Kind::memory) << nth;
            ++failed;
            continue;
        }
        if (!put) {
            EXPECT_EQ(error.kind, Error::Kind::memory) << nth;
            EXPECT_FALSE(closed) << "after an error nothing more is written: " << nth;
        }
        ++(put && closed ? whole : failed);
        writer.reset();
        auto reader = FileReader::open(path, error);
        ASSERT_TRUE(reader);
        Payload read;
        int count = 0;
        while (reader->next(read)) {
            ++count;
            EXPECT_EQ(read.octets.size(), payload.octets.size()) << nth;
        }
        EXPECT_FALSE(reader->error()) << nth << ": " << reader->error().text;
        EXPECT_EQ(reader->counts().crc_failures + reader->counts().malformed_payloads, 0U) << nth;
        if (put && closed) { EXPECT_EQ(count, 4) << nth; }
    }
    EXPECT_GT(failed, 5) << "the allocations of the library are those that fail";
    EXPECT_EQ(whole, 1) << "with enough memory it is written";
}

TEST(Text, WithoutMemoryEveryReaderSaysSo) {
    {  // simdjson chooses its code at the first use, where it cannot fail
        JsonReader first;
        Payload payload;
        Error error;
        ASSERT_FALSE(first.read("{}", payload, error));
    }
    int worked = 0;
    for (int nth = 0; nth < 2000 && worked == 0; ++nth) {
        Payload payload;
        Error error;
        failing = nth;
        JsonReader reader;
        const bool read = reader.read(
            R"({"vname":"base","mname":"logline","message":{"category":"a long enough category","message":"m"}})",
            payload, error, std::numeric_limits<std::int64_t>::max(), UINT32_MAX);
        const bool refused = !read && error.kind == Error::Kind::memory;
        Message message;
        const bool decoded = read && message.decode(payload);
        const auto text = decoded ? message.text("category") : std::nullopt;
        TextWriter writer;
        std::string json;
        const bool written = read && writer.append_json(json, payload);
        Error why;
        const auto filter = Filter::parse("message=m and (category=a* or rcode=NXDOMAIN)", why);
        const bool matched = filter && read && filter->matches(payload);
        failing = -1;
        EXPECT_TRUE(read || refused) << nth << ": " << error.text;
        EXPECT_TRUE(filter || why.kind == Error::Kind::memory) << nth << ": " << why.text;
        if (read && decoded && text && written && filter && matched) {
            ++worked;
            EXPECT_EQ(*text, "a long enough category");
        }
    }
    EXPECT_EQ(worked, 1);
}

TEST(Containers, AreTakenOneByOneAndInFragments) {
    const Folder folder;
    Error error;
    MessageBuilder builder("logline");
    {
        auto writer = FileWriter::open(folder / "a", error, {.container_octets = 512});
        ASSERT_TRUE(writer->put(logline(builder, std::string(1000, 'y')), error));
        ASSERT_TRUE(writer->put(logline(builder, "small"), error));
    }
    const std::string file = contents(folder / "a");
    ContainerReader reader;
    Payload payload;
    std::vector<std::size_t> sizes;
    std::size_t pieces = 0;
    for (std::size_t at = 0; at < file.size(); ++pieces) {
        const auto* start = reinterpret_cast<const std::uint8_t*>(file.data()) + at;
        const std::size_t size = 10 + ((std::size_t{start[8]} << 8) | start[9]);
        if (reader.open({start, size}, error, 1, 5))
            while (reader.next(payload)) sizes.push_back(payload.octets.size());
        EXPECT_FALSE(error) << error.text;
        at += size;
    }
    EXPECT_EQ(pieces, 4U);
    ASSERT_EQ(sizes.size(), 2U);
    EXPECT_GT(sizes[0], 1000U);
    EXPECT_EQ(reader.counts().payloads, 2U);
    const auto bad = [&](std::string octets) {
        Error why;
        EXPECT_FALSE(reader.open({reinterpret_cast<const std::uint8_t*>(octets.data()), octets.size()}, why));
        EXPECT_EQ(why.kind, Error::Kind::damaged);
    };
    bad("");
    bad("NMSG");
    bad("XMSG" + file.substr(4, 10));
    bad(file.substr(0, 12));
    bad(std::string("NMSG\0\2\0\0\0\1x", 11));
    EXPECT_FALSE(reader.next(payload));
}

TEST(Messages, FieldsAreReadByName) {
    JsonReader json;
    Payload payload;
    Error error;
    ASSERT_TRUE(json.read(
        R"({"time":"2023-11-14 22:13:20.5","vname":"base","mname":"dnsqr","message":{"type":"UDP_QUERY_RESPONSE",)"
        R"("query_ip":"192.0.2.53","response_ip":"2001:db8::7","proto":"UDP","query_port":40000,"response_port":53,)"
        R"("id":4660,"qname":"www.example.com.","qclass":"IN","qtype":"AAAA","rcode":"NXDOMAIN",)"
        R"("query_packet":["AAEC"],"query_time_sec":[10],"query_time_nsec":[0],"response_packet":["RQ==","RUU="],)"
        R"("response_time_sec":[10,10],"response_time_nsec":[5000000,1],"timeout":0.5}})",
        payload, error))
        << error.text;
    EXPECT_EQ(type_name(payload.vendor, payload.type), "dnsqr");
    EXPECT_EQ(payload.time_nsec, 500'000'000U);
    Message message;
    ASSERT_TRUE(message.decode(payload));
    EXPECT_EQ(message.text("qname"), "www.example.com.");
    EXPECT_EQ(message.octets("qname")->size(), 17U);
    EXPECT_EQ(message.text("type"), "UDP_QUERY_RESPONSE");
    EXPECT_EQ(message.number("type"), 1U);
    EXPECT_EQ(message.text("response_ip"), "2001:db8::7");
    EXPECT_EQ(message.octets("response_ip")->size(), 16U);
    EXPECT_EQ(message.text("rcode"), "NXDOMAIN");
    EXPECT_EQ(message.number("query_port"), 40'000U);
    EXPECT_EQ(message.text("query_port"), "40000");
    EXPECT_EQ(message.real("timeout"), 0.5);
    EXPECT_EQ(message.real("delay"), 0.005);
    EXPECT_EQ(message.count("response_packet"), 2U);
    EXPECT_EQ(message.octets("response_packet", 1)->size(), 2U);
    EXPECT_EQ(message.octets("response_packet", 2), std::nullopt);
    EXPECT_EQ(message.text("response_packet"), std::nullopt);
    EXPECT_EQ(message.number("qname"), std::nullopt);
    EXPECT_EQ(message.octets("id"), std::nullopt);
    EXPECT_EQ(message.count("nothing"), 0U);
    EXPECT_EQ(message.text("nothing"), std::nullopt);
    EXPECT_EQ(message.count("tcp"), 0U);
    EXPECT_EQ(message.count("qname"), 1U);
    EXPECT_EQ(message.text("qname", 1), std::nullopt);
    EXPECT_EQ(message.dns_message(false), std::nullopt) << "no packet that could be one";
    payload.type = 200;
    EXPECT_FALSE(message.decode(payload));
    EXPECT_EQ(message.text("qname"), std::nullopt);
    EXPECT_EQ(type_name(payload.vendor, payload.type), "");
    EXPECT_FALSE(find_type("base", "nothing", payload));
    EXPECT_TRUE(find_type("BASE", "Dns", payload));
    EXPECT_EQ(payload.type, 7U);
}

TEST(Messages, AreBuiltByName) {
    MessageBuilder builder("dns");
    Payload payload;
    Error error;
    ASSERT_TRUE(builder.text("rdata", "\\# 1 00").finish(payload, error) || error);
    ASSERT_TRUE(builder.text("rrname", "a.example.")
                    .text("rrtype", "MX")
                    .text("rrclass", "IN")
                    .number("rrttl", 60)
                    .text("rdata", "10 mail.example.")
                    .text("rdata", "20 b.example.")
                    .finish(payload, error))
        << error.text;
    Message message;
    ASSERT_TRUE(message.decode(payload));
    EXPECT_EQ(message.count("rdata"), 2U);
    EXPECT_EQ(message.text("rdata", 1), "20 b.example.");
    EXPECT_EQ(message.number("rrttl"), 60U);
    std::string json;
    ASSERT_TRUE(TextWriter().append_json(json, payload));
    EXPECT_NE(json.find(R"("rdata":["10 mail.example.","20 b.example."])"), std::string::npos) << json;
}

TEST(Messages, WhatCannotBeBuiltSaysWhy) {
    Payload payload;
    Error error;
    const auto refused = [&](MessageBuilder& builder, const char* why) {
        EXPECT_FALSE(builder.finish(payload, error));
        EXPECT_EQ(error.kind, Error::Kind::usage);
        EXPECT_NE(error.text.find(why), std::string::npos) << error.text;
    };
    MessageBuilder builder("dns"), unknown("nothing"), required("http");
    refused(builder.text("nothing", "x"), "no such field");
    refused(builder.number("qname", 1), "holds no number");
    refused(builder.octets("rrttl", {}), "holds no octets");
    refused(builder.real("rrttl", 1), "no real number");
    refused(builder.text("qname", "a..b"), "a domain name");
    refused(builder.text("rrtype", "A").text("rrtype", "A"), "is there already");
    refused(unknown.text("x", "y"), "no type");
    refused(required, "is missing");
    EXPECT_TRUE(builder.text("qname", "a.").finish(payload, error))
        << "and is usable afterwards: " << error.text;
}

TEST(Text, FiltersAndForms) {
    MessageBuilder builder("logline");
    const Payload payload = logline(builder, "hello you");
    Error error;
    auto filter = Filter::parse("message='hel* you' and category!=x", error);
    ASSERT_TRUE(filter) << error.text;
    EXPECT_TRUE(filter->matches(payload));
    EXPECT_EQ(Filter::parse("message=", error), nullptr);
    EXPECT_EQ(error.kind, Error::Kind::usage);
    EXPECT_EQ(error.offset, 8U);
    TextWriter writer;
    std::string text;
    ASSERT_TRUE(writer.append_presentation(text, payload));
    EXPECT_EQ(text,
              "[19] [2023-11-14 22:13:20.000000000] [1:6 base logline] [00000000] [] [] \n"
              "category: test\nmessage: hello you\n\n");
    JsonReader reader;
    Payload read;
    EXPECT_FALSE(reader.read("{", read, error));
    EXPECT_EQ(error.kind, Error::Kind::damaged);
    EXPECT_TRUE(reader.read(R"({"vname":"base","mname":"logline","message":{}})", read, error,
                            std::numeric_limits<std::int64_t>::max(), 5));
    EXPECT_GT(read.time_sec, 9'000'000'000);
}

TEST(Library, HasAVersion) { EXPECT_STREQ(version(), SIE_VERSION); }

}  // namespace
}  // namespace sie_nmsg
