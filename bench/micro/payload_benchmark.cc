// nmsg: a payload encoded, its CRC, containers compressed at each level and inflated.
#include <benchmark/benchmark.h>

#include <stdexcept>

#include "base/crc32c.h"
#include "bench/micro/made_frames.h"
#include "nmsg/compression.h"
#include "nmsg/container.h"

namespace sie::bench {
namespace {

using nmsg::Compression;

void payload_encode(benchmark::State& state) {
    const auto& payloads = ordinary_payloads().payloads();
    Bytes out(std::size_t{64} << 10);
    std::size_t at = 0, octets = 0;
    for (auto _ : state) {
        const nmsg::DnsqrPayload& payload = payloads[at].decoded.payload;
        octets += nmsg::encoded_size(payload);
        benchmark::DoNotOptimize(nmsg::encode(payload, out.data()));
        if (++at == payloads.size()) at = 0;
    }
    state.SetItemsProcessed(state.iterations());
    state.SetBytesProcessed(static_cast<std::int64_t>(octets));
}
BENCHMARK(payload_encode);

// As the sensor does it: room, encoding into the container, CRC; a full container is closed.
void payload_into_container(benchmark::State& state) {
    const auto& payloads = ordinary_payloads().payloads();
    nmsg::ContainerBuilder builder(nmsg::most_container);
    std::vector<std::uint8_t> closed;
    std::size_t at = 0, octets = 0;
    for (auto _ : state) {
        const MadePayloads::Made& made = payloads[at];
        if (!builder.fits(made.decoded.payload, made.time.seconds())) {
            octets += builder.body_octets();
            builder.finish_into(closed);
        }
        builder.add(made.decoded.payload, made.time.seconds(), made.time.nanoseconds());
        if (++at == payloads.size()) at = 0;
    }
    state.SetItemsProcessed(state.iterations());
    state.SetBytesProcessed(static_cast<std::int64_t>(octets));
}
BENCHMARK(payload_into_container);

void crc(benchmark::State& state) {
    const Bytes octets(static_cast<std::size_t>(state.range(0)), 0x5a);
    for (auto _ : state) {
        benchmark::DoNotOptimize(octets.data());
        benchmark::DoNotOptimize(crc32c(octets));
    }
    state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(crc)->Arg(64)->Arg(500)->Arg(1 << 20);

// A container of that capacity; `ratio`: how many times smaller it becomes.
void compress(benchmark::State& state, Compression level) {
    const auto body = ordinary_payloads().container(static_cast<std::size_t>(state.range(0)));
    nmsg::Compressor compressor(level);
    std::vector<std::uint8_t> out;
    for (auto _ : state) {
        out.clear();
        compressor.append(body, out);
        benchmark::DoNotOptimize(out.data());
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
    state.counters["ratio"] = static_cast<double>(body.size()) / static_cast<double>(out.size());
}
void sizes(benchmark::internal::Benchmark* b) { b->Arg(64 << 10)->Arg(1 << 20); }
BENCHMARK_CAPTURE(compress, fast, Compression::fast)->Apply(sizes);
BENCHMARK_CAPTURE(compress, default, Compression::default_)->Apply(sizes);
BENCHMARK_CAPTURE(compress, best, Compression::best)->Apply(sizes);

void inflate(benchmark::State& state) {
    const auto body = ordinary_payloads().container(nmsg::most_container);
    std::vector<std::uint8_t> framed, out;
    nmsg::Compressor(Compression::default_).append(body, framed);
    nmsg::Decompressor decompressor;
    for (auto _ : state)
        if (decompressor.inflate(framed, body.size(), out) != nmsg::Decompressor::Outcome::done)
            throw std::runtime_error("it does not inflate");
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}
BENCHMARK(inflate);

}  // namespace
}  // namespace sie::bench

BENCHMARK_MAIN();
