#include "service/shell_fragment.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "base/quoted.h"

namespace sie::service {

namespace {

constexpr int at_end = -1;

[[nodiscard]] bool is_blank(int c) { return c == ' ' || c == '\t'; }
[[nodiscard]] bool begins_name(int c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; }
[[nodiscard]] bool continues_name(int c) { return begins_name(c) || (c >= '0' && c <= '9'); }
[[nodiscard]] bool ends_word(int c) { return c == at_end || is_blank(c) || c == '\n' || c == ';'; }

// The octets of the UTF-8 character at the start of `text` (RFC 3629); 0 if there is none.
[[nodiscard]] std::size_t character_octets(std::string_view text) {
    const auto octet = [&](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    const auto follows = [&](std::size_t i, unsigned least, unsigned most) {
        return octet(i) >= least && octet(i) <= most;
    };
    const unsigned first = octet(0);
    if (first < 0x80) return 1;
    if (first >= 0xc2 && first <= 0xdf) return follows(1, 0x80, 0xbf) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef) {
        const unsigned least = first == 0xe0 ? 0xa0 : 0x80, most = first == 0xed ? 0x9f : 0xbf;
        return follows(1, least, most) && follows(2, 0x80, 0xbf) ? 3 : 0;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        const unsigned least = first == 0xf0 ? 0x90 : 0x80, most = first == 0xf4 ? 0x8f : 0xbf;
        return follows(1, least, most) && follows(2, 0x80, 0xbf) && follows(3, 0x80, 0xbf) ? 4 : 0;
    }
    return 0;
}

// Words that begin something other than an assignment, with what it is called.
struct Construct {
    std::string_view word, name, remedy;
};
constexpr std::string_view assignments_only =
    "the file is read without a shell: write the assignments that hold here, one a line";
constexpr std::array constructs{
    Construct{"if", "a condition (if)", assignments_only},
    Construct{"then", "a condition (then)", assignments_only},
    Construct{"else", "a condition (else)", assignments_only},
    Construct{"elif", "a condition (elif)", assignments_only},
    Construct{"fi", "a condition (fi)", assignments_only},
    Construct{"[", "a condition ([)", assignments_only},
    Construct{"[[", "a condition ([[)", assignments_only},
    Construct{"test", "a condition (test)", assignments_only},
    Construct{"case", "a condition (case)", assignments_only},
    Construct{"esac", "a condition (esac)", assignments_only},
    Construct{"for", "a loop (for)", assignments_only},
    Construct{"while", "a loop (while)", assignments_only},
    Construct{"until", "a loop (until)", assignments_only},
    Construct{"do", "a loop (do)", assignments_only},
    Construct{"done", "a loop (done)", assignments_only},
    Construct{"function", "a function", assignments_only},
    Construct{"{", "a group of commands ({)", assignments_only},
    Construct{"}", "a group of commands (})", assignments_only},
    Construct{"!", "a negation (!)", assignments_only},
    Construct{".", "reading another file (.)", "copy its assignments into this file"},
    Construct{"source", "reading another file (source)", "copy its assignments into this file"},
    Construct{"unset", "unset", "leave out the assignment instead"},
    Construct{"eval", "eval", assignments_only},
    Construct{"readonly", "readonly", "write NAME=\"value\" alone"},
    Construct{"local", "local", "write NAME=\"value\" alone"},
    Construct{"declare", "declare", "write NAME=\"value\" alone"},
    Construct{"typeset", "typeset", "write NAME=\"value\" alone"},
    Construct{"set", "set", "write NAME=\"value\""},
};

// Thrown inside the parser only: the rest of this line cannot be read.
struct Stop {
    std::size_t offset;
    std::string why, remedy;
};

class Parser {
  public:
    explicit Parser(std::string_view text) { take_text(text); }

    ShellFragment run() && {
        while (at_ < text_.size()) {
            const std::size_t begin = at_;
            spoiled_.clear();
            try {
                command();
            } catch (const Stop& stop) {
                add_error(stop.offset, stop.why, stop.remedy);
                if (!spoiled_.empty()) record(spoiled_, {}, spoiled_at_, false);
                at_ = std::max(begin, std::min(stop.offset, text_.size()));
                skip_line();
            }
            if (errors_ > most_errors) break;
        }
        return std::move(out_);
    }

  private:
    // Without a byte-order mark, and with LF alone at the ends of lines.
    void take_text(std::string_view text) {
        if (text.size() > most_fragment_octets) {
            out_.errors.push_back(
                {{1, 1},
                 fmt::format("the file holds {} octets, more than {}", text.size(), most_fragment_octets),
                 "is it the right file?"});
            return;
        }
        if (text.starts_with("\xef\xbb\xbf")) {
            text.remove_prefix(3);
            out_.warnings.push_back({{1, 1},
                                     "a byte-order mark stands before the text; sh would not read this line",
                                     "save the file as UTF-8 without one"});
        }
        text_.reserve(text.size());
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (text[i] != '\r' || i + 1 == text.size() || text[i + 1] != '\n') {
                text_ += text[i];
            } else if (!carriage_returns_) {
                carriage_returns_ = true;
                out_.warnings.push_back({place_of(text_.size()),
                                         "lines end in CR LF; sh would take the CR into the values",
                                         "save the file with Unix line ends"});
            }
        }
    }

    // Asked for ever larger offsets, but for the few that an error goes back by: cheap in both cases.
    Place place_of(std::size_t offset) {
        if (offset < counted_) {
            counted_ = 0;
            counted_place_ = {};
        }
        for (; counted_ < offset && counted_ < text_.size(); ++counted_) {
            const auto octet = static_cast<unsigned char>(text_[counted_]);
            if (octet == '\n') {
                ++counted_place_.line;
                counted_place_.column = 1;
            } else if ((octet & 0xc0U) != 0x80) {
                ++counted_place_.column;
            }
        }
        return counted_place_;
    }

    void add_error(std::size_t offset, std::string why, std::string remedy) {
        if (++errors_ <= most_errors) {
            out_.errors.push_back({place_of(offset), std::move(why), std::move(remedy)});
        } else if (errors_ == most_errors + 1) {
            out_.errors.push_back({place_of(offset), "there are more errors from here on",
                                   "mend those above, or see whether it is the right file"});
        }
    }

    // The next character, behind continuation lines; they vanish everywhere but in single quotes and
    // comments.
    int peek() {
        while (at_ + 1 < text_.size() && text_[at_] == '\\' && text_[at_ + 1] == '\n') at_ += 2;
        return at_ < text_.size() ? static_cast<unsigned char>(text_[at_]) : at_end;
    }

    void skip_blanks() {
        while (is_blank(peek())) ++at_;
    }

    void skip_comment() {
        const std::size_t end = std::min(text_.find('\n', at_), text_.size());
        if (const std::size_t nul = std::string_view(text_).substr(at_, end - at_).find('\0');
            nul != std::string_view::npos)
            add_error(at_ + nul, "a NUL octet", "is it a text file?");
        at_ = end;
    }

    // To the start of the next line; a line that ends in a backslash goes on.
    void skip_line() {
        while (at_ < text_.size() && text_[at_] != '\n') at_ += text_[at_] == '\\' ? 2U : 1U;
        at_ = std::min(at_ + 1, text_.size());
    }

    // One row of assignments: up to the end of the line or a semicolon.
    void command() {
        bool exported = false, any = false;
        std::size_t exported_at = 0;
        in_command_.clear();
        for (;;) {
            skip_blanks();
            const int c = peek();
            if (c == '#') skip_comment();
            if (c == at_end || c == '\n' || c == '#' || c == ';') break;
            const std::size_t word_at = at_;
            if (c == '-' && exported)
                throw Stop{word_at, "export with an option", "write export NAME=\"value\""};
            if (!begins_name(c)) refuse_word(word_at, {}, exported || any);
            std::string name;
            for (int d = c; continues_name(d); d = peek()) {
                name += static_cast<char>(d);
                ++at_;
            }
            const int next = peek();
            if (next == '=') {
                ++at_;
                assign(std::move(name), word_at);
                any = true;
            } else if (ends_word(next) && name == "export" && !exported && !any) {
                exported = true;
                exported_at = word_at;
            } else if (ends_word(next) && exported) {
                skip_blanks();
                if (peek() == '=') throw Stop{word_at, "a blank before =", "write " + name + "=\"value\""};
                any = true;  // export NAME: what it holds stays
            } else {
                refuse_word(word_at, name, any);
            }
        }
        if (exported && !any)
            throw Stop{exported_at, "export without a name", "write NAME=\"value\" behind it"};
        end_command(exported || any);
    }

    void end_command(bool any) {
        const int c = peek();
        if (c == ';') {
            if (!any) throw Stop{at_, "; without an assignment before it", "leave it out"};
            ++at_;
            if (peek() == ';') throw Stop{at_, "a second ;", "leave it out"};
        } else if (c == '\n') {
            ++at_;
        }
    }

    // What begins here is no assignment. `name`: what of it was read, letters, digits and underscores.
    [[noreturn]] void refuse_word(std::size_t word_at, const std::string& name, bool behind_another) {
        const int next = peek();
        if (next == '(' && !name.empty()) throw Stop{word_at, "a function", std::string(assignments_only)};
        if (next == '+' && text_.compare(at_, 2, "+=") == 0 && !name.empty())
            throw Stop{word_at, "+= (append)", fmt::format("write {}=\"${{{}}}more\"", name, name)};
        if (next == '[' && !name.empty())
            throw Stop{word_at, "an array", "write " + name + "=\"item, item\""};
        if (name.empty()) refuse_octet(word_at);
        if (name.empty() && next == '$')
            throw Stop{word_at, "$ where the name of a variable belongs", "write NAME=\"value\""};
        if (name.empty() && next == '`')
            throw Stop{word_at, "command substitution (`…`)", std::string(assignments_only)};
        if (name.empty() && next == '(') throw Stop{word_at, "a subshell (()", std::string(assignments_only)};
        refuse_operator(word_at, {});
        const std::string word = rest_of_word(word_at);
        for (const Construct& construct : constructs)
            if (word == construct.word && !behind_another)
                throw Stop{word_at, std::string(construct.name), std::string(construct.remedy)};
        skip_blanks();
        if (!name.empty() && word == name && peek() == '=')
            throw Stop{word_at, "a blank before =", "write " + name + "=\"value\""};
        if (const std::size_t equals = word.find('='); equals != std::string::npos && equals > 0) {
            throw Stop{
                word_at, quoted(std::string_view(word).substr(0, equals)) + " is no name of a variable",
                "write letters, digits and underscores, without quotes and not beginning with a digit"};
        }
        if (behind_another) {
            throw Stop{word_at,
                       quoted(word) + " stands behind an assignment, where sh would run it as a command",
                       "put quotes around the whole value, or # before a comment"};
        }
        throw Stop{word_at, "the command " + quoted(word), std::string(assignments_only)};
    }

    // For messages: the text up to the next blank, at most a hundred octets of it.
    std::string rest_of_word(std::size_t word_at) {
        at_ = word_at;
        std::string word;
        while (!ends_word(peek()) && word.size() < 100) word += text_[at_++];
        return word;
    }

    void assign(std::string name, std::size_t name_at) {
        spoiled_ = name;
        spoiled_at_ = name_at;
        bool sound = true;
        std::string value = word(name, sound);
        expanded_ += value.size();
        if (expanded_ > most_expanded_octets)
            throw Stop{name_at,
                       fmt::format("the values together hold more than {} octets", most_expanded_octets),
                       "use $NAME less"};
        spoiled_.clear();
        in_command_.insert(name);
        record(std::move(name), std::move(value), name_at, sound);
    }

    void record(std::string name, std::string value, std::size_t name_at, bool sound) {
        values_[name] = {value, sound};
        out_.assignments.push_back({std::move(name), std::move(value), place_of(name_at), sound});
    }

    void append(std::string& value, std::string_view more, std::size_t offset) {
        if (value.size() + more.size() > most_value_octets)
            throw Stop{offset, fmt::format("a value of more than {} octets", most_value_octets),
                       "is a quote missing, or $NAME used too often?"};
        value += more;
    }

    std::string word(const std::string& name, bool& sound) {
        std::string value;
        const std::size_t value_at = at_;
        bool expands_tilde = true;  // at the start, and behind a colon outside quotes
        for (;;) {
            const int c = peek();
            const std::size_t here = at_;
            const bool tilde = std::exchange(expands_tilde, c == ':');
            if (ends_word(c)) return value;
            if (c == '\'') {
                single_quotes(value);
            } else if (c == '"') {
                double_quotes(name, value, sound);
            } else if (c == '\\') {
                ++at_;
                if (at_ == text_.size())
                    throw Stop{here, "a backslash at the end of the file", "leave it out"};
                character(value);
            } else if (c == '$') {
                dollar(name, false, value, sound);
            } else if (c == '`') {
                refuse_substitution(here, "`…`", name);
            } else if (c == '~' && tilde) {
                throw Stop{here, "~ (somebody's home folder)", "write the whole path, or \"~\" in quotes"};
            } else if (c == '(' && here == value_at) {
                throw Stop{here, "an array", "write " + name + "=\"item, item\""};
            } else {
                refuse_operator(here, name);
                refuse_typographic_quote(here, name);
                character(value);
            }
        }
    }

    void single_quotes(std::string& value) {
        const std::size_t open = at_++;
        for (;;) {
            refuse_open_quote(open, at_ < text_.size() ? text_[at_] : '\n', '\'');
            if (text_[at_] == '\'') break;
            character(value);
        }
        ++at_;
    }

    void double_quotes(const std::string& name, std::string& value, bool& sound) {
        const std::size_t open = at_++;
        for (;;) {
            const int c = peek();
            const std::size_t here = at_;
            refuse_open_quote(open, c == at_end ? '\n' : static_cast<char>(c), '"');
            if (c == '"') break;
            if (c == '$') {
                dollar(name, true, value, sound);
            } else if (c == '`') {
                refuse_substitution(here, "`…`", name);
            } else {
                // Elsewhere a backslash stands for itself (POSIX, Double-Quotes).
                if (c == '\\' && at_ + 1 < text_.size() &&
                    std::string_view("$`\"\\").find(text_[at_ + 1]) != std::string_view::npos)
                    ++at_;
                character(value);
            }
        }
        ++at_;
    }

    static void refuse_open_quote(std::size_t open, char c, char quote) {
        if (c != '\n') return;
        throw Stop{open, fmt::format("the quotation mark {} is not closed on its line", quote),
                   fmt::format("close it, or end the line in a backslash{}",
                               quote == '"' ? "" : " behind a closing quotation mark")};
    }

    // $NAME, ${NAME}, or a plain $.
    void dollar(const std::string& name, bool in_quotes, std::string& value, bool& sound) {
        const std::size_t here = at_++;
        const int c = peek();
        if (c == '(') {
            const bool sum = text_.compare(at_, 2, "((") == 0;
            refuse_substitution(here, sum ? "$((…))" : "$(…)", name);
        }
        if (c == '{' || begins_name(c)) return expand(here, c == '{', value, sound);
        if (c == '[') refuse_substitution(here, "$[…]", name);
        if (!in_quotes && (c == '\'' || c == '"'))
            throw Stop{here, fmt::format("${0}…{0}, which shells read differently", static_cast<char>(c)),
                       "leave the $ out"};
        if (c != at_end && (continues_name(c) ||
                            std::string_view("@*#?-$!").find(static_cast<char>(c)) != std::string_view::npos))
            throw Stop{here, fmt::format("the shell's own parameter ${}", static_cast<char>(c)),
                       "write its value, or \\$ for the character"};
        append(value, "$", here);
    }

    void expand(std::size_t here, bool braces, std::string& value, bool& sound) {
        if (braces) ++at_;
        std::string used;
        for (int c = peek(); used.empty() ? begins_name(c) : continues_name(c); c = peek()) {
            used += static_cast<char>(c);
            ++at_;
        }
        if (braces && (peek() != '}' || used.empty())) {
            throw Stop{here, "parameter expansion with an operator (${…})",
                       used.empty() ? "write the value itself"
                                    : fmt::format("write ${{{}}} or the value itself", used)};
        }
        if (braces) ++at_;
        const auto found = values_.find(used);
        if (found == values_.end()) {
            throw Stop{here, fmt::format("${} is not assigned before this line", used.substr(0, 60)),
                       "write its value: nothing is taken from the environment here"};
        }
        if (in_command_.contains(used)) {
            throw Stop{here,
                       fmt::format("${} is assigned in the same row, which shells read differently", used),
                       "put that assignment on a line of its own"};
        }
        out_.used.insert(used);
        if (!found->second.sound) sound = false;
        append(value, found->second.value, here);
    }

    // One character as it stands, checked.
    void character(std::string& value) {
        refuse_octet(at_);
        const std::size_t octets = character_octets(std::string_view(text_).substr(at_));
        append(value, std::string_view(text_).substr(at_, octets), at_);
        at_ += octets;
    }

    // An octet that no text holds.
    void refuse_octet(std::size_t offset) {
        if (offset >= text_.size()) return;
        const auto octet = static_cast<unsigned char>(text_[offset]);
        if (octet == 0) throw Stop{offset, "a NUL octet", "is it a text file?"};
        if ((octet < 0x20 && octet != '\t' && octet != '\n') || octet == 0x7f)
            throw Stop{offset, fmt::format("the control character 0x{:02x}", octet), "take it out"};
        if (character_octets(std::string_view(text_).substr(offset)) == 0)
            throw Stop{offset, fmt::format("0x{:02x} begins no UTF-8 character", octet),
                       "save the file as UTF-8"};
    }

    // An operator of sh at that place, if there is one.
    void refuse_operator(std::size_t offset, const std::string& name) {
        if (offset >= text_.size()) return;
        const std::string_view two = std::string_view(text_).substr(offset, 2);
        const std::string_view construct = two == "&&"          ? "a list of commands (&&)"
                                           : two == "||"        ? "a list of commands (||)"
                                           : two == "<<"        ? "a here-document (<<)"
                                           : two.front() == '&' ? "a command in the background (&)"
                                           : two.front() == '|' ? "a pipe (|)"
                                           : two.front() == '<' ? "a redirection (<)"
                                           : two.front() == '>' ? "a redirection (>)"
                                           : two.front() == '(' ? "a parenthesis (()"
                                           : two.front() == ')' ? "a parenthesis ())"
                                                                : "";
        if (construct.empty()) return;
        if (name.empty()) throw Stop{offset, std::string(construct), std::string(assignments_only)};
        throw Stop{offset, std::string(construct),
                   fmt::format("if the character belongs to the value, put quotes around it: {}=\"…{}…\"",
                               name, two.front())};
    }

    // A word processor's quotation marks are letters to sh, and surely not meant.
    void refuse_typographic_quote(std::size_t offset, const std::string& name) {
        const std::string_view three = std::string_view(text_).substr(offset, 3);
        for (const std::string_view mark : {"\u201c", "\u201d", "\u2018", "\u2019", "\u201e", "\u201a"})
            if (three == mark)
                throw Stop{offset, "a typographic quotation mark", fmt::format("write {}=\"value\"", name)};
    }

    [[noreturn]] static void refuse_substitution(std::size_t offset, std::string_view form,
                                                 const std::string& name) {
        if (form.starts_with("$((") || form.starts_with("$["))
            throw Stop{offset, fmt::format("arithmetic ({})", form),
                       fmt::format("write the number itself: {}=\"…\"", name)};
        throw Stop{
            offset, fmt::format("command substitution ({})", form),
            fmt::format("the file is read without a shell: write what the command prints: {}=\"…\"", name)};
    }

    struct Held {
        std::string value;
        bool sound = true;
    };

    std::string text_;
    std::size_t at_ = 0;
    bool carriage_returns_ = false;
    std::size_t counted_ = 0;
    Place counted_place_;
    std::size_t errors_ = 0, expanded_ = 0;
    std::map<std::string, Held, std::less<>> values_;
    std::set<std::string, std::less<>> in_command_;  // assigned in this row
    std::string spoiled_;                            // the assignment in hand, should its value be refused
    std::size_t spoiled_at_ = 0;
    ShellFragment out_;
};

}  // namespace

ShellFragment parse_shell_fragment(std::string_view text) { return Parser(text).run(); }

}  // namespace sie::service
