#include "base/quoted.h"

#include <fmt/format.h>

#include <iterator>

namespace sie {

std::string quoted(std::string_view text, std::size_t most) {
    const std::string_view shown = text.substr(0, most);
    std::string out = "\"";
    for (const char c : shown) {
        const auto octet = static_cast<unsigned char>(c);
        if (octet >= 0x20 && octet < 0x7f) {
            out += c;
        } else {
            fmt::format_to(std::back_inserter(out), "\\x{:02x}", octet);
        }
    }
    out += shown.size() < text.size() ? "...\"" : "\"";
    return out;
}

}  // namespace sie
