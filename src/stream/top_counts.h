// How often each of many values came, in bounded memory.
//
// While the table has room every count is exact. When it is full the rarer half of the values is let go of,
// and the rest goes on: what comes often stays, however many others came first. From then on each count is
// too low by error() at most (the counts of values that were let go of and came back begin anew), and
// others() says how many occurrences went with the names. One thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sie::stream {

class TopCounts {
  public:
    // Octets of the table, names and all.
    static constexpr std::size_t most_octets = std::size_t{24} << 20;
    explicit TopCounts(std::size_t bound = most_octets) : bound_(bound) {}

    void add(std::string_view value) {
        if (const auto found = counts_.find(value); found != counts_.end()) {
            ++found->second;
            return;
        }
        if (octets_ + cost(value) > bound_) let_go();
        octets_ += cost(value);
        counts_.emplace(value, 1);
    }
    [[nodiscard]] std::size_t different() const { return counts_.size(); }  // by name, now
    [[nodiscard]] std::uint64_t others() const { return others_; }
    [[nodiscard]] std::uint64_t error() const { return error_; }
    [[nodiscard]] std::size_t octets() const { return octets_; }
    // The most frequent first; of equals the lesser text first.
    [[nodiscard]] std::vector<std::pair<std::string_view, std::uint64_t>> top(std::size_t count) const {
        std::vector<std::pair<std::string_view, std::uint64_t>> rows(counts_.begin(), counts_.end());
        const auto middle = rows.begin() + static_cast<std::ptrdiff_t>(std::min(count, rows.size()));
        std::partial_sort(rows.begin(), middle, rows.end(), [](const auto& a, const auto& b) {
            return a.second != b.second ? a.second > b.second : a.first < b.first;
        });
        rows.erase(middle, rows.end());
        return rows;
    }
    // What a value takes in the table: its node and bucket, and its text where the node has no room for it,
    // each with what the allocator adds.
    [[nodiscard]] static std::size_t cost(std::string_view value) {
        constexpr std::size_t node = 96, inside = 15, allocation = 24;
        return node + (value.size() > inside ? value.size() + allocation : 0);
    }

  private:
    // All values whose count is not above the median. An absent value came at most error() times before: it
    // was seen as often as the threshold and had lost as much as the error so far.
    void let_go() {
        if (counts_.empty()) return;
        std::vector<std::uint64_t> sorted;
        sorted.reserve(counts_.size());
        for (const auto& each : counts_) sorted.push_back(each.second);
        const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
        std::nth_element(sorted.begin(), middle, sorted.end());
        const std::uint64_t threshold = *middle;
        std::erase_if(counts_, [&](const auto& each) {
            if (each.second > threshold) return false;
            others_ += each.second;
            octets_ -= cost(each.first);
            return true;
        });
        error_ += threshold;
    }

    struct Hash : std::hash<std::string_view> {
        using is_transparent = void;
    };
    std::size_t bound_, octets_ = 0;
    std::uint64_t others_ = 0, error_ = 0;
    std::unordered_map<std::string, std::uint64_t, Hash, std::equal_to<>> counts_;
};

}  // namespace sie::stream
