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
    const auto chained = [&] {
        const std::uint32_t cell = take();
        *link = cell;
        link = &next_[cell];
        return cells_.get() + cell * cell_octets;
    };
    // Whole cells apart: a copy of a length that the compiler knows is no call.
    for (; octets.size() >= cell_octets; octets = octets.subspan(cell_octets))
        std::memcpy(chained(), octets.data(), cell_octets);
    if (!octets.empty()) std::memcpy(chained(), octets.data(), octets.size());
    *link = none;
    return first;
}

void OctetCells::copy(std::uint32_t chain, MutableOctets out) const {
    for (; out.size() >= cell_octets; chain = next_[chain], out = out.subspan(cell_octets))
        std::memcpy(out.data(), cells_.get() + chain * cell_octets, cell_octets);
    if (!out.empty()) std::memcpy(out.data(), cells_.get() + chain * cell_octets, out.size());
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
