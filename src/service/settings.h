// The settings of sie-dns-sensor as values (REFERENCE §3, OLD-PACKAGE §1), and the one table that declares
// them.
//
// A SensorSettings is plain data that whoever runs the sensor takes by value. settings_table() is the only
// place where a name, a default, a range and a line of help are said: configuration file, environment, flags,
// help, check-config, the documents and their tests are made from it or held against it. The rows of the
// transaction rules are those of dnsqr::settings_table(), by reference. No state, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "dnsqr/settings.h"
#include "net/address.h"
#include "sensor/file_compression.h"

namespace sie::service {

struct Interface {
    std::string name;          // 1 to 15 octets, as the kernel allows them
    bool promiscuous = false;  // written NAME+
    friend bool operator==(const Interface&, const Interface&) = default;
};

struct SyslogPriority {
    int facility = 21, level = 6;  // numbers of RFC 5424: local5.info
    friend bool operator==(const SyslogPriority&, const SyslogPriority&) = default;
};

struct SensorSettings {
    dnsqr::Settings rules;

    std::vector<Interface> interfaces;  // none: nothing is captured live
    std::string bpf;                    // compiles as a pcap filter; empty: none
    unsigned workers = 1;
    std::uint64_t ring_kbytes = 16384;   // all rings of an interface together
    std::vector<unsigned> cpu_affinity;  // in the order given, each once; empty: any CPU

    std::string spooldir = "/var/spool/sie";  // absolute, without ".." and without a slash at its end
    std::string channel = "ch202";            // one name of a folder
    std::string outfile_prefix;               // empty: the host's name
    sensor::FileCompression compression = sensor::FileCompression::default_;
    std::int64_t rotation_interval_s = 60;
    std::optional<std::int64_t> rotation_offset_s = 0;  // nothing: drawn at start

    bool upload = true, archive = false, upload_zstd = false;
    std::string login;  // empty: not set, nothing can be uploaded
    std::string submitserver = "submit.sie-network.net";
    std::string uploadkey = "/var/spool/sie/keys/upload";
    std::string knownhosts = "/var/spool/sie/keys/known_hosts";
    std::optional<net::Address> upload_source;
    std::uint32_t upload_warn_minutes = 60;

    SyslogPriority syslog_priority;
    std::uint64_t max_spool_size_kbytes = 524288;
    std::uint64_t memory_ulimit_kbytes = 524288;
    std::string metrics_textfile;               // empty: none
    std::optional<std::uint16_t> metrics_port;  // on loopback

    SensorSettings();  // the defaults of the sensor, those of the rules included (REFERENCE §3, §1.5)
};

// What a setting is about; help is given by topic.
enum class Topic : std::uint8_t { capture, transactions, files, upload, service };
[[nodiscard]] std::string_view word_of(Topic topic);   // "capture"
[[nodiscard]] std::string_view title_of(Topic topic);  // "What is captured"
[[nodiscard]] std::span<const Topic> topics();

struct SettingRow {
    std::string_view name;          // in the file and in the environment
    std::string_view placeholder;   // "SECONDS"
    std::string_view default_text;  // as the documentation shows it
    std::string_view range;         // "1 … 86400"
    std::string_view since;         // version
    std::string_view help;          // one line
    Topic topic = Topic::service;
    // Refuses with an Error of kind usage that begins with `what` and says how to mend it; the settings are
    // then as before.
    Result<void> (*apply)(SensorSettings& settings, std::string_view what, std::string_view text) = nullptr;
    // The value as the file would say it; empty: not set.
    std::string (*show)(const SensorSettings& settings) = nullptr;
    const dnsqr::SettingRow* rule = nullptr;  // of the transaction rules: then apply and show are null

    [[nodiscard]] Result<void> apply_to(SensorSettings& settings, std::string_view what,
                                        std::string_view text) const;
    [[nodiscard]] std::string shown(const SensorSettings& settings) const;
    [[nodiscard]] std::string flag() const;  // "--rotation-interval"
};

// In the order of the documents: topic by topic.
[[nodiscard]] std::span<const SettingRow> settings_table();
[[nodiscard]] const SettingRow* find_setting(std::string_view name);

// What the shipped file has for login, to be replaced.
inline constexpr std::string_view placeholder_login = "sie-username";

// The file as it was shipped, not yet edited: the placeholders for login and resolver (the service does not
// start capturing then).
[[nodiscard]] bool unconfigured(const SensorSettings& settings);

}  // namespace sie::service
