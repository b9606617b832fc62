// Percentiles of values of any size in bounded memory, to 1.6 percent.
//
// Values fall into buckets: exact below 64, then 32 for each power of two.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace sie::stream {

class Percentiles {
  public:
    void add(std::uint64_t value) {
        ++buckets_[bucket_of(value)];
        least_ = count_ == 0 ? value : std::min(least_, value);
        most_ = std::max(most_, value);
        sum_ += static_cast<double>(value);
        ++count_;
    }
    [[nodiscard]] std::uint64_t count() const { return count_; }
    [[nodiscard]] std::uint64_t least() const { return least_; }
    [[nodiscard]] std::uint64_t most() const { return most_; }
    [[nodiscard]] double mean() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }
    // The least value at or below which `percent` of all stand (nearest rank); the middle of its bucket,
    // within what there was. 0 of none.
    [[nodiscard]] std::uint64_t at(double percent) const {
        // In thousandths, so that 99.9 is what it says.
        const auto thousandths = static_cast<std::uint64_t>(std::llround(percent * 1000));
        constexpr std::uint64_t all = 100'000;
        // count × thousandths / 100,000, rounded up, in two parts: the whole product may have more than 64
        // bits.
        const std::uint64_t rank = count_ / all * thousandths + (count_ % all * thousandths + all - 1) / all;
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < buckets_.size(); ++i) {
            seen += buckets_[i];
            if (seen >= rank && seen != 0) return std::clamp(middle_of(i), least_, most_);
        }
        return 0;
    }

  private:
    static constexpr unsigned bits = 5;  // 32 buckets a power of two
    static constexpr std::uint64_t exact = std::uint64_t{2} << bits;
    static std::size_t bucket_of(std::uint64_t value) {
        if (value < exact) return value;
        const auto shift = static_cast<unsigned>(std::bit_width(value)) - bits - 1;
        return (std::size_t{shift} << bits) + (value >> shift);
    }
    static std::uint64_t middle_of(std::size_t bucket) {
        if (bucket < exact) return bucket;
        const std::size_t shift = (bucket >> bits) - 1;
        const std::uint64_t low = (bucket - (shift << bits)) << shift;
        return low + ((std::uint64_t{1} << shift) >> 1);
    }
    std::array<std::uint64_t, (64 - bits + 1) << bits> buckets_{};
    std::uint64_t count_ = 0, least_ = 0, most_ = 0;
    double sum_ = 0;
};

}  // namespace sie::stream
