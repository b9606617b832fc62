#include "tools/nmsgtool_work.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/number.h"
#include "base/quoted.h"
#include "sensor/kernel_rules.h"
#include "stream/channel_file.h"
#include "stream/interface_row.h"
#include "tools/dnsqr_environment.h"

namespace sie::tools {

namespace {

// What UDP over IPv4 carries is 65,535 less the headers of IP and UDP; and octets that cannot be compressed
// grow by zlib's frame and a few for each of its blocks.
constexpr std::size_t most_datagram_container = 65'507 - 64;

Result<void> read_selection(const NmsgtoolOptions& given, Work& work) {
    if (given.type.empty() && !given.vendor.empty())
        return fail(ErrorKind::usage, "-V", "a vendor without a type", "add -T NAME");
    if (!given.type.empty()) {
        const std::string vendor = given.vendor.empty() ? "base" : given.vendor;
        work.selection.type = text::find_type(vendor, given.type);
        if (work.selection.type == nullptr)
            return fail(ErrorKind::usage, "-T",
                        fmt::format("no type is called {} {}", sie::quoted(vendor), sie::quoted(given.type)),
                        "such as -V base -T dnsqr");
    }
    const text::PayloadType* type = work.selection.type;
    if (!(given.pcaps.empty() && given.interfaces.empty()) &&
        (type == nullptr || (type->name != "dnsqr" && !stream::is_made_of_packets(*type))))
        return fail(ErrorKind::usage, given.pcaps.empty() ? "-i" : "-p",
                    "captures become base:dnsqr, packet, pkt or ncap payloads only", "add -V base -T dnsqr");
    return {};
}

Result<void> read_capture_settings(const NmsgtoolOptions& given, Work& work) {
    if (given.pcaps.empty() && given.interfaces.empty()) return {};
    if (!stream::is_made_of_packets(*work.selection.type)) {
        if (auto applied = apply_environment(work.settings); !applied) return applied;
        if (auto checked = dnsqr::check(work.settings, false); !checked) return checked;
        for (const std::string& warning : dnsqr::warnings(work.settings))
            fmt::print(stderr, "nmsgtool: warning: {}\n", warning);
    }
    std::string expression = given.bpf;
    if (const char* value = std::getenv("NMSG_BPF"); expression.empty() && value != nullptr) {
        expression = value;
        if (trimmed(expression).empty())
            return fail(ErrorKind::usage, "NMSG_BPF", "is set but empty", "unset it or give it a value");
    }
    if (expression.empty()) return {};
    auto compiled = capture::PacketFilter::compile(given.bpf.empty() ? "NMSG_BPF" : "-b", expression);
    if (!compiled) return fail(std::move(compiled.error()));
    work.filter.emplace(std::move(*compiled));
    return {};
}

std::shared_ptr<const stream::AliasFile> aliases(const char* variable, const char* path) {
    const char* named = std::getenv(variable);
    return std::make_shared<const stream::AliasFile>(
        stream::AliasFile::read(named != nullptr ? named : path));
}

// A number that is not zero, or a name of the alias file.
Result<void> read_id(const char* option, const std::string& text, const stream::AliasFile* names,
                     std::optional<std::uint32_t>& to) {
    if (text.empty()) return {};
    if (names != nullptr)
        if (const auto number = names->number_of(text)) {
            to = number;
            return {};
        }
    auto number = parse_number(text, 1, UINT32_MAX);
    if (!number)
        return fail(ErrorKind::usage, option, std::move(number.error().why),
                    std::move(number.error().remedy));
    to = static_cast<std::uint32_t>(*number);
    return {};
}

Result<void> read_ids(const NmsgtoolOptions& given, Work& work) {
    work.operators = aliases("NMSG_OPALIAS_FILE", "/etc/nmsg.opalias");
    work.groups = aliases("NMSG_GRALIAS_FILE", "/etc/nmsg.gralias");
    struct Row {
        const char* option;
        const std::string& text;
        const stream::AliasFile* names;
        std::optional<std::uint32_t>& to;
    };
    text::EnvelopeStyle& style = work.sinks.style;
    stream::Selection& get = work.selection;
    for (const Row& row : {Row{"--setsource", given.set_source, nullptr, style.source},
                           {"--setoperator", given.set_operator, work.operators.get(), style.group_operator},
                           {"--setgroup", given.set_group, work.groups.get(), style.group},
                           {"--getsource", given.get_source, nullptr, get.source},
                           {"--getoperator", given.get_operator, work.operators.get(), get.group_operator},
                           {"--getgroup", given.get_group, work.groups.get(), get.group}})
        if (auto taken = read_id(row.option, row.text, row.names, row.to); !taken) return taken;
    style.operator_name = [names = work.operators](std::uint32_t number) { return names->name_of(number); };
    style.group_name = [names = work.groups](std::uint32_t number) { return names->name_of(number); };
    return {};
}

Result<void> read_forms(const NmsgtoolOptions& given, Work& work) {
    std::string& end = work.sinks.style.end_of_line;
    end.clear();
    for (std::size_t i = 0; i < given.end_of_line.size(); ++i) {
        const char c = given.end_of_line[i];
        const char next = i + 1 < given.end_of_line.size() ? given.end_of_line[i + 1] : '\0';
        const bool escape = c == '\\' && (next == 'n' || next == 't' || next == '\\');
        end += !escape ? c : next == 'n' ? '\n' : next == 't' ? '\t' : '\\';
        i += escape ? 1 : 0;
    }
    work.sinks.unbuffered = given.unbuffered;
    if (given.rdata == "standard")
        work.sinks.style.rdata_form = dns::RdataForm::standard;
    else if (given.rdata != "nmsg")
        return fail(ErrorKind::usage, "--rdata", sie::quoted(given.rdata) + " is not known",
                    "use nmsg or standard");
    if (!given.datagram_container.empty()) {
        auto octets = parse_number(given.datagram_container, 1, UINT32_MAX);
        if (!octets)
            return fail(ErrorKind::usage, "-m", std::move(octets.error().why),
                        std::move(octets.error().remedy));
        // Clamped as the original does (FACTS §4), but to what a datagram can carry.
        work.sinks.datagram_container =
            std::clamp<std::size_t>(*octets, nmsg::least_container, most_datagram_container);
    }
    if (given.zlib) work.sinks.compression = nmsg::Compression::default_;
    if (!given.zlevel.empty()) {
        const auto level = nmsg::compression_of(given.zlevel);
        if (!level || *level == nmsg::Compression::none)
            return fail(ErrorKind::usage, "--zlevel", sie::quoted(given.zlevel) + " is not known",
                        "use fast, default or best");
        work.sinks.compression = *level;
    }
    return {};
}

Result<void> read_endpoints(const NmsgtoolOptions& given, Work& work) {
    const auto listen = [&](std::vector<stream::Endpoint> more) {
        work.listen.insert(work.listen.end(), more.begin(), more.end());
    };
    for (const std::string& text : given.sockets) {
        auto endpoints = stream::parse_endpoints("-l", text);
        if (!endpoints) return fail(std::move(endpoints.error()));
        listen(std::move(*endpoints));
    }
    std::vector<std::string> channel_files{"/etc/nmsg.chalias", "/etc/nmsgtool.chalias"};
    if (const char* named = std::getenv("NMSG_CHALIAS_FILE"); named != nullptr)
        channel_files.insert(channel_files.begin(), named);
    for (const std::string& name : given.channels) {
        auto endpoints = stream::read_channel(name, channel_files);
        if (!endpoints) return fail(std::move(endpoints.error()));
        listen(std::move(*endpoints));
    }
    for (const std::string& text : given.socket_outs) {
        auto destination = stream::parse_destination("-s", text);
        if (!destination) return fail(std::move(destination.error()));
        work.send.push_back(std::move(*destination));
    }
    return {};
}

// -i: who may see what is on the wire is decided once, so all are opened together, ahead of -U.
Result<void> read_interfaces(const NmsgtoolOptions& given, Work& work) {
    for (const std::string& text : given.interfaces) {
        auto options = stream::parse_interface("-i", text);
        if (!options) return fail(std::move(options.error()));
        if (!stream::is_made_of_packets(*work.selection.type))
            options->filter = sensor::kernel_rules(work.settings);
        work.interfaces.push_back(std::move(*options));
    }
    return {};
}

Result<void> read_filter(const NmsgtoolOptions& given, Work& work) {
    if (given.filter.empty()) return {};
    const auto alias = [](std::shared_ptr<const stream::AliasFile> names) {
        return [names = std::move(names)](std::string_view name) { return names->number_of(name); };
    };
    auto filter =
        text::PayloadFilter::parse("--filter", given.filter, alias(work.operators), alias(work.groups));
    if (!filter) return fail(std::move(filter.error()));
    work.payload_filter.emplace(std::move(*filter));
    return {};
}

}  // namespace

Result<Work> read_work(const NmsgtoolOptions& given) {
    Work work;
    for (const auto read : {read_selection, read_capture_settings, read_ids, read_forms, read_endpoints,
                            read_interfaces, read_filter})
        if (auto done = read(given, work); !done) return fail(std::move(done.error()));
    return work;
}

}  // namespace sie::tools
