// REFERENCE §5, "Configuration file"; sh (dash) is the second opinion on what a text means.
#include "service/shell_fragment.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>

#include "support/seed.h"

namespace sie::service {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::map<std::string, std::string> values(const ShellFragment& fragment) {
    std::map<std::string, std::string> last;
    for (const Assignment& a : fragment.assignments) last[a.name] = a.value;
    return last;
}
std::string value_of(std::string_view text) {
    const ShellFragment fragment = parse_shell_fragment(text);
    EXPECT_THAT(fragment.errors, IsEmpty()) << text << ": " << fragment.errors.front().why;
    const auto last = values(fragment);
    return last.contains("A") ? last.at("A") : "(A is not assigned)";
}
std::vector<std::string> errors_of(std::string_view text) {
    std::vector<std::string> lines;
    for (const Finding& f : parse_shell_fragment(text).errors) {
        EXPECT_FALSE(f.why.empty());
        EXPECT_FALSE(f.remedy.empty()) << f.why;
        lines.push_back(fmt::format("{}:{}: {}; {}", f.place.line, f.place.column, f.why, f.remedy));
    }
    return lines;
}
// The one error of the text, "LINE:COLUMN: WHY; REMEDY".
std::string error_of(std::string_view text) {
    const auto lines = errors_of(text);
    EXPECT_EQ(lines.size(), 1U) << text;
    return lines.empty() ? "" : lines.front();
}

// ---- what is accepted

TEST(ShellFragment, ReadsAssignmentsInEverySpelling) {
    const std::pair<const char*, const char*> spellings[] = {
        {"A=x", "x"},
        {"A=", ""},
        {"A=''", ""},
        {"  A=x  ", "x"},
        {"A='a b'", "a b"},
        {"A=\"a b\"", "a b"},
        {"A=a\\ b", "a b"},
        {"A='it''s'", "its"},
        {"A='it'\\''s'", "it's"},
        {"A=\"it's\"", "it's"},
        {"A='\"'", "\""},
        {"A=a\"b\"'c'd", "abcd"},
        {"A=\"\\$x \\\" \\\\ \\` \\a\"", "$x \" \\ ` \\a"},
        {"A='\\a'", "\\a"},
        {"A=\\a\\\\", "a\\"},
        {"A=x # comment", "x"},
        {"A=x#y", "x#y"},
        {"A=x;# comment", "x"},
        {"# A=y\n\nA=x", "x"},
        {"export A=x", "x"},
        {"A=x; export A", "x"},
        {"A=x\nexport A B", "x"},
        {"A=y; A=x", "x"},
        {"A=y;A=x;", "x"},
        {"B=1 A=x C=2", "x"},
        {"A=x\\\ny", "xy"},
        {"A\\\n=x", "x"},
        {"A=\"x\\\ny\"", "xy"},
        {"\\\nA=x", "x"},
        {"A=x \\\n B=y", "x"},
        {"A=$", "$"},
        {"A=a$/b", "a$/b"},
        {"A=\"$\"", "$"},
        {"B=1; A=$B", "1"},
        {"B=1; A=${B}2", "12"},
        {"B='a  b'; A=$B", "a  b"},
        {"B='a  b'; export A=$B", "a  b"},
        {"B='$C'; A=$B", "$C"},
        {"B=1; A='$B'", "$B"},
        {"B=1; A=\"$B\"", "1"},
        {"B=1; A=\\$B", "$B"},
        {"B=1\nA=$\\\nB", "1"},
        {"A=1; A=$A,2", "1,2"},
        {"A=a~b", "a~b"},
        {"A=\"~\"", "~"},
        {"A=a{b,c}*?[d]!", "a{b,c}*?[d]!"},
        {"A=b=c", "b=c"},
        {"A=\u00e9", "\u00e9"},
        {"if=1; A=$if", "1"},
        {"A=x\t# comment\t", "x"},
        {"# caf\xe9\nA=x", "x"},  // a comment may be in Latin-1
    };
    for (const auto& [text, value] : spellings) {
        EXPECT_EQ(value_of(text), value) << text;
        EXPECT_EQ(value_of(std::string(text) + "\n"), value) << text;
    }
}

TEST(ShellFragment, AnEmptyTextAssignsNothing) {
    for (const char* text : {"", "\n", "   ", "# only a comment", "\\\n"}) {
        const ShellFragment fragment = parse_shell_fragment(text);
        EXPECT_THAT(fragment.assignments, IsEmpty()) << text;
        EXPECT_THAT(fragment.errors, IsEmpty()) << text;
    }
}

TEST(ShellFragment, SaysWhereEachAssignmentStandsAndWhichNamesAreUsed) {
    const ShellFragment fragment =
        parse_shell_fragment("base=/a\n\nexport uploadkey=\"$base/b\"; c='\u00e9\u00e9' d=2\n");
    ASSERT_EQ(fragment.assignments.size(), 4U);
    EXPECT_EQ(fragment.assignments[0].place, (Place{1, 1}));
    EXPECT_EQ(fragment.assignments[1].place, (Place{3, 8}));
    EXPECT_EQ(fragment.assignments[2].place, (Place{3, 29}));
    EXPECT_EQ(fragment.assignments[3].place, (Place{3, 36})) << "columns are characters, not octets";
    EXPECT_THAT(fragment.used, ElementsAre("base"));
}

TEST(ShellFragment, TakesAByteOrderMarkAndCrLfWithOneWarningEach) {
    const ShellFragment fragment = parse_shell_fragment(
        "\xef\xbb\xbf"
        "A=x\r\nB=\"y\\\r\nz\"\r\n# c\r\n");
    EXPECT_THAT(fragment.errors, IsEmpty());
    EXPECT_EQ(values(fragment), (std::map<std::string, std::string>{{"A", "x"}, {"B", "yz"}}));
    ASSERT_EQ(fragment.warnings.size(), 2U);
    EXPECT_THAT(fragment.warnings[0].why, HasSubstr("byte-order mark"));
    EXPECT_THAT(fragment.warnings[1].why, HasSubstr("CR LF"));
    EXPECT_THAT(error_of("A=x\ry"), HasSubstr("1:4: the control character 0x0d"));
}

// ---- what is refused: place, name of the construct, what to write

TEST(ShellFragment, RefusesWhatNeedsAShellByItsName) {
    const std::pair<const char*, const char*> refused[] = {
        {"A=\"$(hostname)\"",
         "1:4: command substitution ($(…)); the file is read without a shell: write what the command prints: "
         "A=\"…\""},
        {"A=x`id`", "1:4: command substitution (`…`)"},
        {"A=\"`id`\"", "1:4: command substitution (`…`)"},
        {"A=$((1+2))", "1:3: arithmetic ($((…)))"},
        {"A=$[1+2]", "1:3: arithmetic ($[…])"},
        {"A=${B:-x}", "1:3: parameter expansion with an operator (${…})"},
        {"B=1; A=${B%x}", "1:8: parameter expansion with an operator (${…}); write ${B}"},
        {"A=${}", "1:3: parameter expansion"},
        {"A=${#B}", "1:3: parameter expansion"},
        {"A=$HOME/x", "1:3: $HOME is not assigned before this line"},
        {"A=$1", "1:3: the shell's own parameter $1"},
        {"A=\"$?\"", "1:4: the shell's own parameter $?"},
        {"A=$$", "1:3: the shell's own parameter $$"},
        {"A=$'x'", "1:3: $'…', which shells read differently"},
        {"A=$\"x\"", "1:3: $\"…\", which shells read differently"},
        {"A=~/x", "1:3: ~"},
        {"A=x:~/y", "1:5: ~"},
        {"A=1 B=$A", "1:7: $A is assigned in the same row"},
        {"A=(1 2)", "1:3: an array"},
        {"A[0]=1", "1:1: an array"},
        {"A+=1", "1:1: += (append); write A=\"${A}more\""},
        {"A = 1", "1:1: a blank before =; write A=\"value\""},
        {"export A =1", "1:8: a blank before =; write A=\"value\""},
        {"A= 1", "1:4: \"1\" stands behind an assignment"},
        {"A=eth0 eth1",
         "1:8: \"eth1\" stands behind an assignment, where sh would run it as a command; put quotes"},
        {"if true; then", "1:1: a condition (if); the file is read without a shell"},
        {"[ -f x ]", "1:1: a condition ([)"},
        {"case x in", "1:1: a condition (case)"},
        {"for x in y", "1:1: a loop (for)"},
        {"while :", "1:1: a loop (while)"},
        {". /etc/x", "1:1: reading another file (.); copy"},
        {"source /etc/x", "1:1: reading another file (source)"},
        {"f() { :; }", "1:1: a function"},
        {"{ A=1; }", "1:1: a group of commands ({)"},
        {"! A=1", "1:1: a negation (!)"},
        {"(A=1)", "1:1: a subshell (()"},
        {"readonly A=1", "1:1: readonly; write NAME=\"value\" alone"},
        {"unset A", "1:1: unset"},
        {"echo x", "1:1: the command \"echo\""},
        {"/bin/echo x", "1:1: the command \"/bin/echo\""},
        {"$B=1", "1:1: $ where the name of a variable belongs"},
        {"`id`", "1:1: command substitution"},
        {"syslog-priority=x", "1:1: \"syslog-priority\" is no name of a variable"},
        {"1A=x", "1:1: \"1A\" is no name of a variable"},
        {"\"A\"=x", "1:1: \"\\\"A\\\"\" is no name"},
        {"export", "1:1: export without a name"},
        {"export -n A", "1:8: export with an option"},
        {"A=1&", "1:4: a command in the background (&); if the character belongs to the value, put quotes"},
        {"A=1 && B=2", "1:5: a list of commands (&&)"},
        {"A=1 || B=2", "1:5: a list of commands (||)"},
        {"A=1|B", "1:4: a pipe (|)"},
        {"A=x>y", "1:4: a redirection (>)"},
        {"A=x <y", "1:5: a redirection (<)"},
        {"A=x <<E", "1:5: a here-document (<<)"},
        {"A=x)", "1:4: a parenthesis ())"},
        {";A=1", "1:1: ; without an assignment"},
        {"A=1;;", "1:5: a second ;"},
        {"A=1; ;", "1:6: ; without an assignment"},
        {"A=\u201cx\u201d", "1:3: a typographic quotation mark; write A=\"value\""},
        {"A=x\\", "1:4: a backslash at the end of the file"},
        {"A=\xff", "1:3: 0xff begins no UTF-8 character"},
        {"A=\xc3", "1:3: 0xc3 begins no UTF-8 character"},
        {"A=\xed\xa0\x80", "1:3: 0xed begins no UTF-8 character"},
        {"A=\"\xc0\xaf\"", "1:4: 0xc0 begins no UTF-8 character"},
        {"A='\x1b[2J'", "1:4: the control character 0x1b"},
        {"A=x\x7f", "1:4: the control character 0x7f"},
        {"\x01", "1:1: the control character 0x01"},
    };
    for (const auto& [text, line] : refused) {
        // "\"A\"=x" shows its quotation marks as they are.
        std::string expected = line;
        if (std::string_view(text) == "\"A\"=x") expected = "1:1: \"\"A\"\" is no name";
        EXPECT_THAT(error_of(text), testing::StartsWith(expected)) << text;
    }
    EXPECT_THAT(error_of(std::string_view("A=x\0y", 5)), HasSubstr("1:4: a NUL octet"));
    EXPECT_THAT(error_of(std::string_view("# \0\nA=1", 7)), HasSubstr("1:3: a NUL octet"));
}

TEST(ShellFragment, RefusesANewlineInsideQuotesWhereTheQuoteBegan) {
    EXPECT_THAT(error_of("B=1\nA=\"x\nC=\"2\"\nD=3"),
                HasSubstr("2:3: the quotation mark \" is not closed on its line"));
    EXPECT_THAT(error_of("A='x\nC=2"), HasSubstr("1:3: the quotation mark ' is not closed on its line"));
    EXPECT_THAT(error_of("A='x"), HasSubstr("1:3: the quotation mark '"));
    EXPECT_THAT(error_of("A=\"x"), HasSubstr("1:3: the quotation mark \""));
    EXPECT_THAT(error_of("A='x\\\ny'"), HasSubstr("1:3: the quotation mark '"))
        << "between single quotes a backslash does not join lines";
}

TEST(ShellFragment, FindsAllErrorsAndGoesOnAtTheNextLine) {
    const ShellFragment fragment =
        parse_shell_fragment("A=$(x)\nB=2\nfoo \\\n bar\nC=`y`; D=4\nE=\"$A\"\nF=\"$B\"\n");
    EXPECT_THAT(errors_of("A=$(x)\nB=2\nfoo \\\n bar\nC=`y`; D=4\nE=\"$A\"\nF=\"$B\"\n"),
                ElementsAre(HasSubstr("1:3: command"), HasSubstr("3:1: the command \"foo\""),
                            HasSubstr("5:3: command")));
    const auto last = values(fragment);
    EXPECT_EQ(last.at("B"), "2");
    EXPECT_EQ(last.at("F"), "2");
    for (const Assignment& a : fragment.assignments)
        EXPECT_EQ(a.sound, a.name != "A" && a.name != "C" && a.name != "E") << a.name;
}

// ---- bounds

TEST(ShellFragment, StopsAtItsBounds) {
    std::string doubled = "A=xxxxxxxxxxxxxxxx\n";
    for (int i = 0; i < 64; ++i) doubled += "A=$A$A\n";
    const ShellFragment fragment = parse_shell_fragment(doubled);
    ASSERT_FALSE(fragment.errors.empty());
    EXPECT_THAT(fragment.errors.front().why, HasSubstr("a value of more than 65536 octets"));

    std::string many = "A=" + std::string(60'000, 'x') + "\n";
    for (int i = 0; i < 1000; ++i) many += fmt::format("B{}=$A\n", i);
    const ShellFragment total = parse_shell_fragment(many);
    EXPECT_THAT(total.errors.front().why, HasSubstr("the values together hold more than"));
    EXPECT_LE(total.errors.size(), most_errors + 1);
    std::size_t octets = 0;
    for (const Assignment& a : total.assignments) octets += a.value.size();
    EXPECT_LE(octets, most_expanded_octets);

    EXPECT_THAT(error_of(std::string(most_fragment_octets + 1, '#')),
                HasSubstr("the file holds 1048577 octets"));
    EXPECT_THAT(errors_of(std::string(most_fragment_octets, '#')), IsEmpty());
    EXPECT_THAT(error_of("A=" + std::string(70'000, 'x')), HasSubstr("a value of more than 65536 octets"));

    std::string wrong;
    for (int i = 0; i < 5000; ++i) wrong += "if x\n";
    const auto lines = errors_of(wrong);
    EXPECT_EQ(lines.size(), most_errors + 1);
    EXPECT_THAT(lines.back(), HasSubstr("there are more errors from here on"));
}

TEST(ShellFragment, CostGrowsWithTheLengthOfTheText) {
    // Each of these takes milliseconds; one look back to the start of the text for each line would take
    // minutes.
    const auto repeated = [](std::string_view line) {
        std::string text;
        while (text.size() + line.size() <= most_fragment_octets / 4) text += line;
        return text;
    };
    for (const char* line : {"#\n", "A=1\n", "A=1;", "A=$A\n", "a\\\n", "\\\n", "A='\n", "export A\n",
                             "A=\"\\\n\"\n", "\\", "A=\\\n"}) {
        const std::string text = repeated(line);
        const auto start = std::chrono::steady_clock::now();
        const ShellFragment fragment = parse_shell_fragment(text);
        EXPECT_LE(fragment.errors.size(), most_errors + 1);
        EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20)) << line;
    }
}

// ---- sh is the oracle

// A random text of the accepted grammar, and the names that it may assign.
class Maker {
  public:
    explicit Maker(unsigned seed) : random_(seed) {}

    std::string text() {
        assigned_.clear();
        std::string out;
        for (int lines = below(12) + 1; lines > 0; --lines) out += row() + ending();
        return out;
    }
    // A few characters put in, taken out or replaced: mostly no text of the grammar any more.
    std::string changed(std::string text) {
        static constexpr std::string_view marks = "\"'\\$`;#~&|<>(){}=+ \t\nAB0:!-";
        for (int n = below(3) + 1; n > 0; --n) {
            const auto at = static_cast<std::size_t>(below(static_cast<int>(text.size()) + 1));
            const char mark = marks[static_cast<std::size_t>(below(static_cast<int>(marks.size())))];
            switch (below(3)) {
                case 0: text.insert(at, 1, mark); break;
                case 1: text.erase(at, 1); break;
                default: text.replace(at, 1, 1, mark);
            }
        }
        return text;
    }
    static constexpr const char* names[] = {"A", "B", "spooldir", "DNSQR_RES_ADDRS", "x_1", "if"};

  private:
    int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
    std::string pick(std::initializer_list<const char*> of) {
        return *(of.begin() + below(static_cast<int>(of.size())));
    }
    std::string blanks() { return pick({"", "", " ", "\t", "  ", " \\\n "}); }
    std::string ending() {
        return blanks() +
               pick({"\n", "\n", "\n\n", ";", "; ", " # c\\\n", " #x'\"$(\n", "\n#\n", "\n  # c\n"});
    }
    std::string row() {
        std::string out = blanks();
        const bool exported = below(4) == 0;
        if (exported) out += "export" + pick({" ", "\t", " \\\n"});
        // Names assigned in this row are not to be used in it.
        std::vector<std::string> fresh;
        for (int n = below(5) == 0 ? 2 : 1; n > 0; --n) {
            const std::string name = names[below(std::size(names))];
            if (std::find(fresh.begin(), fresh.end(), name) != fresh.end()) continue;
            if (!fresh.empty()) out += pick({" ", "\t", " \\\n"});
            out += name + pick({"", "", "", "\\\n"}) + "=" + word(fresh);
            fresh.push_back(name);
        }
        if (exported && below(6) == 0) out += " A";
        for (std::string& name : fresh) assigned_.push_back(std::move(name));
        return out;
    }
    std::string use(const std::vector<std::string>& fresh) {
        if (assigned_.empty()) return "$.";
        const std::string name =
            assigned_[static_cast<std::size_t>(below(static_cast<int>(assigned_.size())))];
        if (std::find(fresh.begin(), fresh.end(), name) != fresh.end()) return "$.";
        return below(2) == 0 ? "${" + name + "}" : "$" + name + pick({".", "/", "-"});
    }
    std::string word(const std::vector<std::string>& fresh) {
        std::string out;
        for (int n = below(5); n > 0; --n) {
            switch (below(7)) {
                case 0:
                    out += "'" + plain(below(6), true) + pick({"", "\"", "$A", "\\", "#", "`", "~"}) + "'";
                    break;
                case 1: out += "\"" + quoted_piece(fresh) + quoted_piece(fresh) + "\""; break;
                case 2:
                    out += "\\" +
                           pick({" ", "\\", "'", "\"", "$", "#", ";", "&", "(", "x", "`", "~", "*", "\t"});
                    break;
                case 3:
                    out += below(5) == 0 ? pick({"\\\n", "$.", "$/", "=", "x#", "x~", "{a,b}"}) : use(fresh);
                    break;
                default: out += plain(below(5) + 1, false);
            }
        }
        return out;
    }
    std::string quoted_piece(const std::vector<std::string>& fresh) {
        switch (below(4)) {
            case 0: return use(fresh);
            case 1:
                return pick(
                    {"\\\"", "\\\\", "\\$", "\\`", "\\a", "\\'", "\\\n", "'", "#", ";", "$ ", "~", "&"});
            default: return plain(below(6), true);
        }
    }
    std::string plain(int n, bool quoted) {
        static constexpr const char* pieces[] = {"a", "Z", "0", "/", ".", ",",      ":", "-",  "_", "+",
                                                 "%", "@", "*", "?", "!", "\u00e9", " ", "\t", "  "};
        std::string out;
        for (; n > 0; --n) out += pieces[below(quoted ? 19 : 16)];
        return out;
    }

    std::mt19937 random_;
    std::vector<std::string> assigned_;
};

// Half of the texts are changed at random: those that are still accepted must mean the same to sh too. sh
// gets only what was accepted, and finds no programs.
TEST(ShellFragment, MeansWhatItMeansToSh) {
    const std::filesystem::path folder =
        std::filesystem::temp_directory_path() / fmt::format("sie-sh.{}", getpid());
    std::filesystem::create_directories(folder);
    // One shell for all texts; each in a subshell with none of the names set.
    constexpr int texts = 1500;
    Maker maker(static_cast<unsigned>(test::seed()));
    std::vector<std::string> made;
    std::string program = "PATH=/nonexistent\ncd " + folder.string() + "\nunset";
    for (const char* name : Maker::names) program += std::string(" ") + name;
    program +=
        "\ni=0; while [ $i -lt " + std::to_string(texts) + " ]; do (n=$i; unset i; . ./$n.conf; printf '";
    for (std::size_t i = 0; i < std::size(Maker::names); ++i) program += "%s\\001";
    program += "'";
    for (const char* name : Maker::names) program += std::string(" \"${") + name + "-unset}\"";
    program += "; printf '\\002'); i=$((i+1)); done\n";
    int changed = 0;
    for (int i = 0; i < texts; ++i) {
        made.push_back(maker.text());
        for (int tries = 0; i % 2 == 0 && tries < 20; ++tries) {
            std::string text = maker.changed(made.back());
            if (!parse_shell_fragment(text).errors.empty()) continue;
            made.back() = std::move(text);
            ++changed;
            break;
        }
        std::ofstream(folder / fmt::format("{}.conf", i)) << made.back();
    }
    EXPECT_GT(changed, texts / 3);
    std::ofstream(folder / "program") << program;
    FILE* pipe = popen(("sh " + (folder / "program").string() + " 2>&1").c_str(), "r");
    ASSERT_NE(pipe, nullptr);
    std::string said;
    for (int c = fgetc(pipe); c != EOF; c = fgetc(pipe)) said += static_cast<char>(c);
    pclose(pipe);
    std::filesystem::remove_all(folder);

    std::size_t at = 0, assignments = 0;
    for (const std::string& text : made) {
        const ShellFragment fragment = parse_shell_fragment(text);
        ASSERT_THAT(fragment.errors, IsEmpty()) << text << "\n" << fragment.errors.front().why;
        const auto last = values(fragment);
        assignments += fragment.assignments.size();
        std::string expected;
        for (const char* name : Maker::names)
            expected += (last.contains(name) ? last.at(name) : "unset") + '\x01';
        const std::size_t end = said.find('\x02', at);
        ASSERT_NE(end, std::string::npos) << "sh stopped: " << said.substr(at, 500);
        ASSERT_EQ(expected, said.substr(at, end - at)) << "the text:\n" << text;
        at = end + 1;
    }
    EXPECT_GT(assignments, 5000U);
}

}  // namespace
}  // namespace sie::service
