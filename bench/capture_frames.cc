// capture_frames INTERFACE COUNT: the first frames of an interface, by libpcap, a line each: nanoseconds
// since 1970, octets on the wire, the octets in hexadecimal. For tests of a libpcap whose time differs from
// the program's. Ends with 1 if nothing comes for ten seconds.
#include <fmt/format.h>
#include <poll.h>

#include <cstdio>
#include <cstdlib>

#include "capture/live_source.h"

int main(int count, char** words) {
    if (count != 3) return 2;
    auto source = sie::capture::open_live_source({.interface = words[1], .promiscuous = true}, true);
    if (!source) {
        fmt::print(stderr, "capture_frames: {}\n", source.error().text());
        return 1;
    }
    fmt::print("ready\n");
    std::fflush(stdout);
    long left = std::strtol(words[2], nullptr, 10);
    while (left > 0) {
        sie::capture::Frame frame;
        while (left > 0 && (*source)->next(frame)) {
            fmt::print("{} {} ", frame.time.ns, frame.wire_length);
            for (const std::uint8_t octet : frame.octets) fmt::print("{:02x}", octet);
            fmt::print("\n");
            --left;
        }
        pollfd waiting{(*source)->fd(), POLLIN, 0};
        if (left > 0 && ::poll(&waiting, 1, 10'000) != 1) return 1;
    }
    return 0;
}
