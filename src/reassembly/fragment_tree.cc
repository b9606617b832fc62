#include "reassembly/fragment_tree.h"

namespace sie::reassembly {

FragmentPool::FragmentPool(std::uint32_t fragments, HashKey key)
    : fragments_(std::make_unique_for_overwrite<HeldFragment[]>(fragments)), key_(key) {}

std::uint32_t FragmentPool::take() {
    std::uint32_t index = free_;
    if (index != none) {
        free_ = fragments_[index].right;
    } else {
        index = fresh_++;
    }
    SipHash hash(key_);
    hash.word(taken_++);
    fragments_[index].priority = static_cast<std::uint32_t>(hash.finish());
    return index;
}

void FragmentPool::release(std::uint32_t index) {
    fragments_[index].right = free_;
    free_ = index;
}

void FragmentPool::insert(std::uint32_t& root, std::uint32_t fragment) {
    HeldFragment& added = fragments_[fragment];
    std::uint32_t* link = &root;
    while (*link != none && fragments_[*link].priority >= added.priority) {
        HeldFragment& above = fragments_[*link];
        link = added.order < above.order ? &above.left : &above.right;
    }
    // What stood here has lower priorities: it is split into what comes before and what comes behind.
    std::uint32_t rest = *link;
    *link = fragment;
    std::uint32_t* before = &added.left;
    std::uint32_t* behind = &added.right;
    while (rest != none) {
        HeldFragment& split = fragments_[rest];
        if (split.order < added.order) {
            *before = rest;
            before = &split.right;
            rest = split.right;
        } else {
            *behind = rest;
            behind = &split.left;
            rest = split.left;
        }
    }
    *before = none;
    *behind = none;
}

std::uint32_t FragmentPool::find(std::uint32_t root, std::uint64_t order) const {
    while (root != none && fragments_[root].order != order)
        root = order < fragments_[root].order ? fragments_[root].left : fragments_[root].right;
    return root;
}

std::uint32_t FragmentPool::last_before(std::uint32_t root, std::uint32_t offset) const {
    std::uint32_t last = none;
    while (root != none) {
        if (fragments_[root].offset() < offset) {
            last = root;
            root = fragments_[root].right;
        } else {
            root = fragments_[root].left;
        }
    }
    return last;
}

// Each turn to the right moves one fragment into the list for good: O(n), without a stack.
std::uint32_t FragmentPool::flatten(std::uint32_t root) {
    std::uint32_t* link = &root;
    while (*link != none) {
        HeldFragment& top = fragments_[*link];
        if (top.left == none) {
            link = &top.right;
        } else {
            const std::uint32_t lifted = top.left;
            top.left = fragments_[lifted].right;
            fragments_[lifted].right = *link;
            *link = lifted;
        }
    }
    return root;
}

}  // namespace sie::reassembly
