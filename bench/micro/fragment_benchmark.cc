// reassembly: fragments in, the last one of each datagram completes it, while others wait.
#include <benchmark/benchmark.h>

#include <map>
#include <stdexcept>
#include <string>

#include "bench/micro/made_frames.h"
#include "net/address.h"
#include "reassembly/reassembler.h"

namespace sie::bench {
namespace {

struct NoDrops final : reassembly::DropCounter {
    std::uint64_t dropped = 0;
    void count(DropReason, std::uint64_t fragments) override { dropped += fragments; }
};

struct Fragment {
    net::PacketView packet;
    Time time;
};

void fragment_insert(benchmark::State& state) {
    const auto waiting = static_cast<std::size_t>(state.range(0));
    // Every response in fragments; enough of them for those that wait and those that come.
    static const MadeFrames made({.packets = 24'000, .unanswered = 0, .fragmented = 1000});
    std::vector<std::vector<Fragment>> datagrams;
    std::map<std::pair<std::string, std::uint32_t>, std::size_t> places;
    for (const MadeFrames::Frame& frame : made.frames()) {
        net::PacketView packet;
        (void)net::decode_frame(net::LinkType::ethernet, frame.octets,
                                static_cast<std::uint32_t>(frame.octets.size()), {}, packet);
        if (!packet.fragment) continue;
        const std::string from(as_text({packet.source(), net::address_octets(packet.family)}));
        const auto [place, is_new] = places.try_emplace({from, packet.fragment->id}, datagrams.size());
        if (is_new) datagrams.emplace_back();
        datagrams[place->second].push_back({packet, frame.time});
    }
    std::vector<Fragment> all;
    for (std::size_t i = waiting; i < datagrams.size(); ++i)
        all.insert(all.end(), datagrams[i].begin(), datagrams[i].end());

    NoDrops drops;
    reassembly::Reassembler reassembler(drops, {1, 2});
    reassembly::Datagram whole;
    for (std::size_t i = 0; i < waiting; ++i)
        (void)reassembler.insert(datagrams[i][0].packet, datagrams[i][0].time, {}, whole);
    if (reassembler.datagrams_waiting() != waiting) throw std::runtime_error("not all wait");
    std::size_t at = 0;
    std::uint64_t complete = 0;
    for (auto _ : state) {
        complete += reassembler.insert(all[at].packet, all[at].time, {}, whole).outcome ==
                    reassembly::Outcome::complete;
        if (++at == all.size()) at = 0;
    }
    state.SetItemsProcessed(state.iterations());
    state.counters["complete"] = static_cast<double>(complete) / static_cast<double>(state.iterations());
}
BENCHMARK(fragment_insert)->Arg(0)->Arg(1000)->Arg(2000);

}  // namespace
}  // namespace sie::bench
