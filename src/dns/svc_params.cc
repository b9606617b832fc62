#include "dns/svc_params.h"

#include <array>
#include <string_view>

#include "base/address_text.h"
#include "base/text_append.h"

namespace sie::dns {

namespace {

// The registry's first keys (RFC 9460 §14.3.2).
enum Key : std::uint16_t {
    mandatory,
    alpn,
    no_default_alpn,
    port,
    ipv4hint,
    ech,
    ipv6hint,
    dohpath,               // RFC 9461
    ohttp,                 // RFC 9540
    tls_supported_groups,  // draft-ietf-tls-key-share-prediction
    docpath,               // RFC 9953
    invalid = 65535
};
constexpr std::array<std::string_view, 11> keys{
    "mandatory", "alpn",  "no-default-alpn",      "port",   "ipv4hint", "ech", "ipv6hint",
    "dohpath",   "ohttp", "tls-supported-groups", "docpath"};
constexpr std::size_t first_seven = 7;

void append_key(TextBuffer& text, std::uint16_t key, SvcKeys known) {
    if (key < (known == SvcKeys::registry ? keys.size() : first_seven)) {
        text += keys[key];
        return;
    }
    text += "key";
    append_decimal(text, key);
}

// A value in double quotes. In a list of protocols the comma is escaped, and the backslash twice: once for
// the list, once for the string (RFC 9460 §A.1).
void append_escaped(TextBuffer& text, Octets octets, bool in_list) {
    for (const std::uint8_t c : octets) {
        if (c == '"') {
            text += "\\\"";
        } else if (c == '\\') {
            text += in_list ? R"(\\\\)" : R"(\\)";
        } else if (c == ',' && in_list) {
            text += R"(\\,)";
        } else if (c >= 0x20 && c < 0x7f) {
            text += static_cast<char>(c);
        } else {
            text += '\\';
            append_padded(text, c, 3);
        }
    }
}

bool alpn_is_well_formed(Octets value) {
    while (!value.empty()) {
        if (value[0] == 0 || value.size() - 1 < value[0]) return false;
        value = value.subspan(std::size_t{1} + value[0]);
    }
    return true;
}

bool value_is_well_formed(std::uint16_t key, Octets value) {
    switch (key) {
        case mandatory: return value.size() % 2 == 0;
        case alpn: return alpn_is_well_formed(value);
        case no_default_alpn: return value.empty();
        case port: return value.size() == 2;
        case ipv4hint: return value.size() % 4 == 0;
        case ipv6hint: return value.size() % 16 == 0;
        case invalid: return false;
        default: return true;
    }
}

template <class Append>
void append_list(TextBuffer& text, Octets value, std::size_t step, const Append& append) {
    for (std::size_t i = 0; i < value.size(); i += step) {
        if (i > 0) text += ',';
        append(value.data() + i);
    }
}

void append_value(TextBuffer& text, std::uint16_t key, Octets value, SvcKeys known) {
    switch (key) {
        case mandatory:
            append_list(text, value, 2,
                        [&](const std::uint8_t* p) { append_key(text, load_be16(p), known); });
            break;
        case alpn:
            text += '"';
            for (bool first = true; !value.empty(); first = false) {
                if (!first) text += ',';
                append_escaped(text, value.subspan(1, value[0]), true);
                value = value.subspan(std::size_t{1} + value[0]);
            }
            text += '"';
            break;
        case port: append_decimal(text, load_be16(value.data())); break;
        case ipv4hint:
            append_list(text, value, 4, [&](const std::uint8_t* p) { append_ipv4(text, p); });
            break;
        case ipv6hint:
            append_list(text, value, 16, [&](const std::uint8_t* p) { append_ipv6(text, p); });
            break;
        case ech: append_base64(text, value); break;
        case tls_supported_groups:
            if (known == SvcKeys::registry && value.size() % 2 == 0) {
                append_list(text, value, 2,
                            [&](const std::uint8_t* p) { append_decimal(text, load_be16(p)); });
                break;
            }
            [[fallthrough]];
        default:
            text += '"';
            append_escaped(text, value, false);
            text += '"';
            break;
    }
}

}  // namespace

bool append_svc_params(TextBuffer* text, Octets params, SvcKeys known) {
    while (!params.empty()) {
        if (params.size() < 4) return false;
        const std::uint16_t key = load_be16(params.data());
        const std::size_t size = load_be16(params.data() + 2);
        if (params.size() - 4 < size) return false;
        const Octets value = params.subspan(4, size);
        if (!value_is_well_formed(key, value)) return false;
        params = params.subspan(4 + size);
        if (text == nullptr) continue;
        append_key(*text, key, known);
        const bool bare =
            key == no_default_alpn || (key == ohttp && known == SvcKeys::registry && value.empty());
        if (!bare) {
            *text += '=';
            append_value(*text, key, value, known);
        }
        *text += ' ';
    }
    return true;
}

}  // namespace sie::dns
