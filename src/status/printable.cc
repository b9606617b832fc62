#include "status/printable.h"

#include "base/quoted.h"

namespace sie::status {

std::string printable(std::string_view text, std::size_t most) {
    const std::string with_marks = quoted(text, most);
    return with_marks.substr(1, with_marks.size() - 2);
}

std::string in_quotes(std::string_view text, std::size_t most) {
    std::string out = "\"";
    for (const char c : printable(text, most)) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

}  // namespace sie::status
