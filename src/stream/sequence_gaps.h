// Which containers of a sender did not come, by their sequence numbers (FACTS N20).
//
// A sender is (sequence id, address, port), known here by a keyed hash of them. Its first container only says
// where it stands. A gap of up to 1,048,576 counts; a larger one, or a step back, means that it began anew.
// Senders that were silent for 120 s are forgotten, and so is the most silent one past the bound of 4,096.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <unordered_map>

#include "base/time.h"

namespace sie::stream {

class SequenceGaps {
  public:
    // Containers missing between the last of this sender and this one.
    std::uint32_t take(std::uint64_t sender, std::uint32_t number, Time now);
    [[nodiscard]] std::size_t senders() const { return places_.size(); }

  private:
    struct Sender {
        std::uint64_t key;
        std::uint32_t expected;
        Time seen;
    };
    std::list<Sender> senders_;  // the most silent in front
    std::unordered_map<std::uint64_t, std::list<Sender>::iterator> places_;
};

}  // namespace sie::stream
