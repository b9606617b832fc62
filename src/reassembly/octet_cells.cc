#include "reassembly/octet_cells.h"

#include <algorithm>

namespace sie::reassembly {

OctetCells::OctetCells(std::uint32_t cells)
    : cells_(std::make_unique_for_overwrite<std::uint8_t[]>(cells * cell_octets)),
      next_(std::make_unique_for_overwrite<std::uint32_t[]>(cells)) {}

std::uint32_t OctetCells::take() {
    if (free_ == none) return fresh_++;
    const std::uint32_t cell = free_;
    free_ = next_[cell];
    return cell;
}

std::uint32_t OctetCells::put(Octets octets) {
    std::uint32_t first = none;
    std::uint32_t* link = &first;
    while (!octets.empty()) {
        const std::size_t n = std::min(octets.size(), cell_octets);
        const std::uint32_t cell = take();
        std::memcpy(cells_.get() + cell * cell_octets, octets.data(), n);
        octets = octets.subspan(n);
        *link = cell;
        link = &next_[cell];
    }
    *link = none;
    return first;
}

void OctetCells::copy(std::uint32_t chain, MutableOctets out) const {
    for (; !out.empty(); chain = next_[chain]) {
        const std::size_t n = std::min(out.size(), cell_octets);
        std::memcpy(out.data(), cells_.get() + chain * cell_octets, n);
        out = out.subspan(n);
    }
}

bool OctetCells::holds(std::uint32_t chain, std::size_t skip, Octets octets) const {
    for (; skip >= cell_octets && !octets.empty(); skip -= cell_octets) chain = next_[chain];
    for (; !octets.empty(); chain = next_[chain], skip = 0) {
        const std::size_t n = std::min(octets.size(), cell_octets - skip);
        if (std::memcmp(octets.data(), cells_.get() + chain * cell_octets + skip, n) != 0) return false;
        octets = octets.subspan(n);
    }
    return true;
}

void OctetCells::release(std::uint32_t chain) {
    while (chain != none) {
        const std::uint32_t next = next_[chain];
        next_[chain] = free_;
        free_ = chain;
        chain = next;
    }
}

}  // namespace sie::reassembly
