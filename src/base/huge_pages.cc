#include "base/huge_pages.h"

#include <sys/mman.h>
#include <unistd.h>

namespace sie {
namespace {

std::uint8_t* map(std::size_t octets) {
    void* memory = ::mmap(nullptr, octets, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? nullptr : static_cast<std::uint8_t*>(memory);
}

// At a boundary: more is taken and what stands over at both ends is given back.
std::uint8_t* map_at_boundary(std::size_t octets) {
    constexpr std::size_t page = HugePages::page_octets;
    if (octets > SIZE_MAX - page) return nullptr;
    std::uint8_t* const all = map(octets + page);
    if (all == nullptr) return nullptr;
    const std::size_t before = (page - reinterpret_cast<std::uintptr_t>(all) % page) % page;
    if (before != 0) ::munmap(all, before);
    ::munmap(all + before + octets, page - before);
    return all + before;
}

}  // namespace

HugePages::HugePages(std::size_t octets) {
    constexpr std::size_t page = page_octets;
    const auto smallest = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    if (octets == 0 || octets > SIZE_MAX - smallest) return;
    octets = (octets + smallest - 1) / smallest * smallest;
    if (octets >= page) {
        data_ = map_at_boundary(octets);
#ifdef MADV_HUGEPAGE
        // Refused by a kernel without them: then pages are small.
        if (data_ != nullptr) static_cast<void>(::madvise(data_, octets / page * page, MADV_HUGEPAGE));
#endif
    }
    if (data_ == nullptr) data_ = map(octets);
    if (data_ != nullptr) octets_ = octets;
}

HugePages::~HugePages() {
    if (data_ != nullptr) ::munmap(data_, octets_);
}

}  // namespace sie
