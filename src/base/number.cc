#include "base/number.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <string>
#include <system_error>

#include "base/quoted.h"

namespace sie {

namespace {

[[nodiscard]] bool equal_ignoring_case(std::string_view text, std::string_view lower_case) {
    if (text.size() != lower_case.size()) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c) != lower_case[i]) return false;
    }
    return true;
}

[[nodiscard]] std::string range(std::uint64_t least, std::uint64_t most) {
    return fmt::format("write a number from {} to {}", least, most);
}

}  // namespace

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

Result<std::uint64_t> parse_number(std::string_view text, std::uint64_t least, std::uint64_t most) {
    const std::string_view number = trimmed(text);
    if (number.empty()) return fail(ErrorKind::usage, {}, "is empty", range(least, most));
    const bool hex = number.size() > 2 && number[0] == '0' && (number[1] == 'x' || number[1] == 'X');
    const std::string_view digits = hex ? number.substr(2) : number;
    std::uint64_t value = 0;
    const char* const end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, value, hex ? 16 : 10);
    if (stop != end || error == std::errc::invalid_argument) {
        return fail(ErrorKind::usage, {}, quoted(number) + " is not a decimal or 0x number",
                    range(least, most));
    }
    if (!hex && digits.size() > 1 && digits[0] == '0') {
        const std::size_t significant = digits.find_first_not_of('0');
        return fail(
            ErrorKind::usage, {}, quoted(number) + " has a leading zero, which once meant octal",
            fmt::format("write {} if that is the number meant",
                        significant == std::string_view::npos ? "0" : digits.substr(significant, 20)));
    }
    if (error != std::errc{} || value < least || value > most) {
        return fail(ErrorKind::usage, {}, quoted(number) + " is out of range", range(least, most));
    }
    return value;
}

Result<bool> parse_switch(std::string_view text) {
    struct Word {
        std::string_view text;
        bool value;
    };
    static constexpr std::array words{Word{"0", false},   Word{"1", true},      Word{"no", false},
                                      Word{"yes", true},  Word{"false", false}, Word{"true", true},
                                      Word{"off", false}, Word{"on", true}};
    const std::string_view word = trimmed(text);
    for (const Word& known : words) {
        if (equal_ignoring_case(word, known.text)) return known.value;
    }
    return fail(ErrorKind::usage, {}, word.empty() ? "is empty" : quoted(word) + " is not a switch",
                "write 1 or 0 (yes and no, true and false, on and off are taken too)");
}

}  // namespace sie
