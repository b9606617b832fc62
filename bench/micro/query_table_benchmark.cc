// dnsqr: the table of waiting queries, filled to so many. Each call is timed in batches, between which the
// table is brought back to where it was; entries are visited in random order, as responses come.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <ctime>
#include <stdexcept>

#include "bench/micro/made_frames.h"
#include "dnsqr/query_table.h"

namespace sie::bench {
namespace {

using dnsqr::Message;
using dnsqr::QueryTable;

constexpr std::uint32_t capacity = 131'072;  // the default
constexpr std::size_t batch = 500;

const std::vector<Message>& queries() {
    // Over 60 s of packet time, so that each second has its share of those that leave.
    static const MadeFrames frames({.packets = 0, .fragmented = 0, .waiting = capacity});
    static const MadeMessages made(frames, false);
    return made.messages();
}

// CPU of this thread: others may use the machine as well.
double cpu_seconds() {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

struct Filled {
    QueryTable table{capacity, {1, 2}};
    std::vector<QueryTable::Id> ids;  // of queries()[i]
    Random random = random_of(7);

    explicit Filled(std::size_t entries) : ids(queries().size(), QueryTable::none) {
        if (queries().size() < entries) throw std::runtime_error("too few queries were made");
        for (std::size_t k = 0; k < entries; ++k) {  // spread over all, so that every second is there
            const std::size_t i = k * queries().size() / entries;
            put(i);
        }
    }
    void put(std::size_t i) {
        ids[i] = table.store(queries()[i]);
        if (ids[i] == QueryTable::none) throw std::runtime_error("the table is full");
    }
    // Different ones that are in the table.
    std::vector<std::size_t> some(std::size_t count) {
        std::vector<std::size_t> present;
        for (std::size_t i = 0; i < ids.size(); ++i)
            if (ids[i] != QueryTable::none) present.push_back(i);
        count = std::min(count, present.size() / 2);
        for (std::size_t k = 0; k < count; ++k)
            std::swap(present[k], present[k + random.below(present.size() - k)]);
        present.resize(count);
        return present;
    }
};

// Up to that many entries.
void table_insert(benchmark::State& state) {
    Filled filled(static_cast<std::size_t>(state.range(0)));
    std::size_t items = 0;
    for (auto _ : state) {
        const std::vector<std::size_t> chosen = filled.some(batch);
        for (const std::size_t i : chosen) filled.table.remove(filled.ids[i]);
        const double begin = cpu_seconds();
        for (const std::size_t i : chosen) filled.put(i);
        state.SetIterationTime(cpu_seconds() - begin);
        items += chosen.size();
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(items));
}

// A response finds its query, which leaves.
void table_match(benchmark::State& state) {
    Filled filled(static_cast<std::size_t>(state.range(0)));
    std::size_t items = 0;
    for (auto _ : state) {
        const std::vector<std::size_t> chosen = filled.some(batch);
        std::size_t found = 0;
        const double begin = cpu_seconds();
        for (const std::size_t i : chosen) {
            const QueryTable::Id id = filled.table.find(queries()[i]);
            found += id == filled.ids[i] ? 1U : 0U;
            filled.table.remove(id);
        }
        state.SetIterationTime(cpu_seconds() - begin);
        if (found != chosen.size()) throw std::runtime_error("a response found another query");
        for (const std::size_t i : chosen) filled.put(i);
        items += chosen.size();
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(items));
}

// The oldest seconds leave, as many as it takes for a batch; a sixtieth of the entries stands in each.
void table_expire(benchmark::State& state) {
    Filled filled(static_cast<std::size_t>(state.range(0)));
    std::size_t items = 0;
    std::vector<QueryTable::Id> due;
    for (auto _ : state) {
        const std::int64_t until =
            queries()[0].time().seconds() + 1 + 60 * static_cast<std::int64_t>(batch) / state.range(0);
        std::vector<std::size_t> gone;
        for (std::size_t i = 0; i < filled.ids.size() && queries()[i].time().seconds() < until; ++i)
            if (filled.ids[i] != QueryTable::none) gone.push_back(i);
        const double begin = cpu_seconds();
        filled.table.due(until, due);
        for (const QueryTable::Id id : due) filled.table.remove(id);
        state.SetIterationTime(cpu_seconds() - begin);
        if (due.size() != gone.size()) throw std::runtime_error("others were due");
        for (const std::size_t i : gone) filled.put(i);
        items += due.size();
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(items));
}

void fills(benchmark::internal::Benchmark* b) { b->Arg(1000)->Arg(100'000)->Arg(capacity)->UseManualTime(); }
BENCHMARK(table_insert)->Apply(fills);
BENCHMARK(table_match)->Apply(fills);
BENCHMARK(table_expire)->Apply(fills);

}  // namespace
}  // namespace sie::bench
