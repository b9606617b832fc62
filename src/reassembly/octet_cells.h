// Where the octets of held fragments stand: chains of cells of 64 octets.
//
// A fragment of n octets takes ⌈n / 64⌉ cells, wherever they are free: there is no fragmentation of the
// memory, so n octets always fit if as many cells are free, whatever came and went before. All is taken at
// construction, and pages are touched only once a cell in them is used. The owner counts: put() must not be
// called without room.
#pragma once

#include <cstdint>
#include <memory>

#include "base/octets.h"

namespace sie::reassembly {

class OctetCells {
  public:
    static constexpr std::size_t cell_octets = 64;
    static constexpr std::uint32_t none = UINT32_MAX;

    explicit OctetCells(std::uint32_t cells);

    // Copies the octets (at least one) in; the number of the chain's first cell comes back.
    [[nodiscard]] std::uint32_t put(Octets octets);
    // Copies the first out.size() octets of a chain out.
    void copy(std::uint32_t chain, MutableOctets out) const;
    // Do `octets` stand in the chain from `skip` on?
    [[nodiscard]] bool holds(std::uint32_t chain, std::size_t skip, Octets octets) const;
    void release(std::uint32_t chain);

  private:
    [[nodiscard]] std::uint32_t take();

    std::unique_ptr<std::uint8_t[]> cells_;
    std::unique_ptr<std::uint32_t[]> next_;
    std::uint32_t free_ = none;  // cells that came back
    std::uint32_t fresh_ = 0;    // cells from here on were never used
};

}  // namespace sie::reassembly
