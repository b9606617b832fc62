// Building programs of classic BPF whose jumps reach: sets of numbers become search trees.
//
// Classic BPF jumps forward only, conditionally by at most 255 instructions. So a program is written from its
// end: every target is known when the jump to it is written, and one that is too far gets a stepping stone
// right behind the jump, which later (earlier in the program) jumps share. No system header.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "capture/kernel_filter.h"

namespace sie::capture {

// Codes of classic BPF (linux/filter.h, net/bpf.h), composed.
namespace bpf {
inline constexpr std::uint16_t load_word = 0x20, load_half = 0x28, load_octet = 0x30,  // A = [k]
    load_word_at_x = 0x40, load_half_at_x = 0x48, load_octet_at_x = 0x50,              // A = [X + k]
    load_constant = 0x00, load_cell = 0x60, load_x_constant = 0x01, load_x_cell = 0x61, store = 0x02,
                               store_x = 0x03, a_to_x = 0x07;
inline constexpr std::uint16_t add_x = 0x0c, add = 0x04, multiply = 0x24, shift_left = 0x64,
                               shift_right = 0x74, bit_and = 0x54, exclusive_or_x = 0xac;
inline constexpr std::uint16_t jump = 0x05, if_equal = 0x15, if_at_least = 0x35, if_any_bit = 0x45;
inline constexpr std::uint16_t give_constant = 0x06, give_a = 0x16;
}  // namespace bpf

// Words of 32 bits, most significant first: all four of an IPv6 address, the first of an IPv4 address or a
// port.
using FilterNumber = std::array<std::uint32_t, 4>;
struct FilterRange {
    FilterNumber first{}, last{};  // both inside
    friend auto operator<=>(const FilterRange&, const FilterRange&) = default;
};

// Sorted, disjoint, not even adjacent. `words`: how many of a number's words count (1 or 4).
[[nodiscard]] std::vector<FilterRange> merged(std::vector<FilterRange> ranges, std::size_t words);
// At most `most` ranges (≥ 1): those with the smallest gaps between them become one. Takes what merged()
// gives.
[[nodiscard]] std::vector<FilterRange> widened(std::vector<FilterRange> ranges, std::size_t most,
                                               std::size_t words);

class FilterProgram {
  public:
    using Label = std::size_t;  // an instruction that has been written

    // Each writes in front of what is there and returns the label of what it wrote.
    Label instruction(std::uint16_t code, std::uint32_t k = 0);  // goes on with what was written before it
    Label go_on_at(Label target);  // a jump, if `target` is not what was written last
    Label branch(std::uint16_t code, std::uint32_t k, Label yes, Label no);
    // Whether the number whose words stand at [X + at], [X + at + 4] … is in one of the ranges. Changes A.
    Label find_words(std::span<const FilterRange> ranges, std::uint32_t at, std::size_t words, Label yes,
                     Label no);
    // Whether A is.
    Label find_accumulator(std::span<const FilterRange> ranges, Label yes, Label no);

    [[nodiscard]] std::vector<FilterInstruction> finished() const;  // in running order
    [[nodiscard]] std::size_t size() const { return reversed_.size(); }

  private:
    // What holds from `first` up to the next cell.
    struct Cell {
        enum class Kind : std::uint8_t { outside, inside, undecided } kind;
        std::uint32_t first;
        std::vector<FilterRange> rest;  // undecided: of the words behind this one
    };
    struct Search {
        std::uint32_t at;
        std::size_t words;
        Label yes, no;
    };

    [[nodiscard]] static std::vector<Cell> cells_of(std::span<const FilterRange> ranges, std::size_t words);
    Label find(std::span<const FilterRange> ranges, const Search& search);
    Label tree(std::span<const Cell> cells, bool last_of_all, const Search& search);
    Label outcome(const Cell& cell, const Search& search);
    Label within_reach(Label target);
    [[nodiscard]] Label top() const { return reversed_.size() - 1; }

    std::vector<FilterInstruction> reversed_;
    struct Stone {
        Label target, at;
    };
    std::vector<Stone> stones_;  // the newest last
};

}  // namespace sie::capture
