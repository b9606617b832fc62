#include "tools/sie-dns-sensor_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "base/quoted.h"
#include "capture/interface_addresses.h"
#include "service/machine.h"

namespace sie::tools {

namespace {

using service::SettingRow;

// A table without its marks of Markdown.
[[nodiscard]] std::string plain(std::string_view text) {
    std::string out(text);
    std::erase(out, '`');
    return out;
}

// How many columns a UTF-8 text takes.
[[nodiscard]] std::size_t columns(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80; }));
}

// "  --flag VALUE" and the help beside it, broken at blanks before the eightieth column.
[[nodiscard]] std::string help_lines(const std::string& left, const std::string& right) {
    constexpr std::size_t indent = 31, width = 80;
    std::string text = "  " + left, line;
    std::size_t at = columns(text);
    if (at + 1 > indent) {
        text += '\n';
        at = 0;
    }
    std::size_t begin = 0;
    while (begin < right.size()) {
        const std::size_t end = std::min(right.find(' ', begin), right.size());
        const std::string word = right.substr(begin, end - begin);
        if (!line.empty() && indent + columns(line) + 1 + columns(word) > width) {
            text += std::string(indent - at, ' ') + line + '\n';
            at = 0;
            line.clear();
        }
        line += (line.empty() ? "" : " ") + word;
        begin = end + 1;
    }
    return text + std::string(indent - at, ' ') + line + '\n';
}

[[nodiscard]] std::string help_of(service::Topic topic) {
    std::string text = fmt::format("{} ({}):\n", title_of(topic), word_of(topic));
    for (const SettingRow& row : service::settings_table())
        if (row.topic == topic)
            text += help_lines(fmt::format("{} {}", row.flag(), row.placeholder),
                               fmt::format("{} [{}]", plain(row.help), plain(row.default_text)));
    return text;
}

// Help in eighty columns.
class NarrowHelp : public CLI::Formatter {
  public:
    std::string make_option(const CLI::Option* option, bool is_positional) const override {
        std::string left = option->get_name(is_positional, !is_positional);
        if (const std::string type = option->get_type_name(); !is_positional && !type.empty())
            left += " " + type;
        return help_lines(left, option->get_description());
    }
    std::string make_group(std::string group, bool is_positional,
                           std::vector<const CLI::Option*> options) const override {
        std::string text = group + ":\n";
        for (const CLI::Option* option : options) text += make_option(option, is_positional);
        return text;
    }
    std::string make_usage(const CLI::App* app, std::string name) const override {
        return CLI::Formatter::make_usage(app, std::move(name)) + "\n";
    }
    std::string make_positionals(const CLI::App* app) const override {
        const std::string text = CLI::Formatter::make_positionals(app);
        return text.empty() ? text : text + "\n";
    }
};

// The addresses of the interfaces that the settings name, as a flag that gives the list of resolvers.
Result<service::FlagValue> own_addresses_of(const service::SensorSettings& settings) {
    std::string list;
    for (const service::Interface& interface : settings.interfaces) {
        const auto addresses = capture::interface_addresses(interface.name);
        if (!addresses) return fail(addresses.error());
        for (const net::Address& address : *addresses) list += (list.empty() ? "" : ",") + to_text(address);
    }
    if (list.empty())
        return fail(ErrorKind::usage, "--own-addresses", "the interfaces have no address to ask from",
                    "name the resolver's addresses with --res-addrs");
    return service::FlagValue{service::find_setting("DNSQR_RES_ADDRS"), "--own-addresses", std::move(list)};
}

}  // namespace

int refuse(const Error& error) {
    fmt::print(stderr, "sie-dns-sensor: {}\n", error.text());
    return error.exit_status();
}

SettingFlags::SettingFlags(CLI::App& command, const std::string& group,
                           const std::vector<std::string_view>& shown) {
    // The texts stay in the options; see values().
    const CLI::callback_t is_kept = [](const CLI::results_t&) { return true; };
    for (const SettingRow& row : service::settings_table()) {
        // The word of the reference beside the one that the table makes.
        const std::string names = row.flag() + (row.name == "outfile_prefix" ? ",--prefix" : "");
        CLI::Option* option =
            command
                .add_option(names, is_kept, fmt::format("{} [{}]", plain(row.help), plain(row.default_text)))
                ->type_name(std::string(row.placeholder))
                ->expected(1)
                ->multi_option_policy(row.name == "interface" ? CLI::MultiOptionPolicy::TakeAll
                                                              : CLI::MultiOptionPolicy::TakeLast);
        const bool is_shown = std::find(shown.begin(), shown.end(), row.name) != shown.end();
        option->group(is_shown ? group : "");  // no group: not in --help
        flags_.push_back({&row, option});
    }
    command.formatter(std::make_shared<NarrowHelp>());
    help_ = command
                .add_option("--help-settings", is_kept,
                            "every setting, or one topic's: capture, transactions, files, upload, service")
                ->type_name("[TOPIC]")
                ->expected(0, 1)
                ->group("Help");
    command.set_help_flag("-h,--help", "this text")->group("Help");
}

bool SettingFlags::given(std::string_view setting) const {
    return std::any_of(flags_.begin(), flags_.end(), [&](const Flag& flag) {
        return flag.row->name == setting && flag.option->count() != 0;
    });
}

std::vector<service::FlagValue> SettingFlags::values() const {
    std::vector<service::FlagValue> values;
    for (const Flag& flag : flags_) {
        if (flag.option->count() == 0) continue;
        std::string joined;
        for (const std::string& text : flag.option->results()) joined += (joined.empty() ? "" : ",") + text;
        values.push_back({flag.row, flag.row->flag(), std::move(joined)});
    }
    return values;
}

std::optional<int> SettingFlags::help() const {
    if (help_->count() == 0) return std::nullopt;
    const std::string wanted = help_->results().empty() ? "" : help_->results().front();
    std::string text;
    for (const service::Topic topic : service::topics())
        if (wanted.empty() || wanted == word_of(topic)) text += (text.empty() ? "" : "\n") + help_of(topic);
    if (text.empty())
        return refuse({ErrorKind::usage,
                       "--help-settings",
                       {},
                       sie::quoted(wanted) + " is no topic",
                       "write capture, transactions, files, upload or service"});
    fmt::print("{}", text);
    return 0;
}

Configured judged(const std::string& file, const SettingFlags& flags, Purpose purpose, bool own_addresses) {
    Configured result;
    const auto refused = [&](Error error) {
        result.status = error.exit_status();
        result.configuration.errors.push_back(std::move(error));
        return std::move(result);
    };
    service::Given given;
    if (!file.empty()) {
        auto read = service::read_configuration_file(file);
        if (!read) {
            read.error().kind = ErrorKind::usage;  // the command line names a file that is none
            return refused(std::move(read.error()));
        }
        given.file = std::move(*read);
    }
    given.environment = [](const char* name) -> const char* { return std::getenv(name); };
    given.flags = flags.values();
    given.needs_interface = purpose == Purpose::live || purpose == Purpose::spool;
    given.needs_list = purpose != Purpose::upload;
    given.into_spool = purpose == Purpose::spool;
    if (own_addresses) {
        given.needs_list = false;
        auto own = own_addresses_of(service::configure(given).settings);
        if (!own) return refused(std::move(own.error()));
        result.own_addresses = own->value;
        given.flags.push_back(std::move(*own));
        given.needs_list = true;
    }
    result.configuration = service::configure(given);
    for (const Error& error : result.configuration.errors) result.status = error.exit_status();
    return result;
}

Configured configured(const std::string& file, const SettingFlags& flags, Purpose purpose, bool quiet,
                      bool own_addresses) {
    Configured result = judged(file, flags, purpose, own_addresses);
    const service::Configuration& configuration = result.configuration;
    const auto say = [](std::string_view kind, const std::vector<std::string>& lines) {
        for (const std::string& line : lines) fmt::print(stderr, "sie-dns-sensor: {}: {}\n", kind, line);
    };
    if (!result.own_addresses.empty() && !quiet) {
        // With zeroing on nobody may read it in a log either.
        const bool hidden = configuration.settings.rules.zero_resolver_address;
        fmt::print(stderr, "sie-dns-sensor: --own-addresses: the resolver is {}\n",
                   hidden ? "this host" : result.own_addresses);
    }
    if (!quiet) say("warning", configuration.warnings);
    for (const Error& error : configuration.errors) static_cast<void>(refuse(error));
    if (!quiet) say("note", configuration.notes);
    return result;
}

spool::Rotation rotation_of(const service::SensorSettings& settings) {
    if (settings.rotation_offset_s) return {settings.rotation_interval_s, *settings.rotation_offset_s};
    std::random_device device;
    std::uniform_int_distribution<std::int64_t> second(0, settings.rotation_interval_s - 1);
    return {settings.rotation_interval_s, second(device)};
}

Result<std::optional<capture::PacketFilter>> filter_of(const service::SensorSettings& settings) {
    if (settings.bpf.empty()) return std::nullopt;
    auto compiled = capture::PacketFilter::compile("bpf", settings.bpf);
    if (!compiled) return fail(std::move(compiled.error()));
    return std::optional(std::move(*compiled));
}

int check_config(const std::string& file, const SettingFlags& flags) {
    const Configured result = configured(file, flags, Purpose::spool, false);
    const service::Configuration& configuration = result.configuration;
    if (result.status != 0) {
        if (const std::size_t count = configuration.errors.size(); count > 1)
            fmt::print(stderr, "sie-dns-sensor: {}: {} errors\n", file, count);
        return result.status;
    }
    for (const std::string& line : service::machine_notes(configuration.settings))
        fmt::print(stderr, "sie-dns-sensor: note: {}\n", line);
    fmt::print("{}", service::effective_text(configuration));
    return 0;
}

}  // namespace sie::tools
