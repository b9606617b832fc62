// The loss ledger (DESIGN §1, promise 3): every frame, message and transaction in exactly one place.
#pragma once

#include <array>
#include <cstdint>

#include "base/drop_reason.h"
#include "dnsqr/transactions.h"
#include "nmsg/dnsqr_payload.h"

namespace sie::sensor {

using PayloadCounts = std::array<std::uint64_t, nmsg::dnsqr_type_count>;
[[nodiscard]] std::uint64_t sum(const PayloadCounts& counts);

struct Ledger {
    std::uint64_t frames = 0;    // delivered by the capture
    std::uint64_t joined = 0;    // fragments beyond the first of each whole datagram
    std::uint64_t messages = 0;  // DNS messages of listed ends
    std::uint64_t tcp = 0, icmp = 0;
    dnsqr::TransactionCounts transactions;
    DropCounts drops{};
    PayloadCounts payloads{};  // written, or thrown away on request

    [[nodiscard]] std::uint64_t dropped(Counted counted) const;
    // What one side of each balance has more than the other; all zero when nothing is unaccounted for.
    //   1  frames = Σ frame drops + joined + messages + TCP + ICMP
    //   2  messages = filtered_qr + 2 × pairs + unanswered + unsolicited + query-only + response-only
    //   3  transactions + TCP + ICMP = Σ transaction drops + payloads
    [[nodiscard]] std::array<std::int64_t, 3> balances() const;
    // Of several shards: each count is the sum.
    Ledger& operator+=(const Ledger& other);
};

}  // namespace sie::sensor
