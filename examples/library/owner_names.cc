// owner_names FILE: the names that were asked for, one a line.
#include <sie-nmsg/file.h>
#include <sie-nmsg/message.h>

#include <cstdio>

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: owner_names FILE\n");
        return 2;
    }
    sie_nmsg::Error error;
    const auto file = sie_nmsg::FileReader::open(argv[1], error);
    if (!file) {
        std::fprintf(stderr, "owner_names: %s\n", error.text.c_str());
        return 1;
    }
    sie_nmsg::Payload payload;
    sie_nmsg::Message message;
    while (file->next(payload)) {
        if (!message.decode(payload)) continue;
        for (const char* field : {"qname", "rrname"})
            if (const auto name = message.text(field)) std::printf("%s\n", name->c_str());
    }
    if (file->error()) {
        std::fprintf(stderr, "owner_names: %s\n", file->error().text.c_str());
        return 1;
    }
    return 0;
}
