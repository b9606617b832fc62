// The settings of the transaction rules (REFERENCE §3), as values, and how each is read from its text.
//
// A Settings is plain data: whoever runs the rules takes it by value. settings_table is the only declaration
// of names, defaults, ranges and help; flags, environment and documentation are made from it. apply() refuses
// what REFERENCE §3 and §7 refuse, with an Error of kind usage that names the variable, the item and the
// mend.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "dnsqr/name_set.h"
#include "net/address.h"

namespace sie::dnsqr {

struct Settings {
    std::vector<net::Prefix> resolver_prefixes, server_prefixes;  // as given, for messages
    net::PrefixSet resolvers, servers;                            // DNSQR_RES_ADDRS, DNSQR_AUTH_ADDRS
    std::optional<std::uint8_t> capture_qr;                       // 0 queries only, 1 responses only
    std::optional<std::uint8_t> capture_rd;                       // keep this RD bit only
    std::int64_t query_timeout_s = 60;
    std::uint32_t state_table_max = 131072;
    // Octets kept of waiting queries; 0: 64 MiB or 512 octets × the table's size, whichever is more. Not a
    // setting of its own: a service sizes it to memory_ulimit_kbytes.
    std::size_t stored_octets_max = 0;
    bool zero_resolver_address = false;
    bool zero_client_subnet = false;
    std::optional<bool> capture_tcp, capture_icmp;  // as given; see wants_tcp()
    NameSet exclude_names, include_names;
    std::uint16_t exclude_rcodes = 0, include_rcodes = 0;  // a bit for each rcode; include 0: all
    std::vector<std::uint16_t> ports{53};                  // dns_ports

    [[nodiscard]] bool has_lists() const { return !resolvers.empty() || !servers.empty(); }
    // On by default when no list is set and zeroing is off (§1.4, §7).
    [[nodiscard]] bool wants_tcp() const {
        return capture_tcp.value_or(!has_lists() && !zero_resolver_address);
    }
    [[nodiscard]] bool wants_icmp() const {
        return capture_icmp.value_or(!has_lists() && !zero_resolver_address);
    }
};

// One row for each setting: its name as environment variable, what it takes, and how it is read.
struct SettingRow {
    std::string_view name;  // "DNSQR_RES_ADDRS" (the flag is --res-addrs: without DNSQR_, dashes, lower case)
    std::string_view placeholder;   // "LIST", "0|1", "SECONDS"
    std::string_view default_text;  // as the documentation shows it
    std::string_view range;         // "1 … 3600"
    std::string_view since;         // version
    std::string_view help;          // one line
    Result<void> (*apply)(Settings& settings, std::string_view name, std::string_view text);
    // The value in force, as apply() reads it; empty: not set.
    std::string (*show)(const Settings& settings);
};
[[nodiscard]] std::span<const SettingRow> settings_table();
[[nodiscard]] const SettingRow* find_setting(std::string_view name);
[[nodiscard]] std::string flag_of(const SettingRow& row);  // "--res-addrs"

// What no single value shows: TCP or ICMP asked for together with zeroing (refused). `needs_list`: the sensor
// refuses to start without a list.
[[nodiscard]] Result<void> check(const Settings& settings, bool needs_list);
// What is allowed and yet worth a line at start (TCP or ICMP together with client-subnet zeroing; INCLUDE
// without EXCLUDE …).
[[nodiscard]] std::vector<std::string> warnings(const Settings& settings);

}  // namespace sie::dnsqr
