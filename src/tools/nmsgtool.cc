// nmsgtool: the command line of the stream engine.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <sstream>

#include "base/number.h"
#include "base/quoted.h"
#include "stream/alias_file.h"
#include "stream/engine.h"
#include "tools/dnsqr_environment.h"
#include "tools/progress_bar.h"
#include "tools/stop_signal.h"

namespace {

using namespace sie;

constexpr int usage_status = 2;

int refuse(const Error& error) {
    fmt::print(stderr, "nmsgtool: {}\n", error.text());
    return error.exit_status();
}

struct Options {
    std::vector<std::string> pcaps, nmsgs, jsons;              // inputs
    std::vector<std::string> nmsg_outs, text_outs, json_outs;  // outputs
    std::string vendor, type, bpf, end_of_line = "\\n", zlevel;
    std::string set_source, set_operator, set_group, get_source, get_operator, get_group;
    std::optional<std::uint64_t> count;
    bool zlib = false, mirror = false, unbuffered = false, version = false;
};

// Options of the original that this program does not carry.
struct Refused {
    const char* option;
    const char* why;
    const char* remedy;
};
constexpr const char* no_zmq = "ZMQ is not supported";
constexpr const char* use_files = "use files or pipes: -r and -w";
constexpr const char* no_filters = "filter modules are not supported";
constexpr const char* choose = "-V and -T choose payloads, -b and DNSQR_FILTER_... what is recorded";
constexpr std::array<Refused, 6> refused_options{{
    {"-L,--readzsock", no_zmq, use_files},
    {"-Z,--readzchan", no_zmq, use_files},
    {"-S,--writezsock", no_zmq, use_files},
    {"-F,--filter", no_filters, choose},
    {"--policy", no_filters, choose},
    {"-M,--statsmod", "statistics modules are not supported", "see sie-dns-sensor run --json-summary"},
}};

// What the options and the environment say, as the engine wants it.
struct Work {
    dnsqr::Settings settings;
    std::optional<capture::PacketFilter> filter;
    stream::Selection selection;
    stream::SinkOptions sinks;
    std::shared_ptr<const stream::AliasFile> operators, groups;
};

Result<void> read_selection(const Options& given, Work& work) {
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
    if (!given.pcaps.empty() && (work.selection.type == nullptr || work.selection.type->name != "dnsqr"))
        return fail(ErrorKind::usage, "-p", "capture files become base:dnsqr payloads only",
                    "add -V base -T dnsqr");
    return {};
}

Result<void> read_capture_settings(const Options& given, Work& work) {
    if (given.pcaps.empty()) return {};
    if (auto applied = tools::apply_environment(work.settings); !applied) return applied;
    if (auto checked = dnsqr::check(work.settings, false); !checked) return checked;
    for (const std::string& warning : dnsqr::warnings(work.settings))
        fmt::print(stderr, "nmsgtool: warning: {}\n", warning);
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

Result<void> read_ids(const Options& given, Work& work) {
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

Result<void> read_forms(const Options& given, Work& work) {
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

// Opening an output empties it: an input that is the same file would be gone before it is read.
Result<void> check_outputs(const Options& given) {
    std::error_code none;
    for (const auto* outputs : {&given.nmsg_outs, &given.text_outs, &given.json_outs})
        for (const std::string& output : *outputs) {
            if (output == "-" || !std::filesystem::is_regular_file(output, none)) continue;
            for (const auto* inputs : {&given.pcaps, &given.nmsgs, &given.jsons})
                for (const std::string& input : *inputs)
                    if (std::filesystem::equivalent(input == "-" ? "/dev/stdin" : input, output, none))
                        return fail(ErrorKind::usage, "-w, -o, -J",
                                    sie::quoted(output) + " is an input as well", "write to another file");
        }
    return {};
}

Result<std::vector<std::unique_ptr<stream::Sink>>> open_sinks(const Options& given, const Work& work) {
    std::vector<std::unique_ptr<stream::Sink>> sinks;
    using Open = Result<std::unique_ptr<stream::Sink>> (*)(const std::string&, const stream::SinkOptions&);
    const auto add = [&](const std::vector<std::string>& paths, Open open) -> Result<void> {
        for (const std::string& path : paths) {
            auto sink = open(path, work.sinks);
            if (!sink) return fail(std::move(sink.error()));
            sinks.push_back(std::move(*sink));
        }
        return {};
    };
    if (auto added = add(given.nmsg_outs, stream::open_nmsg_sink); !added)
        return fail(std::move(added.error()));
    if (auto added = add(given.text_outs, stream::open_presentation_sink); !added)
        return fail(std::move(added.error()));
    if (auto added = add(given.json_outs, stream::open_json_sink); !added)
        return fail(std::move(added.error()));
    if (sinks.empty())
        if (auto added = add({"-"}, stream::open_presentation_sink); !added)
            return fail(std::move(added.error()));
    return sinks;
}

int run(const Options& given) {
    Work work;
    for (const auto read : {read_selection, read_capture_settings, read_ids, read_forms})
        if (auto done = read(given, work); !done) return refuse(done.error());
    if (auto checked = check_outputs(given); !checked) return refuse(checked.error());
    auto sinks = open_sinks(given, work);
    if (!sinks) return refuse(sinks.error());

    const tools::StopSignal stop;
    stream::Engine engine(std::move(*sinks), given.mirror, given.count);
    tools::ProgressBar bar;
    std::function<void(const stream::Source&, std::uint64_t)> progress;
    if (bar.shown())
        progress = [&](const stream::Source& source, std::uint64_t count) {
            bar.update(source.octets(), count, "payloads");
        };
    std::optional<Error> error;
    bool complained = false;
    const auto complain = [&](const Error& why) {
        bar.clear();
        fmt::print(stderr, "nmsgtool: {}\n", why.text());
    };
    // Opens a source when its turn comes and reads it; false: the run is over.
    const auto read = [&](Result<std::unique_ptr<stream::Source>> source,
                          const stream::Selection& selection) {
        if (!source) {
            if (!stop.asked()) error = std::move(source.error());
            return false;
        }
        const bool more = engine.run(**source, selection, stop.asked(), progress);
        bar.clear();
        (*source)->report(
            [](const std::string& line) { fmt::print(stderr, "nmsgtool: WARNING: {}\n", line); });
        complained = complained || (*source)->not_understood() != 0;
        // Cut where the signal came: no damage.
        if (!more && !stop.asked() && (*source)->error()) error = (*source)->error();
        return more;
    };
    const auto all = [&] {
        if (!given.pcaps.empty() && !read(stream::open_captures(given.pcaps, &stop.asked(), work.settings,
                                                                work.filter ? &*work.filter : nullptr),
                                          {}))
            return;
        for (const std::string& path : given.nmsgs)
            if (!read(stream::open_nmsg(path, &stop.asked()), work.selection)) return;
        for (const std::string& path : given.jsons) {
            text::JsonReader reader(
                [names = work.operators](std::string_view name) { return names->number_of(name); },
                [names = work.groups](std::string_view name) { return names->number_of(name); });
            if (!read(stream::open_json(path, &stop.asked(), std::move(reader), complain), {})) return;
        }
    };
    all();
    if (auto finished = engine.finish(); !finished && !error) error = std::move(finished.error());
    if (error) return refuse(*error);
    return complained ? 1 : 0;
}

void add_options(CLI::App& app, Options& given) {
    const auto files = [&](const char* names, std::vector<std::string>& to, const char* help) {
        app.add_option(names, to, help)->type_name("FILE")->allow_extra_args(false);
    };
    files("-p,--readpcap", given.pcaps, "capture file, or - (needs -T dnsqr); may be repeated");
    files("-r,--readnmsg", given.nmsgs, "NMSG file, or -; may be repeated");
    files("-j,--readjson", given.jsons, "JSON lines, or -; may be repeated");
    files("-w,--writenmsg", given.nmsg_outs, "NMSG file to write, or -");
    files("-o,--writepres", given.text_outs, "presentation to write, or -; -o - if no output is given");
    files("-J,--writejson", given.json_outs, "JSON lines to write, or -");
    const auto text = [&](const char* names, std::string& to, const char* type, const char* help) {
        app.add_option(names, to, help)->type_name(type);
    };
    text("-V,--vendor", given.vendor, "NAME", "vendor of the payloads to make, or to take from -r");
    text("-T,--msgtype", given.type, "NAME", "their type: dnsqr for -p");
    text("-b,--bpf", given.bpf, "EXPR", "a filter that narrows what the lists allow");
    app.add_option("-c,--count", given.count, "stop after N payloads for each output")
        ->type_name("N")
        ->check(CLI::PositiveNumber);
    app.add_flag("--mirror", given.mirror, "every payload to every output; else to each in turn");
    app.add_flag("-z,--zlibout", given.zlib, "compress the containers of -w");
    text("--zlevel", given.zlevel, "LEVEL", "the same: fast, default or best");
    app.add_flag("--unbuffered", given.unbuffered, "write each payload at once");
    text("-e,--endline", given.end_of_line, "TEXT", "end of the lines of -o; \\n, \\t and \\\\ are known");
    text("--setsource", given.set_source, "N", "source of what is written");
    text("--setoperator", given.set_operator, "NAME|N", "operator of what is written");
    text("--setgroup", given.set_group, "NAME|N", "group of what is written");
    text("--getsource", given.get_source, "N", "take only payloads of this source from -r");
    text("--getoperator", given.get_operator, "NAME|N", "the same of this operator");
    text("--getgroup", given.get_group, "NAME|N", "the same of this group");
    app.add_flag("-v,--version", given.version, "print the version");
}

int command_line(int argc, char** argv) {
    CLI::App app("nmsgtool: captures, NMSG and JSON in, NMSG, presentation and JSON out");
    Options given;
    add_options(app, given);
    std::array<const CLI::Option*, refused_options.size()> refused{};
    std::vector<std::string> ignored;
    for (std::size_t i = 0; i < refused.size(); ++i)
        refused[i] = app.add_option(refused_options[i].option, ignored)->expected(0, 1)->group("");
    // Options of ARGV_NMSGTOOL stand ahead of those given (N69).
    std::vector<std::string> words;
    if (const char* ahead = std::getenv("ARGV_NMSGTOOL"); ahead != nullptr) {
        std::istringstream in(ahead);
        for (std::string word; in >> word;) words.push_back(word);
    }
    words.insert(words.end(), argv + 1, argv + argc);
    std::reverse(words.begin(), words.end());  // as CLI11 takes them
    try {
        app.parse(words);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return app.exit(error, std::cerr, std::cerr);
        fmt::print(stderr, "nmsgtool: {}; see nmsgtool -h\n", error.what());
        return usage_status;
    }
    if (given.version) {
        fmt::print(stderr, "nmsgtool {}\n", SIE_VERSION);
        return 0;
    }
    for (std::size_t i = 0; i < refused.size(); ++i)
        if (refused[i]->count() != 0)
            return refuse({ErrorKind::usage,
                           refused_options[i].option,
                           {},
                           refused_options[i].why,
                           refused_options[i].remedy});
    if (given.pcaps.empty() && given.nmsgs.empty() && given.jsons.empty())
        return refuse(
            {ErrorKind::usage, "nmsgtool", {}, "nothing to read", "give -p FILE, -r FILE or -j FILE"});
    return run(given);
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return command_line(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "nmsgtool: %s\n", error.what());
        return 1;
    }
}
