// Unsigned integers of 128 bits: the compiler's where it has them (64-bit targets), two halves elsewhere
// (i386).
#pragma once

#include <compare>
#include <cstdint>

namespace sie {

// What the places that need so many bits do with them. Overflow is cut off, as with the compiler's.
class WideByHalves {
  public:
    // As integers are:
    // NOLINTNEXTLINE(google-explicit-constructor)
    constexpr WideByHalves(std::uint64_t low) : low_(low) {}

    explicit constexpr operator std::uint64_t() const { return low_; }
    friend constexpr WideByHalves operator*(WideByHalves a, std::uint64_t b) {
        constexpr std::uint64_t mask = 0xffffffff;
        const std::uint64_t low = (a.low_ & mask) * (b & mask), cross = (a.low_ >> 32) * (b & mask),
                            other = (a.low_ & mask) * (b >> 32),
                            middle = (low >> 32) + (cross & mask) + (other & mask);
        return {(a.low_ >> 32) * (b >> 32) + (cross >> 32) + (other >> 32) + (middle >> 32) + a.high_ * b,
                (middle << 32) | (low & mask)};
    }
    friend constexpr WideByHalves operator+(WideByHalves a, WideByHalves b) {
        const std::uint64_t low = a.low_ + b.low_;
        return {a.high_ + b.high_ + (low < a.low_ ? 1 : 0), low};
    }
    friend constexpr WideByHalves operator-(WideByHalves a, WideByHalves b) {
        return {a.high_ - b.high_ - (a.low_ < b.low_ ? 1 : 0), a.low_ - b.low_};
    }
    friend constexpr WideByHalves operator&(WideByHalves a, WideByHalves b) {
        return {a.high_ & b.high_, a.low_ & b.low_};
    }
    // By 0 … 127.
    friend constexpr WideByHalves operator<<(WideByHalves a, unsigned by) {
        if (by == 0) return a;
        if (by >= 64) return {a.low_ << (by - 64), 0};
        return {(a.high_ << by) | (a.low_ >> (64 - by)), a.low_ << by};
    }
    friend constexpr WideByHalves operator>>(WideByHalves a, unsigned by) {
        if (by == 0) return a;
        if (by >= 64) return {0, a.high_ >> (by - 64)};
        return {a.high_ >> by, (a.low_ >> by) | (a.high_ << (64 - by))};
    }
    friend constexpr auto operator<=>(WideByHalves, WideByHalves) = default;

  private:
    constexpr WideByHalves(std::uint64_t high, std::uint64_t low) : high_(high), low_(low) {}
    std::uint64_t high_ = 0, low_ = 0;  // in the order in which they are compared
};

#ifdef __SIZEOF_INT128__
__extension__ using Wide = unsigned __int128;
#else
using Wide = WideByHalves;
#endif

}  // namespace sie
