// Blocks of a megabyte and more straight from the kernel, with a page behind that nobody may touch.
//
// The tables of the sensor take their memory once, at start, up to 64 MiB. A fuzzer starts them for every
// input, and a sanitizer marks every octet of such a block twice: that alone would be most of the time.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <new>

namespace {

constexpr std::size_t large = std::size_t{1} << 20;

// In front of the block, in a page of its own.
struct Head {
    std::size_t mapped;
};

std::size_t page() {
    static const auto octets = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    return octets;
}

struct Large {
    void* block;
};
// No input has more of them at a time.
Large held[64];

void* map(std::size_t octets) {
    const std::size_t mapped = page() + (octets + page() - 1) / page() * page() + page();
    void* const start =
        ::mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED) throw std::bad_alloc();
    auto* const octet = static_cast<std::uint8_t*>(start);
    ::mprotect(octet + mapped - page(), page(), PROT_NONE);
    new (start) Head{mapped};
    for (Large& each : held)
        if (each.block == nullptr) {
            each.block = octet + page();
            return each.block;
        }
    throw std::bad_alloc();
}

// Was it one of those?
bool unmap(void* block) {
    for (Large& each : held)
        if (block != nullptr && each.block == block) {
            each.block = nullptr;
            auto* const start = static_cast<std::uint8_t*>(block) - page();
            ::munmap(start, reinterpret_cast<Head*>(start)->mapped);
            return true;
        }
    return false;
}

}  // namespace

void* operator new[](std::size_t octets) { return octets >= large ? map(octets) : ::operator new(octets); }
void* operator new[](std::size_t octets, std::align_val_t alignment) {
    return octets >= large ? map(octets) : ::operator new(octets, alignment);
}
void* operator new[](std::size_t octets, const std::nothrow_t& no) noexcept {
    try {
        return octets >= large ? map(octets) : ::operator new(octets, no);
    } catch (const std::bad_alloc&) { return nullptr; }
}
void* operator new[](std::size_t octets, std::align_val_t alignment, const std::nothrow_t& no) noexcept {
    try {
        return octets >= large ? map(octets) : ::operator new(octets, alignment, no);
    } catch (const std::bad_alloc&) { return nullptr; }
}
void operator delete[](void* block) noexcept {
    if (!unmap(block)) ::operator delete(block);
}
void operator delete[](void* block, std::size_t) noexcept { ::operator delete[](block); }
void operator delete[](void* block, std::align_val_t alignment) noexcept {
    if (!unmap(block)) ::operator delete(block, alignment);
}
void operator delete[](void* block, std::size_t, std::align_val_t alignment) noexcept {
    ::operator delete[](block, alignment);
}
