#include "sensor/ledger.h"

#include <numeric>

namespace sie::sensor {

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
    const std::uint64_t written = std::accumulate(payloads.begin(), payloads.end(), std::uint64_t{0});
    const auto difference = [](std::uint64_t a, std::uint64_t b) { return static_cast<std::int64_t>(a - b); };
    return {difference(frames, dropped(Counted::frame) + joined + messages + tcp + icmp),
            difference(messages, dropped(Counted::message) + pairs + ended),
            difference(ended + tcp + icmp, dropped(Counted::transaction) + written)};
}

}  // namespace sie::sensor
