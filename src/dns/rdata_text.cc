#include "dns/rdata_text.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/address_text.h"
#include "base/plain_run.h"
#include "base/text_append.h"
#include "dns/name.h"
#include "dns/rdata_layout.h"
#include "dns/svc_params.h"
#include "dns/type_name.h"
#include "dns/wire_name.h"

namespace sie::dns {

namespace {

constexpr std::uint16_t class_internet = 1;

// Walks the items of one rdata. One that does not print only judges, and needs no `text`.
template <bool prints>
class RdataWalk {
  public:
    RdataWalk(TextBuffer* text, const Rdata& rdata) : text_(text), rdata_(rdata), at_(rdata.from) {}

    // False: the rdata ends inside an item, or holds a bad one; fault() may tell of a name.
    [[nodiscard]] bool item(Item kind);
    // Passes the items of fixed size in front if all of them are there; gives how many they are.
    [[nodiscard]] std::size_t pass_fixed(const RdataLayout& layout) {
        if (left() < layout.fixed_octets) return 0;
        at_ += layout.fixed_octets;
        return layout.fixed_items;
    }
    [[nodiscard]] NameFault fault() const { return fault_; }
    [[nodiscard]] std::size_t left() const { return rdata_.to - at_; }
    // Is there neither a backslash nor a quotation mark in what was printed?
    [[nodiscard]] bool plain() const { return plain_; }

  private:
    [[nodiscard]] const std::uint8_t* here() const { return rdata_.message.data() + at_; }
    // The next n octets, or nothing if there are fewer.
    [[nodiscard]] std::optional<Octets> take(std::size_t n) {
        if (left() < n) return std::nullopt;
        const Octets octets{here(), n};
        at_ += n;
        return octets;
    }
    [[nodiscard]] std::optional<Octets> take_counted() {
        if (left() < 1) return std::nullopt;
        const std::size_t n = *here();
        if (left() - 1 < n) return std::nullopt;
        ++at_;
        return take(n);
    }
    template <std::size_t size>
    [[nodiscard]] bool number();
    // An item of `size` octets, written by `put` into as much room as an address or a type takes.
    template <class Put>
    [[nodiscard]] bool sized(std::size_t size, const Put& put) {
        if (left() < size) return false;
        if constexpr (prints) {
            char* out = put(text_->room(item_room), here());
            *out++ = ' ';
            text_->grow_to(out);
        }
        at_ += size;
        return true;
    }
    [[nodiscard]] bool name();
    [[nodiscard]] bool a6();
    [[nodiscard]] bool bitmap();
    [[nodiscard]] bool edns_options();
    void blank() {
        if constexpr (prints) *text_ += ' ';
    }

    static constexpr std::size_t item_room = std::max({address_room, name_room, longest_decimal}) + 1;

    TextBuffer* text_;
    const Rdata& rdata_;
    std::size_t at_;
    NameFault fault_ = NameFault::none;
    bool plain_ = true;
};

void append_pairs(TextBuffer& text, Octets octets) {
    for (std::size_t i = 0; i < octets.size(); ++i) {
        if (i > 0) text += '-';
        append_hex(text, octets.subspan(i, 1), false);
    }
}

template <bool prints>
template <std::size_t size>
bool RdataWalk<prints>::number() {
    return sized(size, [](char* out, const std::uint8_t* at) {
        return put_decimal(out, size == 1 ? *at : size == 2 ? load_be16(at) : load_be32(at));
    });
}

template <bool prints>
bool RdataWalk<prints>::name() {
    if constexpr (prints) {
        char* out = text_->room(wire_name_room + 1);
        fault_ = put_wire_name(out, rdata_.message, at_, rdata_.to, rdata_.compressed, plain_);
        if (fault_ != NameFault::none) return false;
        *out++ = ' ';
        text_->grow_to(out);
        return true;
    }
    fault_ = pass_wire_name(rdata_.message, at_, rdata_.to, rdata_.compressed);
    return fault_ == NameFault::none;
}

// RFC 2874 §3.1: the octets stored are the low ones, those that the prefix does not give.
template <bool prints>
bool RdataWalk<prints>::a6() {
    const auto prefix = take(1);
    if (!prefix || (*prefix)[0] > 128) return false;
    const std::size_t stored = (128U - (*prefix)[0] + 7U) / 8;
    const auto suffix = take(stored);
    if (!suffix) return false;
    if constexpr (prints) append_decimal(*text_, (*prefix)[0]);
    blank();
    if (stored == 0) return true;
    std::array<std::uint8_t, 16> address{};
    std::memcpy(address.data() + 16 - stored, suffix->data(), stored);
    if constexpr (prints) append_ipv6(*text_, address.data());
    blank();
    return true;
}

template <bool prints>
bool RdataWalk<prints>::bitmap() {
    while (left() > 0) {
        if (left() < 2) return false;
        const unsigned window = here()[0];
        const std::size_t size = here()[1];
        if (size < 1 || size > 32 || left() - 2 < size) return false;
        at_ += 2;
        const Octets bits = *take(size);
        if constexpr (!prints) continue;
        for (unsigned i = 0; i < 8 * size; ++i) {
            if ((bits[i / 8] & 0x80U >> i % 8) == 0) continue;
            append_type(*text_, static_cast<std::uint16_t>(window << 8 | i));
            blank();
        }
    }
    return true;
}

template <bool prints>
bool RdataWalk<prints>::edns_options() {
    bool first = true;
    const bool whole = for_each_edns_option({here(), left()}, [&](std::uint16_t code, Octets data) {
        if constexpr (!prints) return;
        if (!first) *text_ += '\n';
        first = false;
        append_edns_option(*text_, code, data);
    });
    at_ = rdata_.to;
    return whole;
}

template <bool prints>
bool RdataWalk<prints>::item(Item kind) {
    std::optional<Octets> octets;
    switch (kind) {
        case Item::name: return name();
        case Item::u8: return number<1>();
        case Item::u16: return number<2>();
        case Item::u32: return number<4>();
        case Item::ipv4: return sized(4, put_ipv4);
        case Item::ipv6: return sized(16, put_ipv6);
        case Item::type:
            return sized(2, [](char* out, const std::uint8_t* at) { return put_type(out, load_be16(at)); });
        case Item::a6: return a6();
        case Item::bitmap: return bitmap();
        case Item::edns_options: plain_ = false; return edns_options();
        case Item::svc_params: {
            plain_ = false;
            octets = take(left());
            return append_svc_params(text_, *octets);
        }
        case Item::string:
        case Item::salt:
        case Item::hash: octets = take_counted(); break;
        case Item::strings:
            plain_ = false;
            while (left() > 0) {
                octets = take_counted();
                if (!octets) return false;
                if constexpr (prints) append_character_string(*text_, *octets);
                blank();
            }
            return true;
        case Item::hex:
        case Item::base64:
        case Item::quoted:
        case Item::octet_pairs: octets = take(left()); break;
    }
    if (!octets) return false;
    if constexpr (!prints) return true;
    switch (kind) {
        case Item::string:
        case Item::quoted:
            plain_ = false;
            append_character_string(*text_, *octets);
            break;
        case Item::salt: octets->empty() ? void(*text_ += '-') : append_hex(*text_, *octets, false); break;
        case Item::hash: octets->empty() ? void(*text_ += '0') : append_base32hex(*text_, *octets); break;
        case Item::hex: append_hex(*text_, *octets, true); break;
        case Item::base64: append_base64(*text_, *octets); break;
        default: append_pairs(*text_, *octets); break;
    }
    blank();
    return true;
}

// RFC 3597 §5, as the reference tool writes it: a blank behind every octet (N64).
void append_generic(TextBuffer& text, Octets octets) {
    text += "\\# ";
    append_decimal(text, octets.size());
    text += ' ';
    for (const std::uint8_t octet : octets) {
        append_hex(text, {&octet, 1}, false);
        text += ' ';
    }
}

constexpr std::array<std::string_view, 25> ede_purposes{"Other Error",
                                                        "Unsupported DNSKEY Algorithm",
                                                        "Unsupported DS Digest Type",
                                                        "Stale Answer",
                                                        "Forged Answer",
                                                        "DNSSEC Indeterminate",
                                                        "DNSSEC Bogus",
                                                        "Signature Expired",
                                                        "Signature Not Yet Valid",
                                                        "DNSKEY Missing",
                                                        "RRSIGs Missing",
                                                        "No Zone Key Bit Set",
                                                        "NSEC Missing",
                                                        "Cached Error",
                                                        "Not Ready",
                                                        "Blocked",
                                                        "Censored",
                                                        "Filtered",
                                                        "Prohibited",
                                                        "Stale NXDomain Answer",
                                                        "Not Authoritative",
                                                        "Not Supported",
                                                        "No Reachable Authority",
                                                        "Network Error",
                                                        "Invalid Data"};

constexpr std::uint16_t type_a = 1, type_aaaa = 28;

// A whole address of the Internet class, nothing behind it.
bool is_address(const Rdata& rdata) {
    const std::size_t size = rdata.to - rdata.from;
    return rdata.rrclass == class_internet &&
           ((rdata.type == type_a && size == 4) || (rdata.type == type_aaaa && size == 16));
}

void append_printable(TextBuffer& text, Octets octets) {
    for (const std::uint8_t c : octets) text += c >= 0x20 && c < 0x7f ? static_cast<char>(c) : '.';
}

// RFC 7871 §6. False if the octets are no such option.
bool append_client_subnet(TextBuffer& text, Octets data) {
    if (data.size() < 4) return false;
    const std::size_t family = load_be16(data.data()), size = family == 1 ? 4 : 16;
    if ((family != 1 && family != 2) || data.size() - 4 > size) return false;
    std::array<std::uint8_t, 16> address{};
    std::memcpy(address.data(), data.data() + 4, data.size() - 4);
    text += "CLIENT-SUBNET: ";
    family == 1 ? append_ipv4(text, address.data()) : append_ipv6(text, address.data());
    for (const std::uint8_t length : {data[2], data[3]}) {
        text += '/';
        append_decimal(text, length);
    }
    return true;
}

}  // namespace

char* put_address(char* out, const Rdata& rdata) {
    if (!is_address(rdata)) return nullptr;
    const std::uint8_t* const address = rdata.message.data() + rdata.from;
    return rdata.type == type_a ? put_ipv4(out, address) : put_ipv6(out, address);
}

bool append_rdata(TextBuffer& text, const Rdata& rdata) {
    if (char* const end = put_address(text.room(address_room), rdata)) {
        text.grow_to(end);
        return true;
    }
    const RdataLayout* layout = layout_of(rdata.type);
    if (layout == nullptr) {
        append_generic(text, rdata.octets());
        return false;
    }
    if (layout->internet_only && rdata.rrclass != class_internet) return true;
    const std::size_t start = text.size();
    RdataWalk<true> walk(&text, rdata);
    for (const Item item : layout->items) {
        if (walk.left() == 0) break;
        if (walk.item(item)) continue;
        text += " ### PARSE ERROR ";
        if (walk.fault() != NameFault::none) {
            text += '#';
            append_decimal(text, static_cast<std::uint64_t>(walk.fault()));
            text += ' ';
        }
        text += "###";
        return walk.plain();
    }
    if (text.size() > start && text.ends_with(' ')) text.cut(text.size() - 1);
    return walk.plain();
}

bool rdata_is_known(const Rdata& rdata) {
    const RdataLayout* layout = layout_of(rdata.type);
    return layout != nullptr && (!layout->internet_only || rdata.rrclass == class_internet);
}

bool rdata_is_well_formed(const Rdata& rdata) {
    if (is_address(rdata)) return true;
    const RdataLayout* layout = layout_of(rdata.type);
    if (layout == nullptr || (layout->internet_only && rdata.rrclass != class_internet)) return true;
    RdataWalk<false> walk(nullptr, rdata);
    for (const Item item : layout->items.subspan(walk.pass_fixed(*layout))) {
        if (walk.left() == 0) return true;
        if (!walk.item(item)) return false;
    }
    return walk.left() == 0;
}

void append_edns_option(TextBuffer& text, std::uint16_t code, Octets data) {
    constexpr std::uint16_t client_subnet = 8, extended_error = 15;
    if (code == client_subnet && append_client_subnet(text, data)) return;
    if (code == extended_error && data.size() >= 2) {
        const std::uint16_t info = load_be16(data.data());
        text += "EDE: ";
        append_decimal(text, info);
        if (info < ede_purposes.size()) {
            text += " (";
            text += ede_purposes[info];
            text += ')';
        }
        if (data.size() > 2) {
            text += ": (";
            append_printable(text, data.subspan(2));
            text += ')';
        }
        return;
    }
    text += "OPT=";
    append_decimal(text, code);
    text += ": ";
    for (const std::uint8_t octet : data) {
        append_hex(text, {&octet, 1}, false);
        text += ' ';
    }
    text += "(\"";
    append_printable(text, data);
    text += "\")";
}

void append_character_string(TextBuffer& text, Octets octets) {
    text += '"';
    // What needs no escape is copied at once.
    while (!octets.empty()) {
        const std::size_t run = plain_run<HighOctets::escaped>(octets);
        text += as_text(octets.first(run));
        if (run == octets.size()) break;
        const std::uint8_t c = octets[run];
        text += '\\';
        if (c == '"' || c == '\\')
            text += static_cast<char>(c);
        else
            append_padded(text, c, 3);
        octets = octets.subspan(run + 1);
    }
    text += '"';
}

}  // namespace sie::dns
