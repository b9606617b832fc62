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

    TextBuffer& operator+=(char c) {
        *room(1) = c;
        ++size_;
        return *this;
    }
    TextBuffer& operator+=(std::string_view text) {
        char* to = room(text.size());
        if (!text.empty()) std::memcpy(to, text.data(), text.size());
        size_ += text.size();
        return *this;
    }

    // What stands at `from` once more.
    void repeat(std::size_t from, std::size_t octets) {
        char* to = room(octets);
        std::memcpy(to, octets_.get() + from, octets);
        size_ += octets;
    }

  private:
    void enlarge(std::size_t octets) {
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
