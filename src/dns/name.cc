#include "dns/name.h"

#include <fmt/format.h>

#include "base/quoted.h"
#include "dns/label_text.h"

namespace sie::dns {

namespace {

[[nodiscard]] bool is_digit(char c) { return c >= '0' && c <= '9'; }

[[nodiscard]] tl::unexpected<Error> no_name(std::string_view text, std::string why, std::string remedy) {
    return fail(ErrorKind::usage, quoted(text), "is not a name: " + std::move(why), std::move(remedy));
}

// The octet that the escape at text[i] (a backslash) stands for; moves i behind it. Less than 0: a bad
// escape.
[[nodiscard]] int unescape(std::string_view text, std::size_t& i) {
    if (text.size() - i < 2) return -1;
    if (!is_digit(text[i + 1])) {
        i += 2;
        return static_cast<std::uint8_t>(text[i - 1]);
    }
    if (text.size() - i < 4 || !is_digit(text[i + 2]) || !is_digit(text[i + 3])) return -1;
    const int value = (text[i + 1] - '0') * 100 + (text[i + 2] - '0') * 10 + (text[i + 3] - '0');
    i += 4;
    return value <= 255 ? value : -1;
}

}  // namespace

Result<std::string> name_from_text(std::string_view text) {
    if (text == ".") return std::string(1, '\0');
    std::string wire(1, '\0');  // the length octet of the label that comes next is in place already
    std::size_t label_at = 0;
    for (std::size_t i = 0; i < text.size();) {
        if (text[i] == '.') {
            if (wire.size() == label_at + 1)
                return no_name(text, "it has an empty label", "write one dot between two labels");
            label_at = wire.size();
            wire.push_back('\0');
            ++i;
            continue;
        }
        if (text[i] == '\\') {
            const int octet = unescape(text, i);
            if (octet < 0) {
                return no_name(
                    text, "a backslash stands before what is no escape",
                    "write \\DDD with three digits from 000 to 255, or \\ and a character that is no digit");
            }
            wire.push_back(static_cast<char>(octet));
        } else {
            wire.push_back(text[i++]);
        }
        const std::size_t length = wire.size() - label_at - 1;
        if (length > most_label_octets) {
            return no_name(text, "a label is longer than 63 octets", "shorten the label");
        }
        wire[label_at] = static_cast<char>(length);
    }
    if (wire.size() != label_at + 1) wire.push_back('\0');
    if (wire.size() > most_name_octets) {
        return no_name(text, "it is longer than 255 octets", "shorten the name");
    }
    return wire;
}

bool append_label(Octets readable, std::size_t size, TextBuffer& text) {
    bool plain = true;
    text.grow_to(put_label(text.room(label_room(size)), readable.data(), size,
                           readable.data() + readable.size(), plain));
    return plain;
}

bool append_name(Octets wire, TextBuffer& text) {
    if (wire.empty() || wire[0] == 0) {
        text += '.';
        return true;
    }
    char* const out = text.room(label_room(most_label_octets));
    const std::size_t labels =
        wire[0] <= most_label_octets ? put_plain_labels(out, wire.data(), wire.data() + wire.size()) : 0;
    if (labels != 0 && labels < wire.size() && wire[labels] == 0) {
        text.grow(labels);
        return true;
    }
    bool plain = true;
    for (std::size_t i = 0; i < wire.size() && wire[i] != 0;) {
        const std::size_t size = std::min<std::size_t>(wire.size() - i - 1, wire[i]);
        plain = append_label(wire.subspan(i + 1), size, text) && plain;
        i += 1 + size;
    }
    return plain;
}

std::string name_to_text(Octets wire) {
    TextBuffer text;
    append_name(wire, text);
    return text.str();
}

std::string lowered(std::string_view octets) {
    std::string out(octets.size(), '\0');
    std::transform(octets.begin(), octets.end(), out.begin(),
                   [](char c) { return static_cast<char>(lower(static_cast<std::uint8_t>(c))); });
    return out;
}

}  // namespace sie::dns
