#include "status/status_screen.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace sie::status {
namespace {

constexpr std::string_view bold = "\x1b[1m", yellow = "\x1b[33m", red = "\x1b[31m", plain = "\x1b[0m";

[[nodiscard]] std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

// The first `columns` characters; octets 10xxxxxx of UTF-8 take no column.
[[nodiscard]] std::string_view cut(std::string_view line, std::size_t columns) {
    std::size_t at = 0, taken = 0;
    for (; at < line.size(); ++at) {
        const bool begins = (static_cast<unsigned char>(line[at]) & 0xc0U) != 0x80;
        if (begins && taken == columns) break;
        if (begins) ++taken;
    }
    return line.substr(0, at);
}

// The colour of a line; `in_warning` is kept from line to line, for sentences that go on.
[[nodiscard]] std::string_view colour_of(std::string_view line, bool first, bool& in_warning) {
    in_warning = line.starts_with("WARNING") || (in_warning && line.starts_with(' '));
    if (first) return bold;
    if (in_warning) return yellow;
    return line.find(" LOST ") != std::string_view::npos ? red : std::string_view();
}

[[nodiscard]] std::string dressed(std::string_view line, std::string_view colour) {
    return colour.empty() ? std::string(line) : fmt::format("{}{}{}", colour, line, plain);
}

}  // namespace

std::string coloured(std::string_view text) {
    std::string out;
    bool first = true, in_warning = false;
    for (const std::string_view line : lines_of(text)) {
        out += dressed(line, colour_of(line, first, in_warning)) + "\n";
        first = false;
    }
    return out;
}

std::string frame(std::string_view text, std::string_view foot, const Screen& screen) {
    const std::size_t rows = std::max<std::size_t>(screen.rows, 2),
                      columns = std::max<std::size_t>(screen.columns, 1);
    const std::vector<std::string_view> lines = lines_of(text);
    const std::size_t room = rows - 1;
    const std::size_t shown = lines.size() > room ? room - 1 : lines.size();
    std::string out = "\x1b[H";
    bool in_warning = false;
    const auto put = [&](std::string_view line, std::string_view colour) {
        out += dressed(cut(line, columns), screen.colour ? colour : std::string_view()) + "\x1b[K\r\n";
    };
    for (std::size_t i = 0; i < shown; ++i) put(lines[i], colour_of(lines[i], i == 0, in_warning));
    if (shown < lines.size())
        put(fmt::format("... {} lines more: a higher window shows them", lines.size() - shown), {});
    // No newline behind the last row: it would scroll.
    return out + std::string(cut(foot, columns)) + "\x1b[K\x1b[J";
}

}  // namespace sie::status
