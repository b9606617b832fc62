// Storage for many small blocks of octets under one bound, taken once and never returned before the end.
//
// Size classes: steps of 16 octets up to 512, then of an eighth of the power of two below, up to 72 KiB.
// Memory is cut into chunks of 128 KiB, each of which serves one class while one of its blocks is in use and
// any class after that. allocate() takes the address space at first use only (base/huge_pages.h); it returns
// nullptr when the bound is reached: the owner then frees what it can spare and asks again. All calls cost a
// few instructions, none walks a list. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace sie {

class Slab {
  public:
    static constexpr std::size_t chunk_octets = std::size_t{128} << 10;
    static constexpr std::size_t largest_block = std::size_t{72} << 10;

    // `bound`: octets of chunks, rounded up to whole ones; at least one chunk for each size class in use is
    // advisable.
    explicit Slab(std::size_t bound);
    ~Slab();
    Slab(const Slab&) = delete;
    Slab& operator=(const Slab&) = delete;

    // 16-octet aligned room for `octets` (1 … largest_block), or nullptr when the bound is reached.
    [[nodiscard]] std::uint8_t* allocate(std::size_t octets);
    void release(std::uint8_t* block);

    [[nodiscard]] std::size_t octets_in_chunks() const;  // of chunks that serve a class now
    [[nodiscard]] std::size_t blocks_in_use() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace sie
