// make_flood N [SEED]: N queries that nobody answers, as a pcap on standard output: what an attacker makes a
// resolver send. Ports, ids, servers and names are random, 100,000 queries a second of packet time.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "random.h"

namespace {

void put_le32(std::uint8_t* at, std::uint32_t value) {
    for (int i = 0; i < 4; ++i) at[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

void put_be16(std::uint8_t* at, std::uint32_t value) {
    at[0] = static_cast<std::uint8_t>(value >> 8);
    at[1] = static_cast<std::uint8_t>(value);
}

// Record header, Ethernet, IPv4, UDP, DNS header, question RANDOM.flood.example. A IN.
constexpr std::size_t label = 12, dns = 12 + 1 + label + 15 + 4, ip = 20 + 8 + dns, frame = 14 + ip,
                      record = 16 + frame;

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fputs("usage: make_flood N [SEED]\n", stderr);
        return 2;
    }
    const std::uint64_t count = std::strtoull(argv[1], nullptr, 0);
    sie::bench::Random random{argc > 2 ? std::strtoull(argv[2], nullptr, 0) | 1 : 1};

    std::uint8_t file_header[24] = {0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4};
    put_le32(file_header + 16, 262'144);
    put_le32(file_header + 20, 1);
    std::fwrite(file_header, 1, sizeof file_header, stdout);

    std::uint8_t one[record] = {};
    put_le32(one + 8, frame);
    put_le32(one + 12, frame);
    std::uint8_t* const ethernet = one + 16;
    ethernet[0] = ethernet[6] = 2;
    ethernet[12] = 8;
    std::uint8_t* const packet = ethernet + 14;
    packet[0] = 0x45;
    put_be16(packet + 2, ip);
    packet[8] = 64;
    packet[9] = 17;
    const std::uint8_t resolver[4] = {198, 18, 0, 1};
    std::memcpy(packet + 12, resolver, 4);
    std::uint8_t* const udp = packet + 20;
    put_be16(udp + 2, 53);
    put_be16(udp + 4, 8 + dns);
    std::uint8_t* const message = udp + 8;
    put_be16(message + 4, 1);
    std::uint8_t* const name = message + 12;
    name[0] = label;
    std::memcpy(name + 1 + label, "\5flood\7example\0\0\1\0\1", 15 + 4);

    std::vector<std::uint8_t> batch;
    constexpr std::size_t records_in_batch = 1000;
    batch.reserve(records_in_batch * record);
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t a = random.word(), b = random.word();
        put_le32(one, static_cast<std::uint32_t>(1'700'000'000 + i / 100'000));
        put_le32(one + 4, static_cast<std::uint32_t>(i % 100'000 * 10));
        packet[16] = 198;
        packet[17] = 19;
        packet[18] = static_cast<std::uint8_t>(a);
        packet[19] = static_cast<std::uint8_t>(a >> 8);
        put_be16(udp, static_cast<std::uint32_t>(1024 + (a >> 16) % 64'000));
        put_be16(message, static_cast<std::uint32_t>(a >> 48));
        for (std::size_t k = 0; k < label; ++k)
            name[1 + k] = static_cast<std::uint8_t>('a' + (b >> (5 * k)) % 32 % 26);
        batch.insert(batch.end(), one, one + record);
        if (batch.size() == records_in_batch * record || i + 1 == count) {
            if (std::fwrite(batch.data(), 1, batch.size(), stdout) != batch.size()) return 1;
            batch.clear();
        }
    }
    return std::fflush(stdout) == 0 ? 0 : 1;
}
