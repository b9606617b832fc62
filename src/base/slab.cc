#include "base/slab.h"

#include <array>
#include <bit>

#include "base/huge_pages.h"
#include "base/octets.h"

namespace sie {
namespace {

constexpr std::uint32_t none = UINT32_MAX;
constexpr std::size_t step = 16, fine_limit = 512;
constexpr std::size_t fine_classes = fine_limit / step;
constexpr std::size_t class_count = fine_classes + 8 * 7 + 1;  // eighths of 512 … 32 Ki, and 72 Ki

// 16, 32 … 512; then eight classes for each power of two: 576, 640 … 1024, 1152 …
[[nodiscard]] std::size_t class_of(std::size_t octets) {
    if (octets <= fine_limit) return (octets - 1) / step;
    const std::size_t power = std::bit_width(octets - 1) - 1;  // 2^power < octets <= 2^(power+1)
    const std::size_t eighth = (octets - 1) >> (power - 3);    // 8 … 15
    return fine_classes + (power - 9) * 8 + (eighth - 8);
}

[[nodiscard]] std::size_t octets_of(std::size_t size_class) {
    if (size_class < fine_classes) return (size_class + 1) * step;
    const std::size_t power = 9 + (size_class - fine_classes) / 8,
                      eighth = 8 + (size_class - fine_classes) % 8;
    return (eighth + 1) << (power - 3);
}

// What is known of a chunk; it stands beside the chunks so that a look at it touches none of their pages.
struct Chunk {
    std::uint32_t previous = none, next = none;  // in the list of its class, or (next) of the free chunks
    std::uint32_t released = none;  // first of the blocks that came back; each holds the number of the next
    std::uint32_t fresh = 0;        // blocks from here on were never handed out
    std::uint32_t used = 0;
    std::uint32_t blocks = 0;
    std::uint32_t size_class = 0;
    std::uint32_t block_octets = 0;
};

}  // namespace

struct Slab::State {
    explicit State(std::size_t bound)
        : chunk_count((bound + chunk_octets - 1) / chunk_octets),
          chunks(std::make_unique<Chunk[]>(chunk_count)) {
        with_room.fill(none);
    }

    std::size_t chunk_count;
    std::unique_ptr<Chunk[]> chunks;
    HugePages memory;
    std::array<std::uint32_t, class_count> with_room{};  // chunks of each class that have a free block
    std::uint32_t free_chunks = none;
    std::uint32_t fresh_chunks = 0;
    std::size_t chunks_in_use = 0, blocks = 0;

    [[nodiscard]] std::uint8_t* block(std::uint32_t chunk, std::uint32_t number) {
        return memory.data() + chunk * chunk_octets + std::size_t{number} * chunks[chunk].block_octets;
    }

    [[nodiscard]] std::uint32_t take_chunk(std::size_t size_class) {
        std::uint32_t index = free_chunks;
        if (index != none) {
            free_chunks = chunks[index].next;
        } else {
            if (fresh_chunks == chunk_count) return none;
            if (!memory) {
                memory = HugePages(chunk_count * chunk_octets);
                if (!memory) return none;
            }
            index = fresh_chunks++;
        }
        chunks[index] = Chunk{};
        chunks[index].size_class = static_cast<std::uint32_t>(size_class);
        chunks[index].block_octets = static_cast<std::uint32_t>(octets_of(size_class));
        chunks[index].blocks = static_cast<std::uint32_t>(chunk_octets) / chunks[index].block_octets;
        ++chunks_in_use;
        link(index);
        return index;
    }

    void link(std::uint32_t index) {
        std::uint32_t& head = with_room[chunks[index].size_class];
        chunks[index].previous = none;
        chunks[index].next = head;
        if (head != none) chunks[head].previous = index;
        head = index;
    }

    void unlink(std::uint32_t index) {
        const Chunk& chunk = chunks[index];
        if (chunk.previous != none) {
            chunks[chunk.previous].next = chunk.next;
        } else {
            with_room[chunk.size_class] = chunk.next;
        }
        if (chunk.next != none) chunks[chunk.next].previous = chunk.previous;
    }
};

Slab::Slab(std::size_t bound) : state_(std::make_unique<State>(bound)) {}
Slab::~Slab() = default;

std::uint8_t* Slab::allocate(std::size_t octets) {
    if (octets == 0 || octets > largest_block) return nullptr;
    State& s = *state_;
    const std::size_t size_class = class_of(octets);
    std::uint32_t index = s.with_room[size_class];
    if (index == none) {
        index = s.take_chunk(size_class);
        if (index == none) return nullptr;
    }
    Chunk& chunk = s.chunks[index];
    std::uint8_t* block = nullptr;
    if (chunk.released != none) {
        block = s.block(index, chunk.released);
        chunk.released = load_le32(block);
    } else {
        block = s.block(index, chunk.fresh++);
    }
    if (++chunk.used == chunk.blocks) s.unlink(index);
    ++s.blocks;
    return block;
}

void Slab::release(std::uint8_t* block) {
    State& s = *state_;
    const auto at = static_cast<std::size_t>(block - s.memory.data());
    const auto index = static_cast<std::uint32_t>(at / chunk_octets);
    Chunk& chunk = s.chunks[index];
    if (chunk.used == chunk.blocks) s.link(index);
    store_le32(block, chunk.released);
    chunk.released = static_cast<std::uint32_t>(at % chunk_octets) / chunk.block_octets;
    --s.blocks;
    if (--chunk.used != 0) return;
    s.unlink(index);
    chunk.next = s.free_chunks;
    s.free_chunks = index;
    --s.chunks_in_use;
}

std::size_t Slab::octets_in_chunks() const { return state_->chunks_in_use * chunk_octets; }
std::size_t Slab::blocks_in_use() const { return state_->blocks; }

}  // namespace sie
