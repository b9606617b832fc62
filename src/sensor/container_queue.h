// Containers from one worker to the writer: bounded, and never waited for.
//
// A ring of slots for one producer and one consumer. Memory goes back by a second ring of emptied
// containers, so that a queue that is nearly empty stays in the cache and nothing is allocated; what a longer
// queue has taken besides is freed by the consumer. Besides containers a worker sends the number of the file
// that it has ended (a mark): what it pushed before belongs to that file, what it pushes later to the next.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sensor/container.h"

namespace sie::sensor {

class ContainerQueue {
  public:
    // One slot more is kept for a mark, so that a full queue still takes one.
    explicit ContainerQueue(std::size_t capacity) : slots_(capacity + 1), emptied_(most_emptied) {}

    // The producer. False: it is full, and `container` is as it was.
    [[nodiscard]] bool push(Container& container) {
        if (waiting() + 1 >= slots_.size()) return false;
        return put(container, 0);
    }
    // False: even the slot for marks is taken; the file ends without.
    bool push_mark(std::uint64_t file) {
        Container none;
        return waiting() < slots_.size() && put(none, file);
    }

    // The consumer. False: it is empty. `mark` is 0 for a container, else the number of the file that ended.
    [[nodiscard]] bool pop(Container& container, std::uint64_t& mark) {
        const std::size_t at = popped_.load(std::memory_order_relaxed);
        if (at == pushed_.load(std::memory_order_acquire)) return false;
        Slot& slot = slots_[at % slots_.size()];
        mark = slot.mark;
        if (mark == 0) {
            give_back(container);
            std::swap(slot.container, container);
        }
        popped_.store(at + 1, std::memory_order_release);
        return true;
    }

    // Exact for the producer and the consumer, a moment old for others.
    [[nodiscard]] std::size_t waiting() const {
        const std::size_t popped = popped_.load(std::memory_order_acquire);
        return pushed_.load(std::memory_order_acquire) - popped;
    }
    [[nodiscard]] std::size_t capacity() const { return slots_.size() - 1; }

  private:
    struct Slot {
        Container container;
        std::uint64_t mark = 0;
    };
    bool put(Container& container, std::uint64_t mark) {
        const std::size_t at = pushed_.load(std::memory_order_relaxed);
        Slot& slot = slots_[at % slots_.size()];
        slot.mark = mark;
        if (mark == 0) {
            std::swap(slot.container, container);
            take_emptied(container);
        }
        pushed_.store(at + 1, std::memory_order_release);
        return true;
    }
    // The consumer: leaves `container` without memory.
    void give_back(Container& container) {
        if (container.octets.capacity() == 0) return;
        const std::size_t at = given_.load(std::memory_order_relaxed);
        if (at - taken_.load(std::memory_order_acquire) == emptied_.size()) {
            std::vector<std::uint8_t>().swap(container.octets);
            return;
        }
        std::swap(emptied_[at % emptied_.size()], container);
        given_.store(at + 1, std::memory_order_release);
    }
    // The producer: into `container`, which has no memory.
    void take_emptied(Container& container) {
        const std::size_t at = taken_.load(std::memory_order_relaxed);
        if (at == given_.load(std::memory_order_acquire)) return;
        std::swap(emptied_[at % emptied_.size()], container);
        taken_.store(at + 1, std::memory_order_release);
    }

    // With one in each hand that is what a queue in which one waits at a time needs.
    static constexpr std::size_t most_emptied = 1;

    std::vector<Slot> slots_;
    std::vector<Container> emptied_;
    alignas(64) std::atomic<std::size_t> pushed_ = 0, taken_ = 0;  // written by the producer
    alignas(64) std::atomic<std::size_t> popped_ = 0, given_ = 0;  // written by the consumer
};

}  // namespace sie::sensor
