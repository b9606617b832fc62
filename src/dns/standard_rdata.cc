#include "dns/standard_rdata.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

#include "base/address_text.h"
#include "base/text_append.h"
#include "dns/name.h"
#include "dns/standard_types.h"
#include "dns/svc_params.h"
#include "dns/type_name.h"
#include "dns/wire_name.h"

namespace sie::dns {

namespace {

// Walks the parts of one record. Each function returns false where the octets are none of that part.
class StandardText {
  public:
    StandardText(TextBuffer& text, const Rdata& rdata) : text_(text), rdata_(rdata), at_(rdata.from) {}

    bool parts(std::span<const Part> parts) {
        for (const Part each : parts)
            if (!part(each)) return false;
        return at_ == rdata_.to;
    }

  private:
    [[nodiscard]] std::size_t left() const { return rdata_.to - at_; }
    std::optional<Octets> take(std::size_t octets) {
        if (left() < octets) return std::nullopt;
        at_ += octets;
        return rdata_.message.subspan(at_ - octets, octets);
    }
    Octets rest() { return *take(left()); }
    std::optional<Octets> counted() {
        const auto length = take(1);
        return length ? take((*length)[0]) : std::nullopt;
    }
    TextBuffer& item() {
        if (!first_) text_ += ' ';
        first_ = false;
        return text_;
    }
    bool number(std::size_t size) {
        const auto octets = take(size);
        if (!octets) return false;
        std::uint64_t value = 0;
        for (const std::uint8_t octet : *octets) value = value << 8 | octet;
        append_decimal(item(), value);
        return true;
    }
    bool name() {
        WireName name;
        if (name.read(rdata_.message, at_, rdata_.to, rdata_.compressed) != NameFault::none) return false;
        append_standard_name(item(), name.octets());
        return true;
    }
    bool string() {
        const auto octets = counted();
        if (octets) append_character_string(item(), *octets);
        return octets.has_value();
    }
    bool strings() {
        do
            if (!string()) return false;
        while (left() > 0);
        return true;
    }
    bool hex_rest() {
        append_hex(item(), rest(), true);
        return true;
    }
    bool base64(Octets octets) {
        append_base64(item(), octets);
        return true;
    }
    bool type() {
        const auto octets = take(2);
        if (octets) append_standard_type(item(), load_be16(octets->data()));
        return octets.has_value();
    }
    bool types() {
        int last = -1;
        while (left() > 0) {
            const auto head = take(2);
            if (!head || (*head)[0] <= last || (*head)[1] < 1 || (*head)[1] > 32) return false;
            last = (*head)[0];
            const auto bits = take((*head)[1]);
            if (!bits) return false;
            each_bit(*bits, [&](unsigned bit) {
                append_standard_type(item(),
                                     static_cast<std::uint16_t>(static_cast<unsigned>(last) << 8 | bit));
            });
        }
        return true;
    }
    template <class Each>
    static void each_bit(Octets bits, const Each& each) {
        for (unsigned i = 0; i < 8 * bits.size(); ++i)
            if ((bits[i / 8] & 0x80U >> i % 8) != 0) each(i);
    }
    // Bit 0 says that another form follows, which nobody defined.
    bool old_types() {
        const Octets bits = rest();
        if (bits.empty() || bits.size() > 16 || (bits[0] & 0x80) != 0) return false;
        each_bit(bits, [&](unsigned bit) { append_standard_type(item(), static_cast<std::uint16_t>(bit)); });
        return true;
    }
    bool ports() {
        each_bit(rest(), [&](unsigned port) { append_decimal(item(), port); });
        return true;
    }
    bool time() {
        const auto octets = take(4);
        if (!octets) return false;
        using namespace std::chrono;
        const sys_seconds moment{seconds{load_be32(octets->data())}};
        const sys_days day = floor<days>(moment);
        const year_month_day date{day};
        const auto second = static_cast<std::uint64_t>((moment - day).count());
        append_padded(item(), static_cast<std::uint64_t>(static_cast<int>(date.year())), 4);
        for (const std::uint64_t two :
             {std::uint64_t{static_cast<unsigned>(date.month())},
              std::uint64_t{static_cast<unsigned>(date.day())}, second / 3600, second / 60 % 60, second % 60})
            append_padded(text_, two, 2);
        return true;
    }
    bool salt() {
        const auto octets = counted();
        if (!octets) return false;
        octets->empty() ? void(item() += '-') : append_hex(item(), *octets, true);
        return true;
    }
    bool hash() {
        const auto octets = counted();
        if (!octets || octets->empty()) return false;
        append_base32hex(item(), *octets);
        return true;
    }
    bool pairs() {
        const std::size_t size = rdata_.type == 108 ? 6 : 8;  // EUI48, EUI64
        if (left() != size) return false;
        item();
        for (std::size_t i = 0; i < size; ++i) {
            if (i > 0) text_ += '-';
            append_hex(text_, *take(1), false);
        }
        return true;
    }
    bool atm() {
        const auto format = take(1);
        const Octets address = rest();
        if (!format || address.empty()) return false;
        if ((*format)[0] == 0) {
            append_hex(item(), address, true);
            return true;
        }
        if ((*format)[0] != 1 ||
            !std::all_of(address.begin(), address.end(), [](std::uint8_t c) { return c >= '0' && c <= '9'; }))
            return false;
        item() += '+';
        text_ += as_text(address);
        return true;
    }
    bool address(bool v6) {
        const auto octets = take(v6 ? 16 : 4);
        if (!octets) return false;
        v6 ? append_ipv6(item(), octets->data()) : append_ipv4(item(), octets->data());
        return true;
    }
    // RFC 1876 §2: thousandths of a second of arc from 2^31, centimetres from 100 km below; sizes as mantissa
    // and power of ten of centimetres.
    bool loc() {
        const auto octets = take(16);
        if (!octets || (*octets)[0] != 0) return false;
        for (const std::size_t i : {1U, 2U, 3U})
            if ((*octets)[i] >> 4 > 9 || ((*octets)[i] & 15) > 9) return false;
        const std::uint32_t latitude = load_be32(octets->data() + 4),
                            longitude = load_be32(octets->data() + 8);
        if (!angle(latitude, 90, 'N', 'S') || !angle(longitude, 180, 'E', 'W')) return false;
        const std::int64_t altitude = std::int64_t{load_be32(octets->data() + 12)} - 10'000'000;
        item() += altitude < 0 ? "-" : "";
        metres(static_cast<std::uint64_t>(altitude < 0 ? -altitude : altitude));
        for (const std::size_t i : {1U, 2U, 3U}) {
            std::uint64_t centimetres = (*octets)[i] >> 4;
            for (int power = (*octets)[i] & 15; power > 0; --power) centimetres *= 10;
            item();
            metres(centimetres);
        }
        return true;
    }
    bool angle(std::uint32_t stored, std::uint32_t most_degrees, char positive, char negative) {
        constexpr std::uint32_t equator = std::uint32_t{1} << 31;
        const bool north = stored >= equator;
        const std::uint32_t thousandths = north ? stored - equator : equator - stored;
        if (thousandths > most_degrees * 3'600'000) return false;
        append_decimal(item(), thousandths / 3'600'000);
        append_decimal(item(), thousandths / 60'000 % 60);
        append_decimal(item(), thousandths / 1000 % 60);
        text_ += '.';
        append_padded(text_, thousandths % 1000, 3);
        item() += north ? positive : negative;
        return true;
    }
    void metres(std::uint64_t centimetres) {
        append_decimal(text_, centimetres / 100);
        text_ += '.';
        append_padded(text_, centimetres % 100, 2);
        text_ += 'm';
    }
    // The octets stored are the low ones, those that the prefix does not give; a prefix of 0 has no name.
    bool a6() {
        const auto prefix = take(1);
        if (!prefix || (*prefix)[0] > 128) return false;
        append_decimal(item(), (*prefix)[0]);
        const std::size_t stored = (128U - (*prefix)[0] + 7U) / 8;
        const auto suffix = take(stored);
        if (!suffix) return false;
        if (stored != 0) {
            std::array<std::uint8_t, 16> whole{};
            std::copy(suffix->begin(), suffix->end(), whole.end() - static_cast<std::ptrdiff_t>(stored));
            append_ipv6(item(), whole.data());
        }
        return (*prefix)[0] == 0 || name();
    }
    //  family 2 │ prefix 1 │ N and length of the address 1 │ address without zeros at its end
    bool apl() {
        while (left() > 0) {
            const auto head = take(4);
            if (!head) return false;
            const std::uint16_t family = load_be16(head->data());
            const std::size_t size = (*head)[3] & 127U;
            const bool v6 = family == 2;
            const auto part = take(size);
            if (!part || (family != 1 && family != 2) || size > (v6 ? 16U : 4U) ||
                (*head)[2] > (v6 ? 128 : 32) || (size > 0 && part->back() == 0))
                return false;
            std::array<std::uint8_t, 16> whole{};
            std::copy(part->begin(), part->end(), whole.begin());
            if (((*head)[3] & 128) != 0)
                item() += '!';
            else
                item();
            append_decimal(text_, family);
            text_ += ':';
            v6 ? append_ipv6(text_, whole.data()) : append_ipv4(text_, whole.data());
            text_ += '/';
            append_decimal(text_, (*head)[2]);
        }
        return true;
    }
    // 0 none, 1 IPv4, 2 IPv6, 3 a name.
    bool gateway(std::uint8_t kind) {
        switch (kind) {
            case 0: item() += '.'; return true;
            case 1: return address(false);
            case 2: return address(true);
            case 3: return name();
            default: return false;
        }
    }
    bool ipsec_gateway() {
        const auto kind = take(1);
        if (!kind) return false;
        append_decimal(item(), (*kind)[0]);
        return number(1) && gateway((*kind)[0]);
    }
    bool relay() {
        const auto kind = take(1);
        if (!kind) return false;
        append_decimal(item(), (*kind)[0] >> 7);
        append_decimal(item(), (*kind)[0] & 127U);
        return gateway((*kind)[0] & 127);
    }
    //  HIT length 1 │ algorithm 1 │ key length 2 │ HIT │ key
    bool hip() {
        const auto head = take(4);
        if (!head) return false;
        const auto hit = take((*head)[0]);
        const auto key = take(load_be16(head->data() + 2));
        if (!hit || hit->empty() || !key || key->empty()) return false;
        append_decimal(item(), (*head)[1]);
        append_hex(item(), *hit, true);
        return base64(*key);
    }
    bool locator() {
        const auto octets = take(8);
        if (!octets) return false;
        item();
        for (std::size_t i = 0; i < 8; i += 2) {
            if (i > 0) text_ += ':';
            append_hex(text_, octets->subspan(i, 2), false);
        }
        return true;
    }
    bool svc_params() {
        const Octets params = rest();
        if (params.empty()) return true;
        int last = -1;
        for (Octets walk = params; walk.size() >= 4;) {  // RFC 9460 §2.2: in ascending order
            const int key = load_be16(walk.data());
            if (key <= last) return false;
            last = key;
            walk =
                walk.subspan(std::min<std::size_t>(walk.size(), std::size_t{4} + load_be16(walk.data() + 2)));
        }
        item();
        if (!append_svc_params(&text_, params, SvcKeys::registry)) return false;
        text_.cut(text_.size() - 1);
        return true;
    }
    bool counted16(bool with_size) {
        const auto size = take(2);
        const auto octets = size ? take(load_be16(size->data())) : std::nullopt;
        if (!octets) return false;
        if (with_size) append_decimal(item(), octets->size());
        return octets->empty() || base64(*octets);
    }
    bool error_word() {
        const auto octets = take(2);
        if (!octets) return false;
        constexpr std::array<std::string_view, 8> from_16{"BADSIG",  "BADKEY", "BADTIME",  "BADMODE",
                                                          "BADNAME", "BADALG", "BADTRUNC", "BADCOOKIE"};
        const std::uint16_t error = load_be16(octets->data());
        item() += error >= 16 && error < 16 + from_16.size() ? std::string(from_16[error - 16U])
                                                             : rcode_text(error);
        return true;
    }
    bool transaction_signature() {
        if (!name()) return false;
        const auto signed_at = take(6);
        if (!signed_at) return false;
        append_decimal(item(),
                       std::uint64_t{load_be16(signed_at->data())} << 32 | load_be32(signed_at->data() + 2));
        return number(2) && counted16(true) && number(2) && error_word() && counted16(true);
    }
    bool transaction_key() {
        return name() && time() && time() && number(2) && error_word() && counted16(true) && counted16(true);
    }

    bool part(Part kind) {
        switch (kind) {
            case Part::name: return name();
            case Part::names:
                while (left() > 0)
                    if (!name()) return false;
                return true;
            case Part::u8: return number(1);
            case Part::u16: return number(2);
            case Part::u32: return number(4);
            case Part::u64: return number(8);
            case Part::ipv4: return address(false);
            case Part::ipv6: return address(true);
            case Part::string: return string();
            case Part::optional_string: return left() == 0 || string();
            case Part::strings: return strings();
            case Part::word: return word();
            case Part::quoted: append_character_string(item(), rest()); return true;
            case Part::hex: return left() > 0 && hex_rest();
            case Part::hex_or_none: return left() == 0 || hex_rest();
            case Part::base64: return left() > 0 && base64(rest());
            case Part::base64_or_none: return left() == 0 || base64(rest());
            case Part::base64_or_dash:
                if (left() > 0) return base64(rest());
                item() += '-';
                return true;
            case Part::scheme:
                if (left() == 0 || rdata_.message[at_] != 1) return number(1);
                ++at_;
                item() += "NOTIFY";
                return true;
            case Part::type: return type();
            case Part::types: return types();
            case Part::old_types: return old_types();
            case Part::time: return time();
            case Part::salt: return salt();
            case Part::hash: return hash();
            case Part::pairs: return pairs();
            case Part::nsap:
                if (left() == 0) return false;
                item() += "0x";
                append_hex(text_, rest(), true);
                return true;
            case Part::atm: return atm();
            case Part::ports: return ports();
            case Part::loc: return loc();
            case Part::a6: return a6();
            case Part::apl: return apl();
            case Part::ipsec_gateway: return ipsec_gateway();
            case Part::relay: return relay();
            case Part::hip: return hip();
            case Part::locator: return locator();
            case Part::svc_params: return svc_params();
            case Part::transaction_signature: return transaction_signature();
            case Part::transaction_key: return transaction_key();
        }
        return false;
    }
    // RFC 8659 §4.1: letters and digits.
    bool word() {
        const auto octets = counted();
        if (!octets || octets->empty() || !std::all_of(octets->begin(), octets->end(), [](std::uint8_t c) {
                return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
            }))
            return false;
        item() += as_text(*octets);
        return true;
    }

    TextBuffer& text_;
    const Rdata& rdata_;
    std::size_t at_;
    bool first_ = true;
};

}  // namespace

void append_standard_name(TextBuffer& text, Octets wire) {
    const std::size_t start = text.size();
    append_name(wire, text);
    constexpr std::string_view special = "\";()@$";
    const std::string plain(text.view().substr(start));
    if (plain.find_first_of(special) == std::string::npos) return;
    text.cut(start);
    for (const char c : plain) {
        if (special.find(c) != std::string_view::npos) text += '\\';
        text += c;
    }
}

void append_standard_rdata(TextBuffer& text, const Rdata& rdata) {
    constexpr std::uint16_t internet = 1;
    const StandardType* known = standard_type(rdata.type);
    const std::size_t start = text.size();
    if (known != nullptr && !known->parts.empty() && (!known->internet_only || rdata.rrclass == internet) &&
        StandardText(text, rdata).parts(known->parts))
        return;
    text.cut(start);
    text += "\\# ";
    append_decimal(text, rdata.to - rdata.from);
    if (rdata.to == rdata.from) return;
    text += ' ';
    append_hex(text, rdata.octets(), true);
}

}  // namespace sie::dns
