// How often each of many values came, in bounded memory.
//
// The first `most` different values are counted exactly; what comes when the table is full is counted
// together as others, and said so.
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
    static constexpr std::size_t most = 262'144;
    explicit TopCounts(std::size_t bound = most) : bound_(bound) {}

    void add(std::string_view value) {
        if (const auto found = counts_.find(value); found != counts_.end())
            ++found->second;
        else if (counts_.size() < bound_)
            counts_.emplace(value, 1);
        else
            ++others_;
    }
    [[nodiscard]] std::size_t different() const { return counts_.size(); }
    [[nodiscard]] std::uint64_t others() const { return others_; }
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

  private:
    struct Hash : std::hash<std::string_view> {
        using is_transparent = void;
    };
    std::size_t bound_;
    std::uint64_t others_ = 0;
    std::unordered_map<std::string, std::uint64_t, Hash, std::equal_to<>> counts_;
};

}  // namespace sie::stream
