// Text that grows at its end: what the text forms write by the million.
//
// A std::string would do but for its appends, each a call that checks for aliasing and short strings; here
// they are a comparison and a copy. Memory is kept by clear() and used again. Throws std::bad_alloc. One
// thread.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace sie {

class TextBuffer {
  public:
    TextBuffer() = default;
    TextBuffer(TextBuffer&&) = default;
    TextBuffer& operator=(TextBuffer&&) = default;

    [[nodiscard]] std::string_view view() const { return {octets_.get(), size_}; }
    [[nodiscard]] std::string str() const { return std::string(view()); }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] char* data() { return octets_.get(); }
    [[nodiscard]] const char* data() const { return octets_.get(); }
    [[nodiscard]] char& operator[](std::size_t at) { return octets_[at]; }

    void clear() { size_ = 0; }
    // Cuts what stands behind `size`, which is no more than there is.
    void cut(std::size_t size) {
        assert(size <= size_);
        size_ = size;
    }

    [[nodiscard]] bool ends_with(char c) const { return size_ != 0 && octets_[size_ - 1] == c; }

    // Room for `octets` more, behind the end; what is written there counts once grow() says so.
    [[nodiscard]] char* room(std::size_t octets) {
        if (capacity_ - size_ < octets) [[unlikely]]
            enlarge(octets);
        return octets_.get() + size_;
    }
    void grow(std::size_t octets) { size_ += octets; }

    [[gnu::always_inline]] TextBuffer& operator+=(char c) {
        *room(1) = c;
        ++size_;
        return *this;
    }
    TextBuffer& operator+=(std::string_view text) {
        copy_short(room(text.size()), text.data(), text.size());
        size_ += text.size();
        return *this;
    }
    // A literal: its size is known, so the copy is a move or two.
    template <std::size_t size>
    [[gnu::always_inline]] TextBuffer& operator+=(const char (&literal)[size]) {
        std::memcpy(room(size - 1), literal, size - 1);
        size_ += size - 1;
        return *this;
    }

    // What stands at `from` once more.
    void repeat(std::size_t from, std::size_t octets) {
        char* to = room(octets);
        std::memcpy(to, octets_.get() + from, octets);
        size_ += octets;
    }

  private:
    // Most of what is appended is short: two copies that may overlap instead of a call.
    [[gnu::noinline]] static void copy_short(char* to, const char* from, std::size_t octets) {
        if (octets > 16) {
            std::memcpy(to, from, octets);
        } else if (octets >= 8) {
            std::memcpy(to, from, 8);
            std::memcpy(to + octets - 8, from + octets - 8, 8);
        } else if (octets >= 4) {
            std::memcpy(to, from, 4);
            std::memcpy(to + octets - 4, from + octets - 4, 4);
        } else if (octets != 0) {
            to[0] = from[0];
            to[octets / 2] = from[octets / 2];
            to[octets - 1] = from[octets - 1];
        }
    }
    [[gnu::noinline, gnu::cold]] void enlarge(std::size_t octets) {
        const std::size_t wanted = std::max(size_ + octets, 2 * capacity_ + least);
        auto larger = std::make_unique_for_overwrite<char[]>(wanted);
        if (size_ != 0) std::memcpy(larger.get(), octets_.get(), size_);
        octets_ = std::move(larger);
        capacity_ = wanted;
    }
    static constexpr std::size_t least = 256;

    std::unique_ptr<char[]> octets_;
    std::size_t size_ = 0, capacity_ = 0;
};

}  // namespace sie
