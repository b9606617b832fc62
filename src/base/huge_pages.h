// Memory for a large table, taken once, in huge pages where the machine gives them.
//
// What is looked up by a hash lies anywhere in its table, and a table of some MiB has more pages of 4 KiB
// than the processor keeps translations of: look-ups pay for them. In pages of 2 MiB they do not. The memory
// is zero, begins at such a page's boundary if it has at least that size, and takes room when it is touched
// first, then 2 MiB at once. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace sie {

class HugePages {
  public:
    static constexpr std::size_t page_octets = std::size_t{2} << 20;

    HugePages() = default;
    // Without that much address space: empty, as for 0 octets.
    explicit HugePages(std::size_t octets);
    HugePages(HugePages&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)), octets_(std::exchange(other.octets_, 0)) {}
    HugePages& operator=(HugePages&& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(octets_, other.octets_);
        return *this;
    }
    ~HugePages();

    [[nodiscard]] std::uint8_t* data() const { return data_; }
    explicit operator bool() const { return data_ != nullptr; }

  private:
    std::uint8_t* data_ = nullptr;
    std::size_t octets_ = 0;
};

}  // namespace sie
