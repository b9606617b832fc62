#include "service/configuration.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <utility>

#include "base/quoted.h"
#include "service/nearest_name.h"

namespace sie::service {

namespace {

constexpr const char* of_environment = " (environment)";
constexpr std::size_t most_unknown_names = 50;  // warned of one by one

// Variables of the old package that say nothing now (REFERENCE §5).
struct WithoutMeaning {
    std::string_view name, why;
};
constexpr std::array without_meaning{
    WithoutMeaning{"interval", "it never was the rotation time; that is rotation_interval"},
    WithoutMeaning{"maxper", "all waiting files are sent, oldest first"},
    WithoutMeaning{"rsync", "the uploader runs rsync by itself"},
    WithoutMeaning{"wrapsrv", "the uploader looks up the SRV record by itself"},
};

// Those of 0.6.14 that chose packets by patterns.
constexpr std::array<std::string_view, 4> old_patterns{"dnstype", "bpfpat_src", "bpfpat_dst", "bpfpat"};

[[nodiscard]] bool is_old_pattern(std::string_view name) {
    return std::find(old_patterns.begin(), old_patterns.end(), name) != old_patterns.end();
}

// The addresses and networks that stand in an old pattern, in their order.
void collect_addresses(std::string_view pattern, std::vector<std::string>& addresses) {
    static constexpr std::string_view separators = " \t()!,";
    for (std::size_t at = 0; at < pattern.size();) {
        const std::size_t end = std::min(pattern.find_first_of(separators, at), pattern.size());
        if (const auto prefix = net::parse_prefix(pattern.substr(at, end - at))) {
            const bool host = prefix->length == 8 * net::address_octets(prefix->address.family);
            std::string text = host ? net::to_text(prefix->address) : net::to_text(*prefix);
            if (std::find(addresses.begin(), addresses.end(), text) == addresses.end() &&
                addresses.size() < 100)
                addresses.push_back(std::move(text));
        }
        at = end + 1;
    }
}

// Where messages point to in the file.
[[nodiscard]] std::string at_place(const std::string& path, Place place) {
    return fmt::format("{}:{}:{}", path, place.line, place.column);
}

class Judge {
  public:
    explicit Judge(const Given& given) : given_(given) {
        out_.origins.resize(settings_table().size());
        tried_.resize(settings_table().size());
    }

    Configuration run() && {
        if (given_.file) take_file(*given_.file);
        take_environment();
        take_flags();
        cross_check();
        return std::move(out_);
    }

  private:
    static std::size_t index_of(const SettingRow& row) {
        return static_cast<std::size_t>(&row - settings_table().data());
    }

    void warn(std::string line) { out_.warnings.push_back(std::move(line)); }
    void note(std::string line) { out_.notes.push_back(std::move(line)); }
    void add_error(std::string what, std::string why, std::string remedy) {
        out_.errors.push_back({ErrorKind::usage, std::move(what), {}, std::move(why), std::move(remedy)});
    }

    void apply(const SettingRow& row, const std::string& what, std::string_view value, Origin origin) {
        tried_[index_of(row)] = true;
        auto applied = row.apply_to(out_.settings, what, value);
        if (!applied) {
            out_.errors.push_back(std::move(applied.error()));
            return;
        }
        out_.origins[index_of(row)] = std::move(origin);
    }

    void take_file(const FileText& file) {
        const ShellFragment fragment = parse_shell_fragment(file.text);
        for (const Finding& f : fragment.errors) add_error(at_place(file.path, f.place), f.why, f.remedy);
        for (const Finding& f : fragment.warnings)
            warn(fmt::format("{}: {}{}{}", at_place(file.path, f.place), f.why, f.remedy.empty() ? "" : "; ",
                             f.remedy));
        // As in sh the last assignment of a name counts; the ones before it are not judged.
        std::map<std::string_view, const Assignment*> last;
        for (const Assignment& assignment : fragment.assignments) last[assignment.name] = &assignment;
        std::size_t unknown = 0;
        for (const Assignment& assignment : fragment.assignments) {
            const Assignment& counts = *last[assignment.name];
            const bool known = find_setting(assignment.name) != nullptr;
            if (&counts != &assignment) {
                if (known && !fragment.used.contains(assignment.name))
                    warn(fmt::format("{}: {} is set again on line {}, which counts",
                                     at_place(file.path, assignment.place), assignment.name,
                                     counts.place.line));
                continue;
            }
            if (known) {
                take_assignment(file, assignment);
            } else if (const auto old =
                           std::find_if(without_meaning.begin(), without_meaning.end(),
                                        [&](const auto& w) { return w.name == assignment.name; });
                       old != without_meaning.end()) {
                note(fmt::format("{}: {} has no meaning now: {}", at_place(file.path, assignment.place),
                                 assignment.name, old->why));
            } else if (is_old_pattern(assignment.name)) {
                patterns_.push_back(&assignment);
            } else if (!fragment.used.contains(assignment.name) && ++unknown <= most_unknown_names) {
                warn_of_unknown(file, assignment);
            }
        }
        if (unknown > most_unknown_names)
            warn(fmt::format("{}: {} more variables are unknown", file.path, unknown - most_unknown_names));
        refuse_patterns(file);
    }

    void take_assignment(const FileText& file, const Assignment& assignment) {
        const SettingRow& row = *find_setting(assignment.name);
        if (!assignment.sound) {  // said already
            tried_[index_of(row)] = true;
            return;
        }
        apply(row, at_place(file.path, assignment.place) + ": " + assignment.name, assignment.value,
              {Origin::Kind::file, file.path, assignment.place});
    }

    void warn_of_unknown(const FileText& file, const Assignment& assignment) {
        std::vector<std::string_view> names;
        for (const SettingRow& row : settings_table()) names.push_back(row.name);
        const std::string_view nearest = nearest_name(assignment.name, names);
        warn(fmt::format("{}: {} is unknown and not used; {}", at_place(file.path, assignment.place),
                         assignment.name.substr(0, 80),
                         nearest.empty() ? std::string("is it of another program?")
                                         : fmt::format("did you mean {}?", nearest)));
    }

    // dnstype and bpfpat*: one error, with the line that says the same now.
    void refuse_patterns(const FileText& file) {
        if (patterns_.empty()) return;
        std::string names, list = "DNSQR_RES_ADDRS";
        std::vector<std::string> addresses;
        for (const Assignment* pattern : patterns_) {
            names += (names.empty() ? "" : ", ") + pattern->name;
            if (pattern->name == "dnstype" && pattern->value == "auth") list = "DNSQR_AUTH_ADDRS";
            if (pattern->name != "dnstype") collect_addresses(pattern->value, addresses);
        }
        std::string joined;
        for (const std::string& address : addresses) joined += (joined.empty() ? "" : ", ") + address;
        std::string remedy;
        if (origin_of("DNSQR_RES_ADDRS").kind != Origin::Kind::standard ||
            origin_of("DNSQR_AUTH_ADDRS").kind != Origin::Kind::standard) {
            remedy = "remove them, the lists of addresses are set";
        } else if (joined.empty()) {
            remedy = fmt::format("write {}=\"ADDRESS, ADDRESS\" instead, with the {}", list,
                                 list == "DNSQR_RES_ADDRS" ? "addresses from which the resolver asks"
                                                           : "addresses of the authoritative servers");
        } else {
            remedy = fmt::format("write {}=\"{}\" instead", list, joined);
        }
        add_error(at_place(file.path, patterns_.front()->place) + ": " + names,
                  "chose packets by a pattern up to 0.6.14; lists of addresses have replaced that", remedy);
        lists_are_explained_ = true;
    }

    const Origin& origin_of(std::string_view name) const {
        return out_.origins[index_of(*find_setting(name))];
    }

    void take_environment() {
        if (!given_.environment) return;
        for (const SettingRow& row : settings_table()) {
            const std::string name(row.name);
            if (const char* value = given_.environment(name.c_str()))
                apply(row, name + of_environment, value, {Origin::Kind::environment, {}, {}});
        }
    }

    void take_flags() {
        for (const FlagValue& flag : given_.flags)
            apply(*flag.row, flag.flag, flag.value, {Origin::Kind::flag, flag.flag, {}});
    }

    bool is_tried(std::string_view name) const { return tried_[index_of(*find_setting(name))]; }

    // A setting as its origin spells it.
    [[nodiscard]] std::string named(std::string_view name) const {
        const Origin& origin = origin_of(name);
        switch (origin.kind) {
            case Origin::Kind::standard: break;
            case Origin::Kind::file:
                return fmt::format("{}: {}", at_place(origin.source, origin.place), name);
            case Origin::Kind::environment: return std::string(name) + of_environment;
            case Origin::Kind::flag: return origin.source;
        }
        return std::string(name);
    }

    // What no single value shows.
    void cross_check() {
        const SensorSettings& s = out_.settings;
        if (given_.needs_interface && s.interfaces.empty() && !is_tried("interface"))
            add_error("interface", "is not set, and there is nothing else to capture from",
                      "name one, such as interface=\"eth0\" in the file or --interface eth0");
        // A list that was refused is not missing.
        const bool needs_list = given_.needs_list && !lists_are_explained_ && !is_tried("DNSQR_RES_ADDRS") &&
                                !is_tried("DNSQR_AUTH_ADDRS");
        if (auto checked = dnsqr::check(s.rules, needs_list); !checked)
            out_.errors.push_back(std::move(checked.error()));
        if (s.rotation_offset_s && *s.rotation_offset_s >= s.rotation_interval_s)
            add_error(named("rotation_offset"),
                      fmt::format("{} is not below rotation_interval, {}", *s.rotation_offset_s,
                                  s.rotation_interval_s),
                      fmt::format("write a number from 0 to {}, or random", s.rotation_interval_s - 1));
        if (given_.into_spool && s.compression == sensor::FileCompression::zstd && s.upload && !s.upload_zstd)
            add_error(named("compression"), "zstd is not for a collector of the old kind",
                      "choose another one, or set upload_zstd=yes if the collector reads it, or upload=no");
        // Without the list that was refused they would speak of a sensor that nobody asked for.
        if (s.rules.has_lists() || !given_.needs_list)
            for (std::string& line : dnsqr::warnings(s.rules)) warn(std::move(line));
        warn_of_files(s);
        warn_of_memory(s);
        if (unconfigured(s))
            note(
                "login and DNSQR_RES_ADDRS are as shipped: the service takes this for unconfigured and does "
                "not "
                "start capturing");
    }

    void warn_of_files(const SensorSettings& s) {
        if (!given_.needs_interface) return;  // a replay writes where it is told
        if (!s.upload && !s.archive)
            warn(
                "upload and archive are both off: each file is removed once it is closed; set archive=yes to "
                "keep "
                "them");
        if (given_.file && s.upload && (s.login.empty() || s.login == placeholder_login) &&
            !is_refused_login())
            warn(fmt::format(
                "login is {}: nothing is uploaded until it is the user name that the collector gave "
                "you; files wait in the spool",
                s.login.empty() ? "not set" : "still the placeholder " + s.login));
        if (s.rules.zero_resolver_address && s.outfile_prefix.empty())
            warn(
                "DNSQR_ZERO_RESOLVER_ADDRESS: file names carry the host's name; set outfile_prefix to keep "
                "it out");
    }
    bool is_refused_login() const { return out_.settings.login.empty() && is_tried("login"); }

    void warn_of_memory(const SensorSettings& s) {
        // The table's queries: 64 MiB or 512 octets each (DESIGN §5); the rest of the process in 64 MiB.
        const std::uint64_t table = std::max<std::uint64_t>(65'536, s.rules.state_table_max / 2);
        const std::uint64_t needed = s.ring_kbytes * s.interfaces.size() + table + 65'536;
        if (given_.needs_interface && needed > s.memory_ulimit_kbytes)
            warn(fmt::format(
                "memory_ulimit_kbytes: {} is little for these rings and this table, which may take {}",
                s.memory_ulimit_kbytes, needed));
    }

    const Given& given_;
    Configuration out_;
    std::vector<bool> tried_;  // something was said about this row, sound or not
    std::vector<const Assignment*> patterns_;
    bool lists_are_explained_ = false;
};

// As sh needs it: as it is if nothing in it means anything to sh, else in double quotes.
[[nodiscard]] std::string for_shell(std::string_view value) {
    static constexpr std::string_view harmless =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.,:/-+@%=";
    if (value.find_first_not_of(harmless) == std::string_view::npos) return std::string(value);
    std::string text = "\"";
    for (const char c : value) {
        if (std::string_view("$`\"\\").find(c) != std::string_view::npos) text += '\\';
        text += c;
    }
    return text + '"';
}

}  // namespace

std::string Origin::text() const {
    switch (kind) {
        case Kind::standard: return "default";
        case Kind::file: return fmt::format("{}:{}", source, place.line);
        case Kind::environment: return "environment";
        case Kind::flag: return source;
    }
    return "";
}

const Origin& Configuration::origin_of(std::string_view name) const {
    return origins.at(static_cast<std::size_t>(find_setting(name) - settings_table().data()));
}

Configuration configure(const Given& given) { return Judge(given).run(); }

Result<FileText> read_configuration_file(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) return fail_errno(path, "cannot be opened", errno);
    FileText file{path, {}};
    std::array<char, 65536> piece{};
    for (;;) {
        const ssize_t got = ::read(fd, piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            const int number = errno;
            ::close(fd);
            return fail_errno(path, "cannot be read", number);
        }
        file.text.append(piece.data(), static_cast<std::size_t>(got));
        if (got == 0 || file.text.size() > most_fragment_octets) break;
    }
    ::close(fd);
    return file;
}

std::string effective_text(const Configuration& configuration) {
    constexpr std::size_t column = 40;
    std::string text;
    const auto table = settings_table();
    for (std::size_t i = 0; i < table.size(); ++i) {
        const std::string value = table[i].shown(configuration.settings);
        const std::string origin = configuration.origins.at(i).text();
        std::string line = value.empty() ? fmt::format("#{}=", table[i].name)
                                         : fmt::format("{}={}", table[i].name, for_shell(value));
        line.resize(std::max(line.size() + 2, column), ' ');
        text += fmt::format("{}# {}\n", line, value.empty() ? "not set" : origin);
    }
    return text;
}

}  // namespace sie::service
