#include "dnsqr/settings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/number.h"
#include "base/quoted.h"
#include "dns/type_name.h"

namespace sie::dnsqr {

namespace {

[[nodiscard]] tl::unexpected<Error> refuse(std::string_view name, std::string why, std::string remedy) {
    return fail(ErrorKind::usage, std::string(name), std::move(why), std::move(remedy));
}

// Names the setting in an error about its whole text.
[[nodiscard]] tl::unexpected<Error> refuse(std::string_view name, Error error) {
    error.what = name;
    return fail(std::move(error));
}

// What is wrong with the items of a list: all of them are named at once, the first few in full.
class Complaints {
  public:
    void add(const Error& error) {
        if (++count_ > shown) return;
        why_ += (why_.empty() ? "" : ", ") + error.what + ' ' + error.why;
        if (remedy_.find(error.remedy) == std::string::npos)
            remedy_ += (remedy_.empty() ? "" : "; ") + error.remedy;
    }
    [[nodiscard]] bool none() const { return count_ == 0; }
    [[nodiscard]] tl::unexpected<Error> refuse_all(std::string_view name) {
        if (count_ > shown) why_ += fmt::format(", and {} more", count_ - shown);
        return refuse(name, std::move(why_), std::move(remedy_));
    }

  private:
    static constexpr std::size_t shown = 8;
    std::size_t count_ = 0;
    std::string why_, remedy_;
};

// How one kind of list is written: what separates items, whether blanks around them count, what an item is
// called.
struct ListForm {
    char separator;
    bool trim;
    std::string_view item;
    std::string_view example;
};

// Reads each item with `parse`, which gives a Result<T> whose error's `what` is the item. Empty items are
// skipped unless nothing is left (REFERENCE §7).
template <class T, class Parse>
[[nodiscard]] Result<std::vector<T>> read_list(std::string_view name, std::string_view text,
                                               const ListForm& form, Parse parse) {
    if (trimmed(text).empty()) {
        return refuse(name, "is set but empty",
                      fmt::format("write {}, or leave the setting out", form.example));
    }
    std::vector<T> items;
    Complaints complaints;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t end = std::min(text.find(form.separator, at), text.size());
        const std::string_view piece = text.substr(at, end - at), item = form.trim ? trimmed(piece) : piece;
        at = end + 1;
        if (item.empty()) continue;
        Result<T> value = parse(item);
        if (value) {
            items.push_back(std::move(*value));
        } else {
            complaints.add(std::move(value.error()));
        }
    }
    if (!complaints.none()) return complaints.refuse_all(name);
    if (items.empty()) {
        return refuse(name, fmt::format("holds no {}", form.item),
                      fmt::format("write {}, or leave the setting out", form.example));
    }
    return items;
}

[[nodiscard]] Result<void> read_prefixes(std::string_view name, std::string_view text,
                                         std::vector<net::Prefix>& prefixes, net::PrefixSet& set) {
    auto items = read_list<net::Prefix>(
        name, text, {',', true, "address", "addresses, such as 192.0.2.1,2001:db8::/48"}, net::parse_prefix);
    if (!items) return fail(std::move(items.error()));
    prefixes = std::move(*items);
    set = net::PrefixSet(prefixes);
    return {};
}

[[nodiscard]] Result<void> read_names(std::string_view name, std::string_view text, NameSet& set) {
    auto items = read_list<std::string>(
        name, text, {':', false, "name", "names, such as example.com:example.net"}, dns::name_from_text);
    if (!items) return fail(std::move(items.error()));
    for (std::string& item : *items) item = dns::lowered(item);
    set = NameSet(std::move(*items));
    return {};
}

[[nodiscard]] Result<void> read_rcodes(std::string_view name, std::string_view text, std::uint16_t& set) {
    const auto items = read_list<std::uint8_t>(
        name, text, {',', true, "rcode", "rcodes, such as NXDOMAIN,2"},
        [](std::string_view item) -> Result<std::uint8_t> {
            if (const auto rcode = dns::rcode_from_text(item)) return *rcode;
            return fail(ErrorKind::usage, quoted(item), "is not an rcode",
                        "write names from NOERROR to NOTZONE or numbers from 0 to 15");
        });
    if (!items) return fail(items.error());
    set = 0;
    for (const std::uint8_t rcode : *items) set = static_cast<std::uint16_t>(set | 1U << rcode);
    return {};
}

[[nodiscard]] Result<void> read_ports(std::string_view name, std::string_view text,
                                      std::vector<std::uint16_t>& ports) {
    auto items =
        read_list<std::uint16_t>(name, text, {',', true, "port", "ports, such as 53,5353"},
                                 [](std::string_view item) -> Result<std::uint16_t> {
                                     auto port = parse_number(item, 1, 65535);
                                     if (port) return static_cast<std::uint16_t>(*port);
                                     return fail(ErrorKind::usage, "port", std::move(port.error().why),
                                                 std::move(port.error().remedy));
                                 });
    if (!items) return fail(std::move(items.error()));
    std::vector<std::uint16_t> once;
    std::vector<bool> seen(65536);
    for (const std::uint16_t port : *items) {
        if (!seen[port]) once.push_back(port);
        seen[port] = true;
    }
    ports = std::move(once);
    return {};
}

[[nodiscard]] std::optional<tl::unexpected<Error>> refuse_blank(std::string_view name, std::string_view text,
                                                                std::string_view range) {
    if (!trimmed(text).empty()) return std::nullopt;
    return refuse(name, "is set but empty", fmt::format("write {}, or leave the setting out", range));
}

template <class T>
[[nodiscard]] Result<void> read_number(std::string_view name, std::string_view text, std::uint64_t least,
                                       std::uint64_t most, T& value) {
    if (auto blank = refuse_blank(name, text, fmt::format("a number from {} to {}", least, most)))
        return *blank;
    auto number = parse_number(text, least, most);
    if (!number) return refuse(name, std::move(number.error()));
    value = static_cast<T>(*number);
    return {};
}

template <class T>
[[nodiscard]] Result<void> read_switch(std::string_view name, std::string_view text, T& value) {
    if (auto blank = refuse_blank(name, text, "1 or 0")) return *blank;
    auto on = parse_switch(text);
    if (!on) return refuse(name, std::move(on.error()));
    value = *on;
    return {};
}

// 0 or 1, or the word `both`: how a stronger place takes back what a weaker one or the sensor's default
// restricts.
[[nodiscard]] Result<void> read_half(std::string_view name, std::string_view text,
                                     std::optional<std::uint8_t>& half) {
    if (auto blank = refuse_blank(name, text, "0, 1 or both")) return *blank;
    if (dns::lowered(trimmed(text)) == "both") {
        half.reset();
        return {};
    }
    auto number = parse_number(text, 0, 1);
    if (!number) {
        number.error().remedy = "write 0, 1 or both";
        return refuse(name, std::move(number.error()));
    }
    half = static_cast<std::uint8_t>(*number);
    return {};
}

[[nodiscard]] std::string shown_prefixes(const std::vector<net::Prefix>& prefixes) {
    std::string text;
    for (const net::Prefix& prefix : prefixes) {
        const bool whole = prefix.length == 8 * net::address_octets(prefix.address.family);
        text += (text.empty() ? "" : ",") + (whole ? to_text(prefix.address) : to_text(prefix));
    }
    return text;
}

[[nodiscard]] std::string shown_half(std::optional<std::uint8_t> half) {
    return half ? std::to_string(*half) : "both";
}

[[nodiscard]] std::string shown_switch(bool on) { return on ? "1" : "0"; }

// A colon inside a name would end it.
[[nodiscard]] std::string shown_names(const NameSet& set) {
    std::string text;
    for (const std::string& wire : set.names()) {
        if (!text.empty()) text += ':';
        for (const char c : dns::name_to_text(as_octets(wire)))
            text += c == ':' ? "\\058" : std::string(1, c);
    }
    return text;
}

[[nodiscard]] std::string shown_rcodes(std::uint16_t set) {
    std::string text;
    for (std::uint16_t rcode = 0; rcode < 16; ++rcode)
        if ((unsigned{set} >> rcode & 1U) != 0) text += (text.empty() ? "" : ",") + dns::rcode_text(rcode);
    return text;
}

using S = Settings;
using View = std::string_view;

constexpr std::array table{
    SettingRow{"DNSQR_RES_ADDRS", "LIST", "none", "addresses and prefixes, separated by commas", "1.0",
               "record what these resolvers ask: messages whose initiator is listed",
               [](S& s, View n, View t) { return read_prefixes(n, t, s.resolver_prefixes, s.resolvers); },
               [](const S& s) { return shown_prefixes(s.resolver_prefixes); }},
    SettingRow{"DNSQR_AUTH_ADDRS", "LIST", "none", "addresses and prefixes, separated by commas", "1.0",
               "record what these servers are asked: messages whose responder is listed",
               [](S& s, View n, View t) { return read_prefixes(n, t, s.server_prefixes, s.servers); },
               [](const S& s) { return shown_prefixes(s.server_prefixes); }},
    SettingRow{"DNSQR_CAPTURE_QR", "0|1|both", "both", "0, 1 or both", "1.0",
               "0: queries only, 1: responses only, without pairing; both: transactions",
               [](S& s, View n, View t) { return read_half(n, t, s.capture_qr); },
               [](const S& s) { return shown_half(s.capture_qr); }},
    SettingRow{"DNSQR_CAPTURE_RD", "0|1|both", "sensor 0, nmsgtool both", "0, 1 or both", "1.0",
               "keep only transactions with this RD (recursion desired) bit",
               [](S& s, View n, View t) { return read_half(n, t, s.capture_rd); },
               [](const S& s) { return shown_half(s.capture_rd); }},
    SettingRow{"DNSQR_QUERY_TIMEOUT", "SECONDS", "60", "1 … 3600", "1.0",
               "how long a query waits for its response, in seconds of packet time",
               [](S& s, View n, View t) { return read_number(n, t, 1, 3600, s.query_timeout_s); },
               [](const S& s) { return std::to_string(s.query_timeout_s); }},
    SettingRow{"DNSQR_STATE_TABLE_MAX", "COUNT", "131072", "1 … 16777216", "1.0",
               "how many queries may wait at once; beyond that the oldest one leaves unanswered",
               [](S& s, View n, View t) { return read_number(n, t, 1, 16'777'216, s.state_table_max); },
               [](const S& s) { return std::to_string(s.state_table_max); }},
    SettingRow{"DNSQR_ZERO_RESOLVER_ADDRESS", "0|1", "0", "0 or 1 (no, yes, false, true, off, on)", "1.0",
               "zero the resolver's address and all from which it could be computed",
               [](S& s, View n, View t) { return read_switch(n, t, s.zero_resolver_address); },
               [](const S& s) { return shown_switch(s.zero_resolver_address); }},
    SettingRow{"DNSQR_FILTER_QNAMES_EXCLUDE", "NAMES", "none", "names, separated by colons", "1.0",
               "drop transactions whose name is listed or below a listed one",
               [](S& s, View n, View t) { return read_names(n, t, s.exclude_names); },
               [](const S& s) { return shown_names(s.exclude_names); }},
    SettingRow{"DNSQR_FILTER_QNAMES_INCLUDE", "NAMES", "none", "names, separated by colons", "1.0",
               "exceptions to DNSQR_FILTER_QNAMES_EXCLUDE; drops nothing by itself",
               [](S& s, View n, View t) { return read_names(n, t, s.include_names); },
               [](const S& s) { return shown_names(s.include_names); }},
    SettingRow{"DNSQR_FILTER_RCODES_EXCLUDE", "LIST", "none", "names or 0 … 15, separated by commas", "1.0",
               "drop responses with these rcodes",
               [](S& s, View n, View t) { return read_rcodes(n, t, s.exclude_rcodes); },
               [](const S& s) { return shown_rcodes(s.exclude_rcodes); }},
    SettingRow{"DNSQR_FILTER_RCODES_INCLUDE", "LIST", "none", "names or 0 … 15, separated by commas", "1.0",
               "of responses keep only those with these rcodes",
               [](S& s, View n, View t) { return read_rcodes(n, t, s.include_rcodes); },
               [](const S& s) { return shown_rcodes(s.include_rcodes); }},
    SettingRow{"DNSQR_CAPTURE_TCP", "0|1", "1 without lists and zeroing, else 0",
               "0 or 1 (no, yes, false, true, off, on)", "1.0",
               "record TCP segments between a listed address and port 53 on the other side",
               [](S& s, View n, View t) { return read_switch(n, t, s.capture_tcp); },
               [](const S& s) { return shown_switch(s.wants_tcp()); }},
    SettingRow{"DNSQR_CAPTURE_ICMP", "0|1", "1 without lists and zeroing, else 0",
               "0 or 1 (no, yes, false, true, off, on)", "1.0",
               "record ICMP errors that quote packets between a listed address and port 53",
               [](S& s, View n, View t) { return read_switch(n, t, s.capture_icmp); },
               [](const S& s) { return shown_switch(s.wants_icmp()); }},
    SettingRow{"DNSQR_ZERO_CLIENT_SUBNET", "0|1", "sensor 1, nmsgtool 0",
               "0 or 1 (no, yes, false, true, off, on)", "1.0",
               "zero the address octets of EDNS client-subnet options in UDP messages",
               [](S& s, View n, View t) { return read_switch(n, t, s.zero_client_subnet); },
               [](const S& s) { return shown_switch(s.zero_client_subnet); }},
    SettingRow{"dns_ports", "LIST", "53", "1 … 65535, separated by commas", "1.0",
               "the ports that stand for 53 in the rules and in the kernel's filter",
               [](S& s, View n, View t) { return read_ports(n, t, s.ports); },
               [](const S& s) { return fmt::format("{}", fmt::join(s.ports, ",")); }},
};

[[nodiscard]] bool overlap(const std::vector<net::Prefix>& prefixes, const net::PrefixSet& set) {
    return std::any_of(prefixes.begin(), prefixes.end(), [&](const net::Prefix& prefix) {
        return set.contains(prefix.address.family, prefix.address.octets.data());
    });
}

[[nodiscard]] bool is_mapped(const net::Prefix& prefix) {
    static constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return prefix.address.family == net::Family::v6 && prefix.length >= 96 &&
           equal(prefix.address.view().first(mapped.size()), mapped);
}

void warn_of_list(std::vector<std::string>& lines, std::string_view name,
                  const std::vector<net::Prefix>& prefixes) {
    for (const net::Prefix& prefix : prefixes) {
        if (prefix.length == 0) {
            lines.push_back(
                fmt::format("{}: {} lists every address, those of clients too", name, to_text(prefix)));
        }
        if (is_mapped(prefix)) {
            lines.push_back(
                fmt::format("{}: {} is an IPv4 address in an IPv6 one, which no packet carries; "
                            "write the IPv4 address",
                            name, to_text(prefix)));
        }
    }
}

// Names are separated by colons only, so a comma or a blank is most likely meant as a separator and is none.
void warn_of_names(std::vector<std::string>& lines, std::string_view name, const NameSet& set) {
    for (const std::string& wire : set.names()) {
        if (wire.find_first_of(", \t") == std::string::npos) continue;
        lines.push_back(fmt::format("{}: {} holds a comma or a blank; names are separated by colons", name,
                                    dns::name_to_text(as_octets(wire))));
    }
}

}  // namespace

std::span<const SettingRow> settings_table() { return table; }

const SettingRow* find_setting(std::string_view name) {
    const auto row =
        std::find_if(table.begin(), table.end(), [&](const SettingRow& r) { return r.name == name; });
    return row == table.end() ? nullptr : &*row;
}

std::string flag_of(const SettingRow& row) {
    static constexpr std::string_view prefix = "DNSQR_";
    std::string flag = dns::lowered(row.name.starts_with(prefix) ? row.name.substr(prefix.size()) : row.name);
    std::replace(flag.begin(), flag.end(), '_', '-');
    return "--" + flag;
}

Result<void> check(const Settings& settings, bool needs_list) {
    if (needs_list && !settings.has_lists()) {
        return refuse(
            "DNSQR_RES_ADDRS", "neither this nor DNSQR_AUTH_ADDRS is set",
            "name the addresses from which the resolver asks, such as DNSQR_RES_ADDRS=\"192.0.2.1\"");
    }
    if (settings.zero_resolver_address) {
        const bool tcp = settings.capture_tcp.value_or(false);
        if (tcp || settings.capture_icmp.value_or(false)) {
            return refuse(
                tcp ? "DNSQR_CAPTURE_TCP" : "DNSQR_CAPTURE_ICMP",
                "cannot be 1 together with DNSQR_ZERO_RESOLVER_ADDRESS: its payloads show the address",
                "set one of the two to 0");
        }
    }
    return {};
}

std::vector<std::string> warnings(const Settings& settings) {
    std::vector<std::string> lines;
    warn_of_list(lines, "DNSQR_RES_ADDRS", settings.resolver_prefixes);
    warn_of_list(lines, "DNSQR_AUTH_ADDRS", settings.server_prefixes);
    if (overlap(settings.resolver_prefixes, settings.servers) ||
        overlap(settings.server_prefixes, settings.resolvers)) {
        lines.emplace_back(
            "DNSQR_AUTH_ADDRS: an address is in DNSQR_RES_ADDRS too; clients that ask it are recorded");
    }
    if (settings.zero_client_subnet && (settings.wants_tcp() || settings.wants_icmp())) {
        lines.emplace_back(
            "DNSQR_ZERO_CLIENT_SUBNET: TCP and ICMP payloads are not searched for client subnets; "
            "set DNSQR_CAPTURE_TCP and DNSQR_CAPTURE_ICMP to 0 to keep them out");
    }
    warn_of_names(lines, "DNSQR_FILTER_QNAMES_EXCLUDE", settings.exclude_names);
    warn_of_names(lines, "DNSQR_FILTER_QNAMES_INCLUDE", settings.include_names);
    if (!settings.include_names.empty() && settings.exclude_names.empty()) {
        lines.emplace_back(
            "DNSQR_FILTER_QNAMES_INCLUDE: drops nothing without DNSQR_FILTER_QNAMES_EXCLUDE; "
            "set DNSQR_FILTER_QNAMES_EXCLUDE=. to keep these names only");
    }
    if (settings.include_rcodes != 0 && (settings.include_rcodes & ~settings.exclude_rcodes) == 0) {
        lines.emplace_back(
            "DNSQR_FILTER_RCODES_INCLUDE: DNSQR_FILTER_RCODES_EXCLUDE drops all of these rcodes; no response "
            "is kept");
    }
    return lines;
}

}  // namespace sie::dnsqr
