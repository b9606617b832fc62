#include "daemon/table_sizes.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <limits>

namespace sie::daemon {

namespace {

using Kbytes = std::uint64_t;
constexpr Kbytes mib = 1024;

// Address space as it was measured on amd64 (/proc/PID/status, VmPeak), rounded up.
constexpr Kbytes program = 15 * mib;  // code, libraries, settings
constexpr Kbytes worker = 31 * mib;   // reassembly, buffers, open container
constexpr unsigned more_threads = 2;  // the writer, and one for whoever asks for the status
constexpr Kbytes guard = 4;           // before each stack
constexpr Kbytes large_stack = 8 * mib, small_stack = mib / 2;

constexpr Kbytes container = mib;
constexpr std::size_t most_queued = 32, least_queued_each = 4;  // containers
constexpr Kbytes least_ring_each = 512;                         // of each worker: two blocks

// The table of one worker (src/dnsqr/query_table.h): entries, two times as many buckets as a power of two,
// and what is kept of the queries.
constexpr Kbytes least_stored = 4 * mib, usual_stored = 64 * mib;
constexpr Kbytes worth_having = 8 * mib;  // rings and queue give way before a table is smaller than this
constexpr std::uint64_t entry_octets = 88, bucket_octets = 8, stored_each = 256, wished_each = 512;

std::size_t size_of(std::uint64_t number) {
    return static_cast<std::size_t>(std::min<std::uint64_t>(number, std::numeric_limits<std::size_t>::max()));
}

Kbytes entries_of(std::uint64_t queries) {
    const std::uint64_t buckets = std::bit_ceil(std::max<std::uint64_t>(queries, 16));
    return ((queries + 1) * entry_octets + 2 * buckets * bucket_octets + 1023) / 1024;
}

struct Plan {
    const TableWishes& wishes;
    std::uint64_t workers, interfaces;
    Kbytes stack = large_stack, ring;
    std::uint64_t queued = most_queued;

    [[nodiscard]] Kbytes without_tables() const {
        return program + wishes.writer_kbytes + workers * worker +
               (workers + more_threads) * (stack + guard) + queued * container + interfaces * ring;
    }
    // For the table of each worker.
    [[nodiscard]] Kbytes left() const {
        const Kbytes taken = without_tables();
        return wishes.memory_ulimit_kbytes > taken ? (wishes.memory_ulimit_kbytes - taken) / workers : 0;
    }
    [[nodiscard]] std::uint64_t share() const { return (wishes.state_table_max + workers - 1) / workers; }
    [[nodiscard]] Kbytes wished_stored() const {
        return std::max(usual_stored, (share() * wished_each + 1023) / 1024);
    }
    [[nodiscard]] Kbytes wished_table() const { return entries_of(share()) + wished_stored(); }
};

Kbytes over_limit(const Plan& plan) {
    const Kbytes taken = plan.without_tables(), limit = plan.wishes.memory_ulimit_kbytes;
    return taken > limit ? taken - limit : 0;
}

// Takes from `amount` what it takes to leave `wanted` to each table, not below `least`.
void give_way(const Plan& plan, std::uint64_t& amount, std::uint64_t least, Kbytes cost_of_one,
              Kbytes wanted) {
    if (plan.left() >= wanted || amount <= least) return;
    // Several workers: what is left was rounded down.
    const Kbytes missing = (wanted - plan.left()) * plan.workers + over_limit(plan);
    const std::uint64_t fewer = (missing + cost_of_one - 1) / cost_of_one;
    amount = amount - least > fewer ? amount - fewer : least;
}

Kbytes least_ring(const Plan& plan) {
    return std::min<Kbytes>(plan.wishes.ring_kbytes, least_ring_each * plan.workers);
}

std::uint64_t least_queued(const Plan& plan) {
    return std::min<std::uint64_t>(most_queued, least_queued_each * plan.workers);
}

Kbytes least_limit(Plan plan) {
    plan.stack = small_stack;
    plan.ring = least_ring(plan);
    plan.queued = least_queued(plan);
    return plan.without_tables() +
           plan.workers * (least_stored + entries_of(std::min<std::uint64_t>(plan.share(), 16)));
}

void say(std::vector<std::string>& words, const char* what, std::uint64_t from, std::uint64_t to,
         const char* unit, Kbytes limit) {
    if (to < from)
        words.push_back(fmt::format("memory_ulimit_kbytes: {} KiB leave room for {} of {} {}{}", limit, to,
                                    from, unit, what));
}

}  // namespace

Result<TableSizes> sizes_for(const TableWishes& wishes) {
    const Kbytes limit = wishes.memory_ulimit_kbytes;
    Plan plan{wishes, std::max(1U, wishes.workers), std::max(1U, wishes.interfaces), large_stack,
              wishes.ring_kbytes};
    if (limit < least_limit(plan))
        return fail(
            ErrorKind::usage, "memory_ulimit_kbytes",
            fmt::format("{} KiB are too few for {} worker{} and {} interface{}", limit, plan.workers,
                        plan.workers == 1 ? "" : "s", plan.interfaces, plan.interfaces == 1 ? "" : "s"),
            fmt::format("set at least {}{}", least_limit(plan),
                        plan.workers == 1 ? "" : ", or fewer workers"));
    if (plan.left() < plan.wished_table()) plan.stack = small_stack;
    const Kbytes wanted = std::min(worth_having, plan.wished_table());
    give_way(plan, plan.ring, least_ring(plan), plan.interfaces, wanted);
    give_way(plan, plan.queued, least_queued(plan), container, wanted);

    TableSizes sizes;
    const Kbytes table = std::min(plan.left(), plan.wished_table());
    std::uint64_t queries = plan.share();
    if (table < plan.wished_table()) {
        const std::uint64_t each = entry_octets + 4 * bucket_octets + stored_each;
        queries = std::clamp<std::uint64_t>(
            (table - least_stored - 1) * 1024 / (entry_octets + 4 * bucket_octets), 1, queries);
        queries = std::min(queries, std::max<std::uint64_t>(16, table * 1024 / each));
    }
    const Kbytes stored = std::min(plan.wished_stored(), table - entries_of(queries));
    const std::uint64_t all = std::min<std::uint64_t>(queries * plan.workers, wishes.state_table_max);
    sizes.state_table_max = static_cast<std::uint32_t>(all);
    sizes.stored_octets = size_of(stored * 1024);
    sizes.ring_kbytes = plan.ring;
    sizes.queued_containers = size_of(plan.queued);
    sizes.stack_octets = size_of(plan.stack * 1024);
    sizes.expected_kbytes = plan.without_tables() + plan.workers * (entries_of(queries) + stored);
    say(sizes.made_smaller, "queries that may wait (state_table_max)", wishes.state_table_max, all, "",
        limit);
    say(sizes.made_smaller, "for what is kept of waiting queries, of each worker", plan.wished_stored(),
        stored, "KiB ", limit);
    say(sizes.made_smaller, "for the rings of an interface (ring_kbytes)", wishes.ring_kbytes, plan.ring,
        "KiB ", limit);
    say(sizes.made_smaller, "containers that may wait for the disk", most_queued, plan.queued, "", limit);
    return sizes;
}

}  // namespace sie::daemon
