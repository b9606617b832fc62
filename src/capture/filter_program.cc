#include "capture/filter_program.h"

#include <algorithm>
#include <limits>

namespace sie::capture {
namespace {

constexpr std::uint32_t highest = std::numeric_limits<std::uint32_t>::max();
// A branch and the stepping stones of both its targets still fit.
constexpr std::size_t reach = 255 - 3;
// So many single values are compared one after the other: fewer instructions than a tree of them.
constexpr std::size_t longest_chain = 4;

// The number behind `number`, or that itself if it is the last.
[[nodiscard]] FilterNumber next_of(FilterNumber number, std::size_t words) {
    FilterNumber next = number;
    for (std::size_t i = words; i-- > 0;)
        if (++next[i] != 0) return next;
    return number;
}

// b - a, for a ≤ b.
[[nodiscard]] FilterNumber difference(const FilterNumber& a, const FilterNumber& b, std::size_t words) {
    FilterNumber d{};
    std::uint64_t borrow = 0;
    for (std::size_t i = words; i-- > 0;) {
        const std::uint64_t take = a[i] + borrow;
        borrow = b[i] < take ? 1 : 0;
        d[i] = static_cast<std::uint32_t>(b[i] - take);
    }
    return d;
}

[[nodiscard]] bool all_from(const FilterNumber& number, std::size_t from, std::size_t words,
                            std::uint32_t value) {
    for (std::size_t i = from; i < words; ++i)
        if (number[i] != value) return false;
    return true;
}

// Without the first word.
[[nodiscard]] FilterNumber behind(const FilterNumber& n) { return {n[1], n[2], n[3], 0}; }

}  // namespace

std::vector<FilterRange> merged(std::vector<FilterRange> ranges, std::size_t words) {
    std::sort(ranges.begin(), ranges.end());
    std::vector<FilterRange> out;
    for (const FilterRange& range : ranges) {
        if (!out.empty() && range.first <= next_of(out.back().last, words))
            out.back().last = std::max(out.back().last, range.last);
        else
            out.push_back(range);
    }
    return out;
}

std::vector<FilterRange> widened(std::vector<FilterRange> ranges, std::size_t most, std::size_t words) {
    if (ranges.size() <= most) return ranges;
    std::vector<std::pair<FilterNumber, std::size_t>> gaps;  // in front of range number …
    for (std::size_t i = 1; i < ranges.size(); ++i)
        gaps.emplace_back(difference(ranges[i - 1].last, ranges[i].first, words), i);
    std::sort(gaps.begin(), gaps.end(), std::greater<>());
    std::vector<bool> stays(ranges.size());
    for (std::size_t i = 0; i + 1 < most; ++i) stays[gaps[i].second] = true;
    std::vector<FilterRange> out{ranges[0]};
    for (std::size_t i = 1; i < ranges.size(); ++i) {
        if (stays[i])
            out.push_back(ranges[i]);
        else
            out.back().last = ranges[i].last;
    }
    return out;
}

FilterProgram::Label FilterProgram::instruction(std::uint16_t code, std::uint32_t k) {
    reversed_.push_back({code, 0, 0, k});
    return top();
}

FilterProgram::Label FilterProgram::go_on_at(Label target) {
    if (target == top()) return target;
    return instruction(bpf::jump, static_cast<std::uint32_t>(top() - target));
}

// A label from which `target` is reached and which a branch that is written next reaches.
FilterProgram::Label FilterProgram::within_reach(Label target) {
    if (top() - target <= reach) return target;
    for (auto stone = stones_.rbegin(); stone != stones_.rend() && top() - stone->at <= reach; ++stone)
        if (stone->target == target) return stone->at;
    const Label at = go_on_at(target);
    stones_.push_back({target, at});
    return at;
}

FilterProgram::Label FilterProgram::branch(std::uint16_t code, std::uint32_t k, Label yes, Label no) {
    if (yes == no) return go_on_at(yes);
    const Label near_yes = within_reach(yes), near_no = within_reach(no);
    const std::size_t here = reversed_.size();
    reversed_.push_back({code, static_cast<std::uint8_t>(here - near_yes - 1),
                         static_cast<std::uint8_t>(here - near_no - 1), k});
    return top();
}

FilterProgram::Label FilterProgram::find_words(std::span<const FilterRange> ranges, std::uint32_t at,
                                               std::size_t words, Label yes, Label no) {
    if (ranges.empty()) return go_on_at(no);
    const Search search{at, words, yes, no};
    const Label found = find(ranges, search);
    if (found == yes || found == no) return go_on_at(found);
    return instruction(bpf::load_word_at_x, at);
}

FilterProgram::Label FilterProgram::find_accumulator(std::span<const FilterRange> ranges, Label yes,
                                                     Label no) {
    return go_on_at(find(ranges, {0, 1, yes, no}));
}

FilterProgram::Label FilterProgram::find(std::span<const FilterRange> ranges, const Search& search) {
    const std::vector<Cell> cells = cells_of(ranges, search.words);
    return tree(cells, true, search);
}

std::vector<FilterProgram::Cell> FilterProgram::cells_of(std::span<const FilterRange> ranges,
                                                         std::size_t words) {
    using Kind = Cell::Kind;
    std::vector<Cell> cells{{Kind::outside, 0, {}}};
    // Where a cell of another kind begins; takes the place of one that begins there as well.
    const auto begin = [&](std::uint32_t first, Kind kind, std::vector<FilterRange> rest = {}) {
        if (cells.back().first == first) cells.pop_back();
        cells.push_back({kind, first, std::move(rest)});
    };
    const auto end = [&](std::uint32_t last) {
        if (last != highest) cells.push_back({Kind::outside, last + 1, {}});
    };
    // Of the numbers that begin with `word`, only `rest`.
    const auto part_of = [&](std::uint32_t word, const FilterRange& rest) {
        const std::size_t back = cells.back().kind == Kind::outside && cells.size() > 1 ? 2 : 1;
        Cell& latest = cells[cells.size() - back];
        if (latest.kind == Kind::undecided && latest.first == word) {
            latest.rest.push_back(rest);
        } else {
            begin(word, Kind::undecided, {rest});
            end(word);
        }
    };
    constexpr FilterNumber lowest_rest{}, highest_rest{highest, highest, highest, 0};
    for (const FilterRange& range : ranges) {
        std::uint32_t first = range.first[0], last = range.last[0];
        const bool from_start = all_from(range.first, 1, words, 0);
        const bool to_end = all_from(range.last, 1, words, highest);
        if (first == last && !(from_start && to_end)) {
            part_of(first, {behind(range.first), behind(range.last)});
            continue;
        }
        if (!from_start) part_of(first++, {behind(range.first), highest_rest});
        if (!to_end) --last;
        if (first <= last) {
            begin(first, Kind::inside);
            end(last);
        }
        if (!to_end) part_of(range.last[0], {lowest_rest, behind(range.last)});
    }
    return cells;
}

FilterProgram::Label FilterProgram::outcome(const Cell& cell, const Search& search) {
    switch (cell.kind) {
        case Cell::Kind::outside: return search.no;
        case Cell::Kind::inside: return search.yes;
        case Cell::Kind::undecided: break;
    }
    const Search rest{search.at + 4, search.words - 1, search.yes, search.no};
    return find_words(cell.rest, rest.at, rest.words, rest.yes, rest.no);
}

// A decides among `cells`; `last_of_all`: nothing is behind them.
FilterProgram::Label FilterProgram::tree(std::span<const Cell> cells, bool last_of_all,
                                         const Search& search) {
    if (cells.size() == 1) return outcome(cells[0], search);
    // Few single values with nothing of the set around them.
    std::size_t singles = 0;
    bool chain = true;
    for (std::size_t i = 0; i < cells.size() && chain; ++i) {
        if (cells[i].kind == Cell::Kind::outside) continue;
        ++singles;
        const bool single = i + 1 < cells.size() ? cells[i + 1].first - cells[i].first == 1
                                                 : last_of_all && cells[i].first == highest;
        chain = single && singles <= longest_chain;
    }
    if (chain) {
        std::vector<Label> targets;
        for (const Cell& cell : cells) targets.push_back(outcome(cell, search));
        Label here = search.no;
        for (std::size_t i = cells.size(); i-- > 0;)
            if (cells[i].kind != Cell::Kind::outside)
                here = branch(bpf::if_equal, cells[i].first, targets[i], here);
        return here;
    }
    const std::size_t middle = cells.size() / 2;
    const Label right = tree(cells.subspan(middle), last_of_all, search);
    const Label left = tree(cells.first(middle), false, search);
    return branch(bpf::if_at_least, cells[middle].first, right, left);
}

std::vector<FilterInstruction> FilterProgram::finished() const {
    return {reversed_.rbegin(), reversed_.rend()};
}

}  // namespace sie::capture
