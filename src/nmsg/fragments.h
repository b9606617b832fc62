// Fragments of containers (FACTS N21) and the sets in which they wait for each other (N24 with the checks it
// lacks).
//
// A set is known by (id, crc, sender). Pieces come in any order; a second copy of a piece is ignored. A piece
// that contradicts its set (another `last`, current > last) or whose set cannot be (too many pieces, more
// octets than a container may have, a wrong CRC) is rejected and counted. Memory: at most fragment_sets sets
// and fragment_octets octets with what their keeping costs; past them the oldest set goes, its pieces counted
// as incomplete.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <vector>

#include "base/octets.h"
#include "base/time.h"
#include "nmsg/reader.h"

namespace sie::nmsg {

struct Fragment {
    std::uint32_t id = 0, current = 0, last = 0;
    Octets octets;
    std::optional<std::uint32_t> crc;  // as stored
};
[[nodiscard]] std::optional<Fragment> decode_fragment(Octets octets);

class FragmentSets {
  public:
    // Counts into `counts`, which outlives it.
    FragmentSets(const ReadLimits& limits, ReadCounts& counts) : limits_(limits), counts_(counts) {}

    // The whole data, once the last missing piece came; valid until the next call. Sets that were begun more
    // than 30 s before `now` are let go first.
    [[nodiscard]] std::optional<Octets> add(const Fragment& fragment, std::uint64_t sender = 0,
                                            Time now = {});
    // At the end of input: what is unfinished is counted and let go.
    void give_up();

  private:
    struct Set {
        std::uint32_t id, last;
        std::optional<std::uint32_t> crc;
        std::uint64_t sender;
        Time begun;
        std::map<std::uint32_t, std::vector<std::uint8_t>> pieces;
        std::size_t octets = 0;
    };
    using Place = std::list<Set>::iterator;

    [[nodiscard]] Place find_or_start(const Fragment& fragment, std::uint64_t sender, Time now);
    [[nodiscard]] std::optional<Octets> complete(Place set);
    void evict_beyond_limits();
    void drop(Place set, std::uint64_t& count);

    ReadLimits limits_;
    ReadCounts& counts_;
    std::list<Set> sets_;  // the oldest in front
    std::size_t held_ = 0;
    std::vector<std::uint8_t> whole_;
};

}  // namespace sie::nmsg
