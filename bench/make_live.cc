// make_live TRANSACTIONS [PACKETS_A_SECOND [SEED]]: the traffic of send_live as a pcap on standard output,
// for replay without an interface.
#include <cstdio>
#include <cstdlib>

#include "live_traffic.h"

int main(int argc, char** argv) {
    using namespace sie;
    if (argc < 2) {
        std::fputs("usage: make_live TRANSACTIONS [PACKETS_A_SECOND [SEED]]\n", stderr);
        return 2;
    }
    const unsigned long count = std::strtoul(argv[1], nullptr, 0);
    const unsigned long rate = argc > 2 ? std::strtoul(argv[2], nullptr, 0) : 300'000;
    if (count == 0 || rate == 0) {
        std::fputs("make_live: TRANSACTIONS and PACKETS_A_SECOND are numbers above 0\n", stderr);
        return 2;
    }
    bench::LiveTraffic traffic(argc > 3 ? std::strtoull(argv[3], nullptr, 0) : 1);
    bench::LiveSequence sequence(traffic);

    std::uint8_t file_header[24] = {};
    store_le32(file_header, 0xa1b23c4d);  // nanoseconds
    file_header[4] = 2;
    file_header[6] = 4;
    store_le32(file_header + 16, 262'144);
    store_le32(file_header + 20, 1);
    bool good = std::fwrite(file_header, 1, sizeof file_header, stdout) == sizeof file_header;

    const bench::LiveTraffic::Slot* slot = nullptr;
    std::uint32_t number = 0;
    for (std::uint64_t i = 0; good && sequence.next(slot, number); ++i) {
        const Octets frame = traffic.frame(*slot, number);
        std::uint8_t record[16];
        store_le32(record, static_cast<std::uint32_t>(1'700'000'000 + i / rate));
        store_le32(record + 4, static_cast<std::uint32_t>(i % rate * 1'000'000'000 / rate));
        store_le32(record + 8, static_cast<std::uint32_t>(frame.size()));
        store_le32(record + 12, static_cast<std::uint32_t>(frame.size()));
        good = std::fwrite(record, 1, sizeof record, stdout) == sizeof record &&
               std::fwrite(frame.data(), 1, frame.size(), stdout) == frame.size();
        if (sequence.begun() >= count) sequence.stop();
    }
    if (good && std::fflush(stdout) == 0) return 0;
    std::perror("make_live");
    return 1;
}
