// dns: names out of messages, and names compared.
#include <benchmark/benchmark.h>

#include "bench/micro/made_frames.h"
#include "dns/message.h"
#include "dns/wire_name.h"

namespace sie::bench {
namespace {

const std::vector<dnsqr::Message>& responses() {
    static const MadeMessages made(ordinary_frames(), true);
    return made.messages();
}

// What the packet path does with every message: header and question.
void name_question(benchmark::State& state) {
    const std::vector<dnsqr::Message>& messages = responses();
    std::size_t at = 0;
    for (auto _ : state) {
        const Octets dns = messages[at].dns;
        benchmark::DoNotOptimize(dns::read_header(dns));
        dns::Question question;
        benchmark::DoNotOptimize(dns::read_question(dns, question));
        benchmark::DoNotOptimize(question);
        if (++at == messages.size()) at = 0;
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(name_question);

// The question's name copied; with `pointed` through the pointer of the first record behind it.
void name_read(benchmark::State& state, bool pointed) {
    std::vector<std::pair<Octets, std::size_t>> places;
    for (const dnsqr::Message& m : responses()) {
        const std::size_t record = dns_header + m.question.size();
        if (!pointed)
            places.emplace_back(m.dns, dns_header);
        else if (record + 2 < m.dns.size() && m.dns[record] >= 0xc0)
            places.emplace_back(m.dns, record);
    }
    std::size_t next = 0;
    dns::WireName name;
    for (auto _ : state) {
        auto [message, at] = places[next];
        benchmark::DoNotOptimize(name.read(message, at, message.size(), true));
        benchmark::DoNotOptimize(name);
        if (++next == places.size()) next = 0;
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(name_read, whole, false);
BENCHMARK_CAPTURE(name_read, pointed, true);

// A name with itself in capitals: the longest comparison there is.
void name_compare(benchmark::State& state) {
    std::vector<Bytes> pairs;
    std::vector<std::size_t> second;
    for (const dnsqr::Message& m : responses()) {
        Bytes& both = pairs.emplace_back(m.question_name().begin(), m.question_name().end());
        second.push_back(both.size());
        for (const std::uint8_t octet : m.question_name())
            both.push_back(octet >= 'a' && octet <= 'z' ? static_cast<std::uint8_t>(octet - 32) : octet);
        if (pairs.size() == 4096) break;
    }
    std::size_t at = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(dns::same_wire_name(pairs[at], 0, second[at]));
        if (++at == pairs.size()) at = 0;
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(name_compare);

}  // namespace
}  // namespace sie::bench
