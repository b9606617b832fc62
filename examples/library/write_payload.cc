// write_payload FILE: one payload of base:dns, a record that was seen, and what it looks like as JSON.
#include <sie-nmsg/file.h>
#include <sie-nmsg/message.h>
#include <sie-nmsg/text.h>

#include <cstdio>
#include <ctime>

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: write_payload FILE\n");
        return 2;
    }
    const auto fail = [](const sie_nmsg::Error& error) {
        std::fprintf(stderr, "write_payload: %s\n", error.text.c_str());
        return 1;
    };
    sie_nmsg::Error error;
    sie_nmsg::MessageBuilder builder("dns");
    builder.text("rrname", "www.example.com.")
        .text("rrtype", "A")
        .text("rrclass", "IN")
        .number("rrttl", 3600)
        .text("rdata", "192.0.2.1")
        .text("rdata", "192.0.2.2");
    sie_nmsg::Payload payload;
    if (!builder.finish(payload, error)) return fail(error);
    payload.time_sec = std::time(nullptr);
    payload.source = 0x1234abcd;

    const auto file = sie_nmsg::FileWriter::open(argv[1], error);
    if (!file || !file->put(payload, error) || !file->close(error)) return fail(error);

    std::string json;
    sie_nmsg::TextWriter text;
    if (text.append_json(json, payload)) std::fputs(json.c_str(), stdout);
    return 0;
}
