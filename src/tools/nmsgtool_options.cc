#include "tools/nmsgtool_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <sstream>

#include "base/quoted.h"

namespace sie::tools {

namespace {

constexpr int usage_status = 2;

// Options of the original that this program does not carry.
struct Refused {
    const char* option;
    const char* why;
    const char* remedy;
};
constexpr const char* no_zmq = "ZMQ is not supported";
constexpr const char* use_files = "use files, pipes or UDP: -r, -w, -l, -s";
constexpr const char* no_kafka = "Kafka is not supported";
constexpr const char* no_filters = "filter modules are not supported";
constexpr const char* choose = "--filter takes an expression";
constexpr std::array<Refused, 11> refused_options{{
    {"-L,--readzsock", no_zmq, use_files},
    {"-Z,--readzchan", no_zmq, use_files},
    {"-S,--writezsock", no_zmq, use_files},
    {"--readkafka", no_kafka, use_files},
    {"--writekafka", no_kafka, use_files},
    {"--kafkakey", no_kafka, use_files},
    {"-F", no_filters, choose},
    {"--policy", no_filters, choose},
    {"-M,--statsmod", "statistics modules are not supported", "--stats prints what was read"},
    {"-f,--readpres", "presentation cannot be read back: it does not show everything", "use JSON: -J and -j"},
    {"--readchannel", "it is called --readchan", ""},
}};

struct Topic {
    const char* name;
    const char* about;
};
constexpr std::array<Topic, 6> topics{{{"inputs", "where payloads come from"},
                                       {"outputs", "where they go"},
                                       {"choosing", "what is made, taken and written over"},
                                       {"writing", "how it is written"},
                                       {"ending", "when it ends or rotates"},
                                       {"running", "how it runs"}}};

void add_inputs(CLI::App& app, NmsgtoolOptions& given) {
    const auto add = [&](const char* names, std::vector<std::string>& to, const char* type,
                         const char* help) {
        app.add_option(names, to, help)->type_name(type)->allow_extra_args(false)->group("inputs");
    };
    add("-r,--readnmsg", given.nmsgs, "FILE", "NMSG file, or -");
    add("-p,--readpcap", given.pcaps, "FILE", "capture file, or -; needs -T dnsqr, packet, pkt or ncap");
    add("-i,--readif", given.interfaces, "IF[+][,SNAP]", "live, + promiscuous; needs -T like -p");
    add("-j,--readjson", given.jsons, "FILE", "JSON lines, or -");
    add("-l,--readsock", given.sockets, "ADDR/PORT", "NMSG by UDP; also ADDR/LOW..HIGH");
    add("-C,--readchan", given.channels, "NAME", "the same by a name of the channel file");
}

void add_outputs(CLI::App& app, NmsgtoolOptions& given) {
    const auto add = [&](const char* names, std::vector<std::string>& to, const char* type,
                         const char* help) {
        app.add_option(names, to, help)->type_name(type)->allow_extra_args(false)->group("outputs");
    };
    add("-w,--writenmsg", given.nmsg_outs, "FILE", "NMSG file, or -");
    add("-o,--writepres", given.text_outs, "FILE", "text for people, or -; -o - if nothing else is given");
    add("-J,--writejson", given.json_outs, "FILE", "JSON lines, or -");
    add("-s,--writesock", given.socket_outs, "ADDR/PORT", "NMSG by UDP; also ,RATE of containers a second");
    add("--writepcap", given.pcap_outs, "FILE", "the packets in the payloads as a capture (pcapng)");
    app.add_flag("--stats", given.stats, "counts of what was read, as a table")->group("outputs");
    app.add_flag("--json-stats", given.json_stats, "the same as one JSON object")->group("outputs");
}

void add_choosing(CLI::App& app, NmsgtoolOptions& given) {
    const auto add = [&](const char* names, std::string& to, const char* type, const char* help) {
        app.add_option(names, to, help)->type_name(type)->group("choosing");
    };
    add("-V,--vendor", given.vendor, "NAME", "vendor of what is made, or taken of -r and -l");
    add("-T,--msgtype", given.type, "NAME", "its type, such as dnsqr");
    add("-b,--bpf", given.bpf, "EXPR", "of -p and -i: a packet filter that narrows what the lists allow");
    add("--filter", given.filter, "EXPR", "take what matches: 'qname=*.example.com and not rcode=NOERROR'");
    add("--getsource", given.get_source, "N", "take only payloads of this source of -r and -l");
    add("--getoperator", given.get_operator, "NAME|N", "the same of this operator");
    add("--getgroup", given.get_group, "NAME|N", "the same of this group");
    add("--setsource", given.set_source, "N", "source of what is written");
    add("--setoperator", given.set_operator, "NAME|N", "operator of what is written");
    add("--setgroup", given.set_group, "NAME|N", "group of what is written");
}

void add_writing(CLI::App& app, NmsgtoolOptions& given) {
    const auto add = [&](const char* names, std::string& to, const char* type, const char* help) {
        app.add_option(names, to, help)->type_name(type)->group("writing");
    };
    app.add_flag("--mirror", given.mirror, "every payload to every output; else to each in turn")
        ->group("writing");
    app.add_flag("-z,--zlibout", given.zlib, "compress the containers of -w and -s")->group("writing");
    add("--zlevel", given.zlevel, "LEVEL", "the same: fast, default or best");
    add("-m,--mtu", given.datagram_container, "OCTETS", "largest container of -s (8192)");
    app.add_flag("--unbuffered", given.unbuffered, "write each payload at once")->group("writing");
    add("-e,--endline", given.end_of_line, "TEXT", "end of the lines of -o; \\n, \\t and \\\\ are known");
    add("--rdata", given.rdata, "nmsg|standard", "rdata as the old tool shows it, or as the RFCs do");
}

void add_ending(CLI::App& app, NmsgtoolOptions& given) {
    const auto number = [&](const char* names, std::optional<std::uint64_t>& to, const char* type,
                            const char* help) {
        app.add_option(names, to, help)->type_name(type)->check(CLI::PositiveNumber)->group("ending");
    };
    number("-c,--count", given.count, "N", "end after N payloads for each output");
    number("-t,--interval", given.interval, "SECONDS", "end at the next multiple of SECONDS on the clock");
    app.add_option("-k,--kicker", given.kicker,
                   "do not end: rotate files, and run COMMAND FILE for each ('': none)")
        ->type_name("COMMAND")
        ->group("ending");
    app.add_flag("-R,--randomize", given.randomize, "move the ends of -t by a random offset")
        ->group("ending");
    number("-B,--byterate", given.byte_rate, "OCTETS", "read -r at so many octets a second");
}

void add_running(CLI::App& app, NmsgtoolOptions& given) {
    const auto add = [&](const char* names, std::string& to, const char* type, const char* help) {
        app.add_option(names, to, help)->type_name(type)->group("running");
    };
    app.add_flag("-D,--daemon", given.daemon, "go to the background once everything is open")
        ->group("running");
    add("-P,--pidfile", given.pid_file, "FILE", "write the pid there, and remove it at the end");
    add("-U,--username", given.user, "NAME", "run as this user");
    app.add_flag("-d,--debug", given.debug, "-dd: say what each input did")->group("running");
}

std::string names_of(const CLI::Option& option) {
    std::string names;
    for (const std::string& name : option.get_snames()) names += (names.empty() ? "-" : ", -") + name;
    for (const std::string& name : option.get_lnames()) names += (names.empty() ? "    --" : ", --") + name;
    if (option.get_items_expected() > 0 && option.get_type_size() > 0) names += ' ' + option.get_type_name();
    return names;
}

// A screen a topic; "" is the overview.
int help(const CLI::App& app, const std::string& topic) {
    const auto show = [&](const Topic& shown) {
        fmt::print(stderr, "\n{}: {}\n", shown.name, shown.about);
        for (const CLI::Option* option : app.get_options())
            if (option->get_group() == shown.name)
                fmt::print(stderr, "  {:<28} {}\n", names_of(*option), option->get_description());
    };
    const auto is_all = topic == "all";
    const auto found =
        std::find_if(topics.begin(), topics.end(), [&](const Topic& each) { return each.name == topic; });
    if (!topic.empty() && !is_all && found == topics.end()) {
        fmt::print(stderr,
                   "nmsgtool: -h: {} is no topic; they are inputs, outputs, choosing, writing, ending, "
                   "running, all\n",
                   sie::quoted(topic));
        return usage_status;
    }
    fmt::print(stderr,
               "usage: nmsgtool INPUT... [OUTPUT...] [OPTION...]\n"
               "Captures, NMSG and JSON in; NMSG, text, JSON, captures and counts out.\n");
    if (found != topics.end()) {
        show(*found);
        return 0;
    }
    for (const Topic& each : topics)
        if (is_all || &each < topics.data() + 2) show(each);
    if (!is_all) {
        fmt::print(stderr, "\nmore: nmsgtool -h TOPIC\n");
        for (const Topic& each : topics)
            if (&each >= topics.data() + 2) fmt::print(stderr, "  {:<28} {}\n", each.name, each.about);
        fmt::print(stderr, "  {:<28} {}\n  {:<28} {}\n", "all", "everything", "-v, --version",
                   "print the version");
        fmt::print(stderr,
                   "\nnmsgtool -r FILE.nmsg            what is in a file, as text; -J - as JSON\n"
                   "nmsgtool -p FILE.pcap -T dnsqr   the DNS transactions of a capture\n");
    }
    return 0;
}

int refuse(const Error& error) {
    fmt::print(stderr, "nmsgtool: {}\n", error.text());
    return error.exit_status();
}

}  // namespace

std::variant<NmsgtoolOptions, int> read_command_line(int argc, char** argv) {
    CLI::App app;
    app.set_help_flag();
    NmsgtoolOptions given;
    for (const auto add : {add_inputs, add_outputs, add_choosing, add_writing, add_ending, add_running})
        add(app, given);
    std::string topic;
    bool version = false;
    const CLI::Option* asked = app.add_option("-h,--help", topic)->expected(0, 1)->group("");
    app.add_flag("-v,--version", version)->group("");
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
        fmt::print(stderr, "nmsgtool: {}; see nmsgtool -h\n", error.what());
        return usage_status;
    }
    if (asked->count() != 0) return help(app, topic);
    if (version) {
        fmt::print(stderr, "nmsgtool {}{}\n", SIE_VERSION, SIE_KIND);
        return 0;
    }
    for (std::size_t i = 0; i < refused.size(); ++i)
        if (refused[i]->count() != 0)
            return refuse({ErrorKind::usage,
                           refused_options[i].option,
                           {},
                           refused_options[i].why,
                           refused_options[i].remedy});
    if (given.pcaps.empty() && given.nmsgs.empty() && given.jsons.empty() && given.sockets.empty() &&
        given.channels.empty() && given.interfaces.empty())
        return refuse(
            {ErrorKind::usage, "nmsgtool", {}, "nothing to read", "give -r FILE, or see nmsgtool -h"});
    if (const char* kicker = std::getenv("NMSG_KICKER"); kicker != nullptr && !given.kicker)
        given.kicker = kicker;
    return given;
}

}  // namespace sie::tools
