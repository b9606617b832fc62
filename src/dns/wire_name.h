// A name out of a message, its compression pointers followed (RFC 1035 §4.1.4).
//
// The gate for names: what comes out is uncompressed wire form of at most 255 octets. A pointer must point to
// before itself, so every walk ends: it goes back, or the name grows.
#pragma once

#include <array>
#include <cstdint>

#include "base/octets.h"
#include "base/text_buffer.h"

namespace sie::dns {

// Why a name was refused; the numbers are those that the reference tool prints (FACTS N65).
enum class NameFault : std::uint8_t { none = 0, bad_pointer = 2, bad_label = 3, too_long = 8, cut = 10 };

class WireName {
  public:
    // Reads the name at `at`, whose own octets must end before `end`, and moves `at` behind them. `pointers`
    // false: the name must be uncompressed (rdata that stands alone).
    [[nodiscard]] NameFault read(Octets message, std::size_t& at, std::size_t end, bool pointers);
    [[nodiscard]] Octets octets() const { return Octets(octets_).first(size_); }

  private:
    static constexpr std::size_t longest_name = 255, longest_label = 64;
    std::array<std::uint8_t, longest_name + longest_label> octets_;
    std::size_t size_ = 0;
};

// What read() finds, without the name.
[[nodiscard]] NameFault pass_wire_name(Octets message, std::size_t& at, std::size_t end, bool pointers);

// Are two names, which read() takes, the same but for their case?
[[nodiscard]] bool same_wire_name(Octets message, std::size_t one, std::size_t other);

// Appends the text of the name at `at` without a copy of it in between, and moves `at` behind it. What read()
// refuses is refused, with nothing appended. `plain`: false if there is a backslash or a quotation mark in
// it; else as it was.
[[nodiscard]] NameFault append_wire_name(Octets message, std::size_t& at, std::size_t end, bool pointers,
                                         TextBuffer& text, bool& plain);
// The same for those who have made room: `out` moves behind the text. Less than `wire_name_room` is written.
constexpr std::size_t wire_name_room = 4 * 255 + 64;
[[nodiscard]] NameFault put_wire_name(char*& out, Octets message, std::size_t& at, std::size_t end,
                                      bool pointers, bool& plain);

}  // namespace sie::dns
