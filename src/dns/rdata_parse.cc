#include "dns/rdata_parse.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>

#include "base/encoded_octets.h"
#include "base/quoted.h"
#include "dns/name.h"
#include "dns/rdata_layout.h"
#include "dns/type_name.h"

namespace sie::dns {

namespace {

constexpr std::uint16_t class_internet = 1;

// One word of the text: as it stands, or what stood in quotes with its escapes taken away.
struct Word {
    std::string octets;
    std::string_view raw;
    bool quoted = false;
};

class RdataParser {
  public:
    explicit RdataParser(std::string_view text) : rest_(text) {}

    [[nodiscard]] bool at_end() {
        while (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
        return rest_.empty();
    }
    // False: there is none, or a quote or an escape is broken.
    [[nodiscard]] bool word(Word& out);
    [[nodiscard]] bool item(Item kind, std::string& wire);

  private:
    [[nodiscard]] bool number(std::string& wire, std::size_t octets);
    [[nodiscard]] bool address(std::string& wire, int family);
    [[nodiscard]] bool bitmap(std::string& wire);
    [[nodiscard]] bool svc_params(std::string& wire);
    [[nodiscard]] bool counted(std::string& wire, std::string_view octets) {
        if (octets.size() > 255) return false;
        wire += static_cast<char>(octets.size());
        wire += octets;
        return true;
    }

    std::string_view rest_;
};

void put16(std::string& wire, std::size_t value) {
    wire += static_cast<char>(value >> 8);
    wire += static_cast<char>(value);
}

template <class T>
std::optional<T> whole(std::string_view digits) {
    T value{};
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || stop != digits.data() + digits.size()) return std::nullopt;
    return value;
}

bool RdataParser::word(Word& out) {
    if (at_end()) return false;
    out = {};
    out.quoted = rest_.front() == '"';
    std::size_t at = out.quoted ? 1 : 0;
    const std::size_t begin = at;
    for (; at < rest_.size() && rest_[at] != (out.quoted ? '"' : ' '); ++at) {
        if (rest_[at] != '\\' || !out.quoted) {
            out.octets += rest_[at];
            if (rest_[at] == '\\' && at + 1 < rest_.size())
                out.octets += rest_[++at];  // a name's escapes stay
            continue;
        }
        if (at + 1 == rest_.size()) return false;
        if (rest_[at + 1] < '0' || rest_[at + 1] > '9') {
            out.octets += rest_[++at];
            continue;
        }
        const auto value = at + 3 < rest_.size() ? whole<unsigned>(rest_.substr(at + 1, 3)) : std::nullopt;
        if (!value || *value > 255) return false;
        out.octets += static_cast<char>(*value);
        at += 3;
    }
    if (out.quoted && at == rest_.size()) return false;
    out.raw = rest_.substr(begin, at - begin);
    rest_.remove_prefix(at + (out.quoted ? 1 : 0));
    return true;
}

bool RdataParser::number(std::string& wire, std::size_t octets) {
    Word w;
    if (!word(w)) return false;
    const auto value = whole<std::uint32_t>(w.octets);
    if (!value || (octets < 4 && *value >> 8 * octets != 0)) return false;
    for (std::size_t i = octets; i-- > 0;) wire += static_cast<char>(*value >> 8 * i);
    return true;
}

bool RdataParser::address(std::string& wire, int family) {
    Word w;
    std::array<char, 16> octets;
    if (!word(w) || ::inet_pton(family, w.octets.c_str(), octets.data()) != 1) return false;
    wire.append(octets.data(), family == AF_INET ? 4 : 16);
    return true;
}

bool RdataParser::bitmap(std::string& wire) {
    std::map<unsigned, std::array<std::uint8_t, 32>> windows;
    while (!at_end()) {
        Word w;
        if (!word(w)) return false;
        const auto type = type_from_text(w.octets);
        if (!type) return false;
        windows[*type >> 8][*type % 256 / 8] |= static_cast<std::uint8_t>(0x80U >> *type % 8);
    }
    for (const auto& [window, bits] : windows) {
        std::size_t size = bits.size();
        while (size > 1 && bits[size - 1] == 0) --size;
        wire += static_cast<char>(window);
        wire += static_cast<char>(size);
        wire.append(reinterpret_cast<const char*>(bits.data()), size);
    }
    return true;
}

constexpr std::array<std::string_view, 7> svc_keys{"mandatory", "alpn", "no-default-alpn", "port",
                                                   "ipv4hint",  "ech",  "ipv6hint"};

std::optional<std::uint16_t> svc_key(std::string_view text) {
    const auto named = std::find(svc_keys.begin(), svc_keys.end(), text);
    if (named != svc_keys.end()) return static_cast<std::uint16_t>(named - svc_keys.begin());
    if (!text.starts_with("key")) return std::nullopt;
    return whole<std::uint16_t>(text.substr(3));
}

// Every piece between commas; "\," is no comma, and "\\" a backslash, in a list that was unquoted already.
template <class Each>
bool for_each_piece(std::string_view list, const Each& each) {
    std::string piece;
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (list[i] == '\\' && i + 1 < list.size()) {
            piece += list[++i];
        } else if (list[i] == ',') {
            if (!each(piece)) return false;
            piece.clear();
        } else {
            piece += list[i];
        }
    }
    return list.empty() || each(piece);
}

bool svc_value(std::uint16_t key, std::string_view text, std::string& value) {
    const auto address = [&](const std::string& piece, int family) {
        std::array<char, 16> octets;
        if (::inet_pton(family, piece.c_str(), octets.data()) != 1) return false;
        value.append(octets.data(), family == AF_INET ? 4 : 16);
        return true;
    };
    switch (key) {
        case 0:
            return for_each_piece(text, [&](const std::string& piece) {
                const auto named = svc_key(piece);
                if (named) put16(value, *named);
                return named.has_value();
            });
        case 1:
            return for_each_piece(text, [&](const std::string& piece) {
                if (piece.empty() || piece.size() > 255) return false;
                value += static_cast<char>(piece.size());
                value += piece;
                return true;
            });
        case 2: return text.empty();
        case 3: {
            const auto port = whole<std::uint16_t>(text);
            if (port) put16(value, *port);
            return port.has_value();
        }
        case 4:
            return for_each_piece(text, [&](const std::string& piece) { return address(piece, AF_INET); });
        case 5: return append_decoded_base64(value, text);
        case 6:
            return for_each_piece(text, [&](const std::string& piece) { return address(piece, AF_INET6); });
        case 65535: return false;
        default: value += text; return true;
    }
}

bool RdataParser::svc_params(std::string& wire) {
    while (!at_end()) {
        const std::size_t equals = std::min(rest_.find('='), rest_.find(' '));
        const auto key = svc_key(rest_.substr(0, equals));
        if (!key) return false;
        std::string value;
        if (equals < rest_.size() && rest_[equals] == '=') {
            rest_.remove_prefix(equals + 1);
            Word w;
            const bool empty = rest_.empty() || rest_.front() == ' ';
            if (!empty && !word(w)) return false;
            if (!svc_value(*key, w.octets, value)) return false;
        } else {
            rest_.remove_prefix(std::min(equals, rest_.size()));
            if (!svc_value(*key, {}, value)) return false;
        }
        if (value.size() > 65535) return false;
        put16(wire, *key);
        put16(wire, value.size());
        wire += value;
    }
    return true;
}

bool RdataParser::item(Item kind, std::string& wire) {
    Word w;
    switch (kind) {
        case Item::u8: return number(wire, 1);
        case Item::u16: return number(wire, 2);
        case Item::u32: return number(wire, 4);
        case Item::ipv4: return address(wire, AF_INET);
        case Item::ipv6: return address(wire, AF_INET6);
        case Item::bitmap: return bitmap(wire);
        case Item::svc_params: return svc_params(wire);
        case Item::strings:
            while (!at_end())
                if (!word(w) || !counted(wire, w.octets)) return false;
            return true;
        case Item::a6: {
            if (!number(wire, 1)) return false;
            const auto prefix = static_cast<std::uint8_t>(wire.back());
            if (prefix > 128) return false;
            if (prefix == 128) return true;
            std::string octets;
            if (!address(octets, AF_INET6)) return false;
            wire += octets.substr(16 - (128U - prefix + 7U) / 8);
            return true;
        }
        case Item::edns_options: return false;  // its text is for people; the generic form is read
        default: break;
    }
    if (!word(w)) return false;
    switch (kind) {
        case Item::name: {
            auto name = name_from_text(w.octets);
            if (!name) return false;
            wire += *name;
            return true;
        }
        case Item::type: {
            const auto type = type_from_text(w.octets);
            if (type) put16(wire, *type);
            return type.has_value();
        }
        case Item::string: return counted(wire, w.octets);
        case Item::quoted: wire += w.octets; return true;
        case Item::hex: return append_decoded_hex(wire, w.octets);
        case Item::base64: return append_decoded_base64(wire, w.octets);
        case Item::octet_pairs: {
            std::string digits = w.octets;
            digits.erase(std::remove(digits.begin(), digits.end(), '-'), digits.end());
            return append_decoded_hex(wire, digits);
        }
        case Item::salt: {
            std::string octets;
            if (w.octets != "-" && !append_decoded_hex(octets, w.octets)) return false;
            return counted(wire, octets);
        }
        case Item::hash: {
            std::string octets;
            if (w.octets != "0" && !append_decoded_base32hex(octets, w.octets)) return false;
            return counted(wire, octets);
        }
        default: return false;
    }
}

// RFC 3597 §5. Nothing if the text is not of that form.
std::optional<std::string> generic(std::string_view text) {
    if (!text.starts_with("\\#")) return std::nullopt;
    RdataParser parser(text.substr(2));
    Word w;
    if (!parser.word(w)) return std::nullopt;
    const auto size = whole<std::uint16_t>(w.octets);
    std::string wire;
    while (!parser.at_end())
        if (!parser.word(w) || !append_decoded_hex(wire, w.octets)) return std::nullopt;
    if (!size || wire.size() != *size) return std::nullopt;
    return wire;
}

}  // namespace

Result<std::string> rdata_from_text(std::string_view text, std::uint16_t type, std::uint16_t rrclass) {
    const auto refused = [&](std::string why) {
        return fail(ErrorKind::usage, "rdata " + quoted(text), std::move(why),
                    "write the text of " + type_text(type) + ", or \\# LENGTH HEX");
    };
    if (text.starts_with("\\#")) {
        auto octets = generic(text);
        if (!octets) return refused("is no generic rdata");
        return *octets;
    }
    const RdataLayout* layout = layout_of(type);
    if (layout == nullptr || (layout->internet_only && rrclass != class_internet)) {
        if (text.empty()) return std::string{};
        return refused("cannot be read: nothing is known of the rdata of " + type_text(type));
    }
    RdataParser parser(text);
    std::string wire;
    for (const Item item : layout->items) {
        if (parser.at_end()) break;
        if (!parser.item(item, wire)) return refused("is not understood");
    }
    if (!parser.at_end()) return refused("goes on behind the last item");
    if (wire.size() > 65535) return refused("is longer than rdata can be");
    return wire;
}

}  // namespace sie::dns
