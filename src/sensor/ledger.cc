#include "sensor/ledger.h"

#include <numeric>

namespace sie::sensor {

std::uint64_t sum(const PayloadCounts& counts) {
    return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

Ledger& Ledger::operator+=(const Ledger& other) {
    const auto add = [](auto& to, const auto& from) {
        for (std::size_t i = 0; i < to.size(); ++i) to[i] += from[i];
    };
    frames += other.frames;
    joined += other.joined;
    messages += other.messages;
    tcp += other.tcp;
    icmp += other.icmp;
    add(transactions.by_kind, other.transactions.by_kind);
    transactions.evicted += other.transactions.evicted;
    transactions.client_subnet_zeroed += other.transactions.client_subnet_zeroed;
    add(drops, other.drops);
    add(payloads, other.payloads);
    return *this;
}

std::uint64_t Ledger::dropped(Counted counted) const {
    std::uint64_t sum = 0;
    for (const DropReasonRow& row : drop_reasons)
        if (row.counted == counted) sum += drops[index_of(row.reason)];
    return sum;
}

std::array<std::int64_t, 3> Ledger::balances() const {
    const auto& kinds = transactions.by_kind;
    const std::uint64_t ended = std::accumulate(kinds.begin(), kinds.end(), std::uint64_t{0});
    const std::uint64_t pairs = kinds[static_cast<std::size_t>(dnsqr::TransactionKind::pair)];
    const auto difference = [](std::uint64_t a, std::uint64_t b) { return static_cast<std::int64_t>(a - b); };
    return {difference(frames, dropped(Counted::frame) + joined + messages + tcp + icmp),
            difference(messages, dropped(Counted::message) + pairs + ended),
            difference(ended + tcp + icmp, dropped(Counted::transaction) + sum(payloads))};
}

}  // namespace sie::sensor
