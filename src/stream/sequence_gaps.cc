#include "stream/sequence_gaps.h"

#include <utility>

namespace sie::stream {

namespace {
constexpr std::uint32_t largest_gap = 1'048'576;
constexpr std::int64_t longest_silence_ns = 120 * Time::per_second;
constexpr std::size_t most_senders = 4096;
}  // namespace

std::uint32_t SequenceGaps::take(std::uint64_t sender, std::uint32_t number, Time now) {
    while (!senders_.empty() &&
           (now.ns - senders_.front().seen.ns > longest_silence_ns || senders_.size() > most_senders)) {
        places_.erase(senders_.front().key);
        senders_.pop_front();
    }
    const auto found = places_.find(sender);
    if (found == places_.end()) {
        senders_.push_back({sender, number + 1, now});
        places_.emplace(sender, std::prev(senders_.end()));
        return 0;
    }
    Sender& known = *found->second;
    const std::uint32_t gap = number - known.expected;  // modulo 2^32
    known.expected = number + 1;
    known.seen = now;
    senders_.splice(senders_.end(), senders_, found->second);
    return gap <= largest_gap ? gap : 0;
}

}  // namespace sie::stream
