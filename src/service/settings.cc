#include "service/settings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/number.h"
#include "base/quoted.h"
#include "capture/packet_filter.h"

namespace sie::service {

namespace {

using S = SensorSettings;
using View = std::string_view;

[[nodiscard]] tl::unexpected<Error> refuse(View what, std::string why, std::string remedy) {
    return fail(ErrorKind::usage, std::string(what), std::move(why), std::move(remedy));
}
[[nodiscard]] tl::unexpected<Error> refuse(View what, Error error) {
    error.what = what;
    return fail(std::move(error));
}

// A variable that is set but empty is refused, whatever it is (REFERENCE §7).
[[nodiscard]] std::optional<tl::unexpected<Error>> refuse_blank(View what, View text, View example) {
    if (!trimmed(text).empty()) return std::nullopt;
    return refuse(what, "is set but empty", fmt::format("write {}, or leave the setting out", example));
}

constexpr View letters_and_digits = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
[[nodiscard]] bool made_of(View text, View more) {
    return std::all_of(text.begin(), text.end(), [&](char c) {
        return letters_and_digits.find(c) != View::npos || more.find(c) != View::npos;
    });
}

// ---- numbers and switches

template <class T>
[[nodiscard]] Result<void> read_number(View what, View text, std::uint64_t least, std::uint64_t most,
                                       T& value) {
    if (auto blank = refuse_blank(what, text, fmt::format("a number from {} to {}", least, most)))
        return *blank;
    auto number = parse_number(text, least, most);
    if (!number) return refuse(what, std::move(number.error()));
    value = static_cast<T>(*number);
    return {};
}

[[nodiscard]] Result<void> read_switch(View what, View text, bool& value) {
    if (auto blank = refuse_blank(what, text, "yes or no")) return *blank;
    auto on = parse_switch(text);
    if (!on) {
        on.error().remedy = "write yes or no (true and false, on and off, 1 and 0 are taken too)";
        return refuse(what, std::move(on.error()));
    }
    value = *on;
    return {};
}
[[nodiscard]] std::string shown_switch(bool value) { return value ? "yes" : "no"; }

[[nodiscard]] Result<void> read_offset(View what, View text, std::optional<std::int64_t>& value) {
    if (trimmed(text) == "random") {
        value.reset();
        return {};
    }
    std::int64_t seconds = 0;
    auto read = read_number(what, text, 0, 86'399, seconds);
    if (!read) {
        read.error().remedy = "write a number of seconds below rotation_interval, or random";
        return read;
    }
    value = seconds;
    return {};
}

// ---- names and paths

// `text` as it stands, blanks at its ends included, is a path that begins with a slash.
[[nodiscard]] Result<void> read_path(View what, View text, View example, std::string& value) {
    if (auto blank = refuse_blank(what, text, example)) return *blank;
    const auto no = [&](const char* why) {
        return refuse(what, fmt::format("{} {}", quoted(text), why),
                      fmt::format("write a path like {}", example));
    };
    if (text.front() != '/') return no("does not begin with a slash");
    if (text.size() > 3000) return no("is longer than 3000 octets");
    if (std::any_of(text.begin(), text.end(),
                    [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }))
        return no("holds a control character");
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('/', at + 1), text.size());
        if (text.substr(at + 1, end - at - 1) == "..") return no("climbs by ..");
        at = end;
    }
    const std::size_t last = text.find_last_not_of('/');
    if (last == View::npos) return no("is the root folder");
    value = text.substr(0, last + 1);
    return {};
}
[[nodiscard]] Result<void> read_file_path(View what, View text, View example, std::string& value) {
    if (!text.empty() && text.back() == '/')
        return refuse(what, quoted(text) + " is a folder", fmt::format("write a path like {}", example));
    return read_path(what, text, example, value);
}

[[nodiscard]] Result<void> read_channel(View what, View text, std::string& value) {
    if (auto blank = refuse_blank(what, text, "a name like ch202")) return *blank;
    if (!made_of(text, "._-") || text.front() == '.' || text.front() == '-' || text.size() > 64)
        return refuse(
            what, quoted(text) + " cannot be a channel",
            "write a name of up to 64 letters, digits, '.', '_' and '-' that begins with a letter or "
            "digit, such as ch202: it is a folder's name here and at the collector");
    value = text;
    return {};
}

// It becomes part of ssh's command line and of a path at the collector.
[[nodiscard]] Result<void> read_login(View what, View text, std::string& value) {
    if (auto blank = refuse_blank(what, text, "the user name that the collector gave you")) return *blank;
    const bool option = text.front() == '-';
    if (option || !made_of(text, "._-") || text.front() == '.' || text.size() > 64)
        return refuse(
            what, quoted(text) + (option ? " is an option, not a user name" : " is no user name"),
            "write the name that the collector gave you: up to 64 letters, digits, '.', '_' and '-', "
            "beginning with a letter or digit");
    value = text;
    return {};
}

[[nodiscard]] Result<void> read_server(View what, View text, std::string& value) {
    static constexpr View example = "a host name like submit.sie-network.net";
    if (auto blank = refuse_blank(what, text, example)) return *blank;
    const View name = trimmed(text);
    bool sound = net::parse_address(name).has_value();
    if (!sound && name.size() <= 240 && made_of(name, "._-")) {
        sound = true;
        // Labels of 1 to 63 octets that do not begin with a hyphen; a last dot is the root's.
        for (std::size_t at = 0; at < name.size();) {
            const std::size_t end = std::min(name.find('.', at), name.size());
            if (end == at || end - at > 63 || name[at] == '-') sound = false;
            at = end + 1;
        }
    }
    if (!sound) return refuse(what, quoted(text) + " is no host name", fmt::format("write {}", example));
    value = name;
    return {};
}

[[nodiscard]] Result<void> read_prefix(View what, View text, std::string& value) {
    if (auto blank = refuse_blank(what, text, "the first part of file names")) return *blank;
    // 255 octets of a name, less stamp, suffix and the part file's dot.
    if (!made_of(text, "._-") || text.front() == '.' || text.front() == '-' || text.size() > 200)
        return refuse(what,
                      quoted(text) +
                          " holds other than letters, digits, '.', '_' and '-', begins with '.' or '-', "
                          "or is longer than 200",
                      "write a short name such as sensor1");
    value = text;
    return {};
}

// ---- lists

// The items between commas and, with `blanks`, between blanks; empty ones are skipped (REFERENCE §7).
[[nodiscard]] std::vector<View> items_of(View text, View separators) {
    std::vector<View> items;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t end = std::min(text.find_first_of(separators, at), text.size());
        if (const View item = trimmed(text.substr(at, end - at)); !item.empty()) items.push_back(item);
        at = end + 1;
    }
    return items;
}

// What the kernel takes as a name (dev_valid_name): up to 15 octets, no slash, colon or blank, not . or ..
[[nodiscard]] bool names_interface(View name) {
    return !name.empty() && name.size() <= 15 && name != "." && name != ".." &&
           std::all_of(name.begin(), name.end(),
                       [](char c) { return c > 0x20 && c < 0x7f && c != '/' && c != ':' && c != '+'; });
}

[[nodiscard]] Result<void> read_interfaces(View what, View text, std::vector<Interface>& value) {
    static constexpr View example = "the names of network interfaces, such as eth0 or \"eth0, eth1+\"";
    static constexpr std::size_t most = 32;
    const auto items = items_of(text, ", \t");
    if (items.empty()) return refuse(what, "is set but empty", fmt::format("write {}", example));
    if (items.size() > most)
        return refuse(what, fmt::format("names {} interfaces, more than {}", items.size(), most),
                      "run more than one sensor");
    std::vector<Interface> interfaces;
    for (const View item : items) {
        const bool promiscuous = item.ends_with('+');
        const View name = promiscuous ? item.substr(0, item.size() - 1) : item;
        if (!names_interface(name))
            return refuse(
                what, quoted(item) + " cannot be an interface",
                "write names of up to 15 characters, as `ip link` shows them, with + behind a name for "
                "promiscuous capture");
        if (std::any_of(interfaces.begin(), interfaces.end(),
                        [&](const Interface& i) { return i.name == name; }))
            return refuse(what, quoted(name) + " is named twice", "name each interface once");
        interfaces.push_back({std::string(name), promiscuous});
    }
    value = std::move(interfaces);
    return {};
}
[[nodiscard]] std::string shown_interfaces(const std::vector<Interface>& interfaces) {
    std::string text;
    for (const Interface& i : interfaces)
        text += (text.empty() ? "" : ",") + i.name + (i.promiscuous ? "+" : "");
    return text;
}

// Single numbers and rows FIRST-LAST.
[[nodiscard]] Result<void> read_cpus(View what, View text, std::vector<unsigned>& value) {
    static constexpr View example = "numbers of CPUs from 0 to 1023, such as 0,2-3";
    if (auto blank = refuse_blank(what, text, example)) return *blank;
    std::vector<unsigned> cpus;
    for (const View item : items_of(text, ",")) {
        const std::size_t hyphen = item.find('-');
        const auto first = parse_number(item.substr(0, hyphen), 0, 1023);
        const auto last = hyphen == View::npos ? first : parse_number(item.substr(hyphen + 1), 0, 1023);
        if (!first || !last || *last < *first)
            return refuse(what, quoted(item) + " is no CPU and no row of CPUs",
                          fmt::format("write {}", example));
        for (auto cpu = *first; cpu <= *last; ++cpu)
            if (std::find(cpus.begin(), cpus.end(), cpu) == cpus.end())
                cpus.push_back(static_cast<unsigned>(cpu));
    }
    if (cpus.empty()) return refuse(what, "holds no number", fmt::format("write {}", example));
    value = std::move(cpus);
    return {};
}

// ---- the rest

constexpr std::array<View, 24> facilities{"kern",   "user",   "mail",   "daemon", "auth",     "syslog",
                                          "lpr",    "news",   "uucp",   "cron",   "authpriv", "ftp",
                                          "",       "",       "",       "",       "local0",   "local1",
                                          "local2", "local3", "local4", "local5", "local6",   "local7"};
constexpr std::array<View, 8> levels{"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"};

[[nodiscard]] Result<void> read_priority(View what, View text, SyslogPriority& value) {
    static constexpr View example = "FACILITY.LEVEL like local5.info";
    if (auto blank = refuse_blank(what, text, example)) return *blank;
    const View word = trimmed(text);
    const std::size_t dot = word.find('.');
    View level = dot == View::npos ? View{} : word.substr(dot + 1);
    const View facility = word.substr(0, dot);
    // The names that logger -p takes besides.
    if (level == "error") level = "err";
    if (level == "warn") level = "warning";
    if (level == "panic") level = "emerg";
    const auto f =
        std::find(facilities.begin(), facilities.end(), facility == "security" ? "auth" : facility);
    const auto l = std::find(levels.begin(), levels.end(), level);
    if (facility.empty() || f == facilities.end() || f == facilities.begin() || l == levels.end())
        return refuse(
            what, quoted(word) + " is no facility and level of syslog",
            "write user, mail, daemon, auth, syslog, lpr, news, uucp, cron, authpriv, ftp or local0 to "
            "local7, a dot, and emerg, alert, crit, err, warning, notice, info or debug");
    value = {static_cast<int>(f - facilities.begin()), static_cast<int>(l - levels.begin())};
    return {};
}
[[nodiscard]] std::string shown_priority(SyslogPriority priority) {
    return fmt::format("{}.{}", facilities.at(static_cast<std::size_t>(priority.facility)),
                       levels.at(static_cast<std::size_t>(priority.level)));
}

constexpr View compressions = "none, fast, default, best, zstd";
[[nodiscard]] Result<void> read_compression(View what, View text, sensor::FileCompression& value) {
    const std::string known = fmt::format("one of {}", compressions);
    if (auto blank = refuse_blank(what, text, known)) return *blank;
    const View word = trimmed(text);
    const auto compression = sensor::file_compression_of(word);
    if (!compression) return refuse(what, quoted(word) + " is not known", "write " + known);
    value = *compression;
    return {};
}

[[nodiscard]] Result<void> read_filter(View what, View text, std::string& value) {
    if (auto blank = refuse_blank(what, text, "a filter like \"not net 192.0.2.0/24\"")) return *blank;
    if (std::any_of(text.begin(), text.end(), [](char c) { return c < 0x20 || c == 0x7f; }))
        return refuse(what, "holds other than printable ASCII", "write it as pcap-filter(7) says");
    auto filter = capture::PacketFilter::compile(std::string(what), std::string(text));
    if (!filter) return fail(std::move(filter.error()));
    value = text;
    return {};
}

[[nodiscard]] Result<void> read_source(View what, View text, std::optional<net::Address>& value) {
    if (auto blank = refuse_blank(what, text, "an address of this host")) return *blank;
    auto address = net::parse_address(trimmed(text));
    if (!address)
        return refuse(what, quoted(trimmed(text)) + " is no address", "write an address of this host");
    value = *address;
    return {};
}

constexpr View switch_words = "yes, no (true, false, on, off, 1, 0)";
constexpr View key_example = "/var/spool/sie/keys/upload";

#define ROW_READ(call) [](S& s, View n, View t) -> Result<void> { return call; }
#define ROW_SHOW(call) [](const S& s) -> std::string { return call; }

// The rows that are not the transaction rules', by topic.
const std::array own_rows{
    SettingRow{"interface", "IF[+]", "none",
               "names, separated by commas or blanks; + behind a name: promiscuous", "0.6.14",
               "network interfaces to capture on", Topic::capture,
               ROW_READ(read_interfaces(n, t, s.interfaces)), ROW_SHOW(shown_interfaces(s.interfaces))},
    SettingRow{"bpf", "EXPR", "none", "a pcap-filter(7) expression", "1.0",
               "narrows what the lists allow; judged on whole packets", Topic::capture,
               ROW_READ(read_filter(n, t, s.bpf)), ROW_SHOW(s.bpf)},
    SettingRow{"workers", "N", "1", "1 … 64", "1.0", "threads that share the packets of an interface",
               Topic::capture, ROW_READ(read_number(n, t, 1, 64, s.workers)),
               ROW_SHOW(std::to_string(s.workers))},
    SettingRow{"ring_kbytes", "KIB", "16384", "1024 … 1048576", "1.0",
               "memory for packets that wait, of each interface, all its workers together", Topic::capture,
               ROW_READ(read_number(n, t, 1024, 1'048'576, s.ring_kbytes)),
               ROW_SHOW(std::to_string(s.ring_kbytes))},
    SettingRow{"cpu_affinity", "LIST", "none", "0 … 1023 and rows such as 2-3, separated by commas", "1.0",
               "the CPUs on which workers run, in turn", Topic::capture,
               ROW_READ(read_cpus(n, t, s.cpu_affinity)),
               ROW_SHOW(fmt::format("{}", fmt::join(s.cpu_affinity, ",")))},

    SettingRow{"spooldir", "DIR", "/var/spool/sie", "a path that begins with /", "0.6.14",
               "the folder of new, waiting and archived files", Topic::files,
               ROW_READ(read_path(n, t, "/var/spool/sie", s.spooldir)), ROW_SHOW(s.spooldir)},
    SettingRow{"channel", "NAME", "ch202", "letters, digits, `.`, `_`, `-`", "0.6.14",
               "the folder in the spool and at the collector", Topic::files,
               ROW_READ(read_channel(n, t, s.channel)), ROW_SHOW(s.channel)},
    SettingRow{"outfile_prefix", "NAME", "the host's name", "letters, digits, `.`, `_`, `-`", "0.6.14",
               "first part of file names", Topic::files, ROW_READ(read_prefix(n, t, s.outfile_prefix)),
               ROW_SHOW(s.outfile_prefix)},
    SettingRow{"compression", "LEVEL", "default", compressions, "1.0",
               "how hard containers are compressed; zstd: files .nmsg.zst", Topic::files,
               ROW_READ(read_compression(n, t, s.compression)),
               ROW_SHOW(std::string(word_of(s.compression)))},
    SettingRow{"rotation_interval", "SECONDS", "60", "1 … 86400", "1.0",
               "a new file at each multiple of this", Topic::files,
               ROW_READ(read_number(n, t, 1, 86'400, s.rotation_interval_s)),
               ROW_SHOW(std::to_string(s.rotation_interval_s))},
    SettingRow{"rotation_offset", "SECONDS", "0", "0 … interval − 1, or random", "1.0",
               "moves those multiples; random: drawn at start", Topic::files,
               ROW_READ(read_offset(n, t, s.rotation_offset_s)),
               ROW_SHOW(s.rotation_offset_s ? std::to_string(*s.rotation_offset_s) : "random")},
    SettingRow{"max_spool_size_kbytes", "KIB", "524288", "1024 … 1099511627776", "0.6.14",
               "beyond this the oldest waiting files are removed", Topic::files,
               ROW_READ(read_number(n, t, 1024, 1ULL << 40, s.max_spool_size_kbytes)),
               ROW_SHOW(std::to_string(s.max_spool_size_kbytes))},
    SettingRow{"archive", "yes|no", "no", switch_words, "0.6.14",
               "keep a copy of each file in the spool's archive", Topic::files,
               ROW_READ(read_switch(n, t, s.archive)), ROW_SHOW(shown_switch(s.archive))},

    SettingRow{"upload", "yes|no", "yes", switch_words, "0.6.14", "send files to the collector",
               Topic::upload, ROW_READ(read_switch(n, t, s.upload)), ROW_SHOW(shown_switch(s.upload))},
    SettingRow{"login", "NAME", "none", "letters, digits, `.`, `_`, `-`", "0.6.14",
               "the user name at the collector", Topic::upload, ROW_READ(read_login(n, t, s.login)),
               ROW_SHOW(s.login)},
    SettingRow{"submitserver", "HOST", "submit.sie-network.net", "a host name", "0.6.14",
               "the collector, found by the SRV record `_rsync._tcp.HOST`", Topic::upload,
               ROW_READ(read_server(n, t, s.submitserver)), ROW_SHOW(s.submitserver)},
    SettingRow{"uploadkey", "FILE", key_example, "a path that begins with /", "0.6.14",
               "the private key of ssh", Topic::upload,
               ROW_READ(read_file_path(n, t, key_example, s.uploadkey)), ROW_SHOW(s.uploadkey)},
    SettingRow{"knownhosts", "FILE", "/var/spool/sie/keys/known_hosts", "a path that begins with /", "0.6.18",
               "the collector's keys, as ssh knows them", Topic::upload,
               ROW_READ(read_file_path(n, t, "/var/spool/sie/keys/known_hosts", s.knownhosts)),
               ROW_SHOW(s.knownhosts)},
    SettingRow{"upload_source", "ADDRESS", "none", "an IPv4 or IPv6 address", "1.0",
               "the address from which uploads leave", Topic::upload,
               ROW_READ(read_source(n, t, s.upload_source)),
               ROW_SHOW(s.upload_source ? net::to_text(*s.upload_source) : "")},
    SettingRow{"upload_warn_minutes", "MINUTES", "60", "5 … 10080", "1.0",
               "a last success that is older than this is a warning", Topic::upload,
               ROW_READ(read_number(n, t, 5, 10'080, s.upload_warn_minutes)),
               ROW_SHOW(std::to_string(s.upload_warn_minutes))},
    SettingRow{"upload_zstd", "yes|no", "no", switch_words, "1.0",
               "the collector reads files that zstd compressed", Topic::upload,
               ROW_READ(read_switch(n, t, s.upload_zstd)), ROW_SHOW(shown_switch(s.upload_zstd))},

    SettingRow{"syslog_priority", "FACILITY.LEVEL", "local5.info", "facility and level of syslog", "0.6.14",
               "where log lines go", Topic::service, ROW_READ(read_priority(n, t, s.syslog_priority)),
               ROW_SHOW(shown_priority(s.syslog_priority))},
    SettingRow{"memory_ulimit_kbytes", "KIB", "524288", "65536 … 1099511627776", "0.6.14",
               "the most memory that the sensor may take", Topic::service,
               ROW_READ(read_number(n, t, 65'536, 1ULL << 40, s.memory_ulimit_kbytes)),
               ROW_SHOW(std::to_string(s.memory_ulimit_kbytes))},
    SettingRow{
        "metrics_textfile", "FILE", "none", "a path that begins with /", "1.0",
        "counters as a file for the node exporter of Prometheus", Topic::service,
        ROW_READ(read_file_path(n, t, "/var/lib/prometheus/node-exporter/sie.prom", s.metrics_textfile)),
        ROW_SHOW(s.metrics_textfile)},
    SettingRow{"metrics_port", "PORT", "none", "1 … 65535", "1.0",
               "counters by HTTP on this port of loopback", Topic::service,
               ROW_READ(read_number(n, t, 1, 65'535, s.metrics_port)),
               ROW_SHOW(s.metrics_port ? std::to_string(*s.metrics_port) : "")},
};

#undef ROW_READ
#undef ROW_SHOW

[[nodiscard]] std::vector<SettingRow> whole_table() {
    std::vector<SettingRow> rows;
    for (const Topic topic : topics()) {
        if (topic == Topic::transactions)
            for (const dnsqr::SettingRow& rule : dnsqr::settings_table())
                rows.push_back({rule.name, rule.placeholder, rule.default_text, rule.range, rule.since,
                                rule.help, topic, nullptr, nullptr, &rule});
        for (const SettingRow& row : own_rows)
            if (row.topic == topic) rows.push_back(row);
    }
    return rows;
}

}  // namespace

SensorSettings::SensorSettings() {
    rules.capture_rd = 0;
    rules.zero_client_subnet = true;
}

std::string_view word_of(Topic topic) {
    switch (topic) {
        case Topic::capture: return "capture";
        case Topic::transactions: return "transactions";
        case Topic::files: return "files";
        case Topic::upload: return "upload";
        case Topic::service: return "service";
    }
    return "";
}

std::string_view title_of(Topic topic) {
    switch (topic) {
        case Topic::capture: return "Of the capture";
        case Topic::transactions: return "Of the transactions";
        case Topic::files: return "Of the files";
        case Topic::upload: return "Of the upload";
        case Topic::service: return "Of the service";
    }
    return "";
}

std::span<const Topic> topics() {
    static constexpr std::array all{Topic::capture, Topic::transactions, Topic::files, Topic::upload,
                                    Topic::service};
    return all;
}

Result<void> SettingRow::apply_to(SensorSettings& settings, View what, View text) const {
    if (rule != nullptr) return rule->apply(settings.rules, what, text);
    return apply(settings, what, text);
}

std::string SettingRow::shown(const SensorSettings& settings) const {
    return rule != nullptr ? rule->show(settings.rules) : show(settings);
}

std::string SettingRow::flag() const {
    if (rule != nullptr) return dnsqr::flag_of(*rule);
    std::string flag = "--" + std::string(name);
    std::replace(flag.begin(), flag.end(), '_', '-');
    return flag;
}

std::span<const SettingRow> settings_table() {
    static const std::vector<SettingRow> table = whole_table();
    return table;
}

const SettingRow* find_setting(View name) {
    const auto table = settings_table();
    const auto row =
        std::find_if(table.begin(), table.end(), [&](const SettingRow& r) { return r.name == name; });
    return row == table.end() ? nullptr : &*row;
}

bool unconfigured(const SensorSettings& settings) {
    static const std::array shipped{*net::parse_prefix("192.0.2.1"), *net::parse_prefix("2001:db8::1")};
    return settings.login == placeholder_login && settings.rules.server_prefixes.empty() &&
           std::equal(shipped.begin(), shipped.end(), settings.rules.resolver_prefixes.begin(),
                      settings.rules.resolver_prefixes.end());
}

}  // namespace sie::service
