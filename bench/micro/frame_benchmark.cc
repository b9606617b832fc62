// net: from a frame to a view of its packet, and the checksum of what a response carries.
#include <benchmark/benchmark.h>

#include "bench/micro/made_frames.h"
#include "net/checksum.h"
#include "net/packet.h"

namespace sie::bench {
namespace {

// One family, and either whole packets or fragments.
std::vector<Octets> frames_of(net::Family family, bool in_fragments) {
    std::vector<Octets> found;
    for (const MadeFrames::Frame& frame : ordinary_frames().frames()) {
        net::PacketView packet;
        (void)net::decode_frame(net::LinkType::ethernet, frame.octets,
                                static_cast<std::uint32_t>(frame.octets.size()), {}, packet);
        if (packet.family == family && packet.fragment.has_value() == in_fragments)
            found.push_back(frame.octets);
    }
    return found;
}

void frame_decode(benchmark::State& state, net::Family family, bool in_fragments) {
    const std::vector<Octets> frames = frames_of(family, in_fragments);
    std::size_t at = 0;
    net::PacketView packet;
    for (auto _ : state) {
        const Octets frame = frames[at];
        benchmark::DoNotOptimize(net::decode_frame(net::LinkType::ethernet, frame,
                                                   static_cast<std::uint32_t>(frame.size()), {}, packet));
        benchmark::DoNotOptimize(packet);
        if (++at == frames.size()) at = 0;
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(frame_decode, ipv4, net::Family::v4, false);
BENCHMARK_CAPTURE(frame_decode, ipv6, net::Family::v6, false);
BENCHMARK_CAPTURE(frame_decode, ipv4_fragment, net::Family::v4, true);
BENCHMARK_CAPTURE(frame_decode, ipv6_fragment, net::Family::v6, true);

void checksum_octets(benchmark::State& state) {
    const Bytes octets(static_cast<std::size_t>(state.range(0)), 0xa5);
    for (auto _ : state) {
        benchmark::DoNotOptimize(octets.data());
        benchmark::DoNotOptimize(net::ones_complement_sum(octets));
    }
    state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(checksum_octets)->Arg(64)->Arg(300)->Arg(1472);

}  // namespace
}  // namespace sie::bench
