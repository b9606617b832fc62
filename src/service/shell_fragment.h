// The text of a configuration file, read as sh would read it, without a shell (REFERENCE §5).
//
// In: the octets of the file. Out: its assignments in order, each with its place and its value after quotes
// and expansion, and everything that is not an assignment as an error with line, column, the construct's name
// and what to write instead. All errors are found, not only the first: after one, reading goes on at the next
// line. What is accepted: NAME=WORD with single and double quotes, backslashes and quotes side by side,
// `export` before it, several on a line (blank or `;` between them), comments, continuation lines, $NAME and
// ${NAME} of earlier assignments. Whatever is accepted means what it means to sh, but for a byte-order mark
// and CR LF, which are taken with a warning. Every bound is stated here; the cost grows with the text's
// length. No state, any thread; owns copies of what it returns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sie::service {

// Counted from 1. Columns are characters (UTF-8), a tab is one.
struct Place {
    std::uint32_t line = 1, column = 1;
    friend auto operator<=>(const Place&, const Place&) = default;
};

struct Assignment {
    std::string name, value;
    Place place;        // of the name
    bool sound = true;  // false: its value could not be read (an error says why), or uses one that could not
};

// Something that a person has to mend, or should know.
struct Finding {
    Place place;
    std::string why, remedy;  // without a full stop; the remedy may be empty
};

struct ShellFragment {
    std::vector<Assignment> assignments;      // in the order of the file; a name may stand there twice
    std::set<std::string, std::less<>> used;  // names whose value a later line took
    std::vector<Finding> errors, warnings;    // in the order of their places
};

inline constexpr std::size_t most_fragment_octets = 1 << 20;  // a longer text is refused whole
inline constexpr std::size_t most_value_octets = 1 << 16;     // of one value, expanded
inline constexpr std::size_t most_expanded_octets = 4 << 20;  // of all values together
inline constexpr std::size_t most_errors = 100;               // then one line says that there are more

[[nodiscard]] ShellFragment parse_shell_fragment(std::string_view text);

}  // namespace sie::service
