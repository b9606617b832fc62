// Text that grows at its end: what the text forms write by the million.
//
// A std::string would do but for its appends, each a call that checks for aliasing and short strings; here
// they are a comparison and a copy. Memory is kept by clear() and used again. Throws std::bad_alloc. One
// thread.
#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace sie {

class TextBuffer {
  public:
    TextBuffer() = default;
    TextBuffer(TextBuffer&& other) noexcept
        : octets_(std::move(other.octets_)),
          end_(std::exchange(other.end_, nullptr)),
          limit_(std::exchange(other.limit_, nullptr)) {}
    TextBuffer& operator=(TextBuffer&& other) noexcept {
        octets_ = std::move(other.octets_);
        end_ = std::exchange(other.end_, nullptr);
        limit_ = std::exchange(other.limit_, nullptr);
        return *this;
    }
    ~TextBuffer() = default;

    [[nodiscard]] std::string_view view() const { return {octets_.get(), size()}; }
    [[nodiscard]] std::string str() const { return std::string(view()); }
    [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(end_ - octets_.get()); }
    [[nodiscard]] bool empty() const { return end_ == octets_.get(); }
    [[nodiscard]] char* data() { return octets_.get(); }
    [[nodiscard]] const char* data() const { return octets_.get(); }
    [[nodiscard]] char& operator[](std::size_t at) { return octets_[at]; }

    void clear() { end_ = octets_.get(); }
    // Cuts what stands behind `to_size`, which is no more than there is.
    void cut(std::size_t to_size) {
        assert(to_size <= size());
        end_ = octets_.get() + to_size;
    }

    [[nodiscard]] bool ends_with(char c) const { return !empty() && end_[-1] == c; }

    // Room for `octets` more, behind the end; what is written there counts once grow() says so.
    [[nodiscard]] char* room(std::size_t octets) {
        if (static_cast<std::size_t>(limit_ - end_) < octets) [[unlikely]]
            enlarge(octets);
        return end_;
    }
    void grow(std::size_t octets) { end_ += octets; }
    // The same by where what was written ends.
    void grow_to(char* end) { end_ = end; }

    [[gnu::always_inline]] TextBuffer& operator+=(char c) {
        *room(1) = c;
        ++end_;
        return *this;
    }
    TextBuffer& operator+=(std::string_view text) {
        copy_short(room(text.size()), text.data(), text.size());
        end_ += text.size();
        return *this;
    }
    // A literal: its size is known, so the copy is a move or two.
    template <std::size_t size>
    [[gnu::always_inline]] TextBuffer& operator+=(const char (&literal)[size]) {
        std::memcpy(room(size - 1), literal, size - 1);
        end_ += size - 1;
        return *this;
    }

    // What stands at `from` once more.
    void repeat(std::size_t from, std::size_t octets) {
        if (octets <= short_repeat) {  // one copy of fixed size; what is too much of it does not count
            char* const to = room(short_repeat);
            std::array<char, short_repeat> copy;
            std::memcpy(copy.data(), octets_.get() + from, copy.size());
            std::memcpy(to, copy.data(), copy.size());
        } else {
            char* const to = room(octets);
            std::memcpy(to, octets_.get() + from, octets);
        }
        end_ += octets;
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
        const std::size_t held = size(), capacity = static_cast<std::size_t>(limit_ - octets_.get());
        const std::size_t wanted = std::max(held + octets, 2 * capacity + least);
        auto larger = std::make_unique_for_overwrite<char[]>(wanted);
        if (held != 0) std::memcpy(larger.get(), octets_.get(), held);
        octets_ = std::move(larger);
        end_ = octets_.get() + held;
        limit_ = octets_.get() + wanted;
    }
    static constexpr std::size_t least = 256, short_repeat = 32;

    std::unique_ptr<char[]> octets_;
    char *end_ = nullptr, *limit_ = nullptr;  // of the text, of the memory
};

}  // namespace sie
