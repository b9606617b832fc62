// nmsgtool: capture files and NMSG files in, NMSG files or lines out. The text forms come with a later issue.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <thread>

#include "base/quoted.h"
#include "nmsg/reader.h"
#include "sensor/replay.h"
#include "text/payload_types.h"
#include "text/transaction_line.h"
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
    std::vector<std::string> pcaps, nmsgs;
    std::string vendor, type, output, bpf;
    std::optional<std::uint64_t> count;
    bool zlib = false, version = false;
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

// Lines on standard output. The first failure is kept, so that what a full disk took is not lost unseen.
class LineOutput {
  public:
    void put(std::string line) {
        line += '\n';
        if (failure_ == 0 && std::fwrite(line.data(), 1, line.size(), stdout) != line.size())
            failure_ = errno;
    }
    [[nodiscard]] bool failed() const { return failure_ != 0; }
    [[nodiscard]] Result<void> finish() {
        if (failure_ == 0 && std::fflush(stdout) != 0) failure_ = errno;
        if (failure_ != 0) return fail_errno("standard output", "cannot be written", failure_);
        return {};
    }

  private:
    int failure_ = 0;
};

// Opening the output empties it: an input that is the same file would be gone before it is read.
Result<std::unique_ptr<sensor::ContainerOutput>> open_output(const std::string& output,
                                                             const std::vector<std::string>& inputs) {
    std::error_code none;
    if (output != "-" && std::filesystem::is_regular_file(output, none))
        for (const std::string& input : inputs)
            if (std::filesystem::equivalent(input == "-" ? "/dev/stdin" : input, output, none))
                return fail(ErrorKind::usage, "-w", sie::quoted(output) + " is an input as well",
                            "write to another file");
    return sensor::PlainOutput::open(output);
}

int from_pcap(const Options& given) {
    const text::PayloadType* made = text::find_type(given.vendor, given.type);
    if (made == nullptr || made->vendor != nmsg::vendor_base || made->type != nmsg::type_dnsqr)
        return refuse({ErrorKind::usage,
                       "-p",
                       {},
                       "capture files become base:dnsqr payloads only",
                       "add -V base -T dnsqr"});
    sensor::ReplayOptions options;
    options.files = given.pcaps;
    if (auto applied = tools::apply_environment(options.settings); !applied) return refuse(applied.error());
    if (auto checked = dnsqr::check(options.settings, false); !checked) return refuse(checked.error());
    for (const std::string& warning : dnsqr::warnings(options.settings))
        fmt::print(stderr, "nmsgtool: warning: {}\n", warning);
    std::string expression = given.bpf;
    if (const char* value = std::getenv("NMSG_BPF"); expression.empty() && value != nullptr) {
        expression = value;
        if (expression.find_first_not_of(" \t") == std::string::npos)
            return refuse(
                {ErrorKind::usage, "NMSG_BPF", {}, "is set but empty", "unset it or give it a value"});
    }
    std::optional<capture::PacketFilter> filter;
    if (!expression.empty()) {
        auto compiled = capture::PacketFilter::compile(given.bpf.empty() ? "NMSG_BPF" : "-b", expression);
        if (!compiled) return refuse(compiled.error());
        filter.emplace(std::move(*compiled));
        options.filter = &*filter;
    }
    std::unique_ptr<sensor::ContainerOutput> output;
    LineOutput lines;
    if (!given.output.empty()) {
        auto opened = open_output(given.output, given.pcaps);
        if (!opened) return refuse(opened.error());
        output = std::move(*opened);
    } else {
        options.observed = ~std::uint64_t{0};
        options.observer = [&lines](const nmsg::DnsqrPayload& payload, Time time) {
            lines.put(text::transaction_line(payload, time.seconds(), time.nanoseconds()));
        };
    }
    options.output = output.get();
    options.compression = given.zlib ? nmsg::Compression::default_ : nmsg::Compression::none;
    options.compression_threads = std::max(1U, std::thread::hardware_concurrency());
    options.key = HashKey::random();
    options.most_payloads = given.count;
    tools::ProgressBar bar;
    if (bar.shown())
        options.progress = [&](const OctetSource& source, const sensor::Ledger& ledger) {
            bar.update(source, ledger.frames, "frames");
        };
    const tools::StopSignal stop;
    options.stop = &stop.asked();
    const sensor::ReplayResult result = sensor::replay(options);
    bar.clear();
    const auto printed = lines.finish();
    if (result.error) return refuse(*result.error);
    return printed ? 0 : refuse(printed.error());
}

std::string line_of(const nmsg::Payload& payload) {
    if (payload.vendor == nmsg::vendor_base && payload.type == nmsg::type_dnsqr)
        if (const auto dnsqr = nmsg::decode_dnsqr(payload.octets))
            return text::transaction_line(dnsqr->payload, payload.time_sec, payload.time_nsec);
    return fmt::format("{}.{:09} {}:{} {} octets", payload.time_sec, payload.time_nsec, payload.vendor,
                       payload.type, payload.octets.size());
}

void warn_of_dropped(const nmsg::Reader& reader) {
    const nmsg::ReadCounts& counts = reader.counts();
    const std::string& name = reader.source().name();
    if (counts.crc_failures != 0) {
        const auto [calculated, stored] = reader.last_crc_failure();
        fmt::print(stderr, "nmsgtool: WARNING: {}: crc mismatch ({:x} != {:x}), {} payloads dropped\n", name,
                   calculated, stored, counts.crc_failures);
    }
    if (counts.malformed_payloads != 0)
        fmt::print(stderr, "nmsgtool: WARNING: {}: {} malformed payloads dropped\n", name,
                   counts.malformed_payloads);
    if (const std::uint64_t lost = counts.fragments_incomplete + counts.fragments_rejected; lost != 0)
        fmt::print(stderr, "nmsgtool: WARNING: {}: {} fragments of unfinished or unsound sets dropped\n",
                   name, lost);
}

int from_nmsg(const Options& given) {
    // With -T the others are dropped (FACTS N53).
    const text::PayloadType* wanted = nullptr;
    if (!given.type.empty()) {
        wanted = text::find_type(given.vendor, given.type);
        if (wanted == nullptr)
            return refuse({ErrorKind::usage,
                           "-T",
                           {},
                           sie::quoted(given.vendor + ":" + given.type) + " is no message type",
                           "name one of base, as -T dnsqr"});
    }
    std::unique_ptr<sensor::ContainerOutput> output;
    LineOutput lines;
    if (!given.output.empty()) {
        auto opened = open_output(given.output, given.nmsgs);
        if (!opened) return refuse(opened.error());
        output = std::move(*opened);
    }
    std::optional<sensor::ContainerWriter> writer;
    if (output)
        writer.emplace(*output, given.zlib ? nmsg::Compression::default_ : nmsg::Compression::none,
                       std::max(1U, std::thread::hardware_concurrency()));
    nmsg::ContainerBuilder builder(nmsg::most_container);
    sensor::Container container;
    const auto flush = [&] {
        if (builder.empty()) return;
        container.oversized = builder.oversized();
        builder.finish_into(container.body);
        writer->submit(container);
    };
    std::uint64_t count = 0;
    std::optional<Error> error;
    tools::ProgressBar bar;
    const tools::StopSignal stop;
    const auto enough = [&] { return given.count && count >= *given.count; };
    for (const std::string& name : given.nmsgs) {
        if (enough()) break;
        auto source = OctetSource::open(name, OctetSource::default_buffer_octets, &stop.asked());
        auto reader = source ? nmsg::Reader::read(std::move(*source)) : fail(source.error());
        if (!reader) {
            if (!stop.asked()) error = reader.error();
            break;
        }
        nmsg::Payload payload;
        while (!stop.asked() && !enough() && !lines.failed() && reader->next(payload)) {
            if (wanted != nullptr && (payload.vendor != wanted->vendor || payload.type != wanted->type))
                continue;
            ++count;
            if (writer) {
                if (!builder.fits(nmsg::encoded_size(payload))) flush();
                builder.add(payload);
                if (builder.oversized()) flush();
                if (writer->failed()) break;
            } else {
                lines.put(line_of(payload));
            }
            if (bar.shown() && count % 4096 == 0) bar.update(reader->source(), count, "payloads");
        }
        bar.clear();
        warn_of_dropped(*reader);
        if (stop.asked()) break;  // cut where the signal came: no damage
        error = reader->error();
        if (error || lines.failed() || (writer && writer->failed())) break;
    }
    if (writer) {
        flush();
        sensor::Ledger ledger;
        if (auto failed = writer->finish(ledger); failed && !error) error = std::move(failed);
    }
    if (auto printed = lines.finish(); !printed && !error) error = std::move(printed.error());
    return error ? refuse(*error) : 0;
}

int command_line(int argc, char** argv) {
    CLI::App app("nmsgtool: capture files and NMSG files in, NMSG files or lines out");
    Options given;
    app.add_option("-p,--readpcap", given.pcaps, "capture file, or - (needs -T dnsqr); may be repeated")
        ->type_name("FILE")
        ->allow_extra_args(false);
    app.add_option("-r,--readnmsg", given.nmsgs, "NMSG file, or -; may be repeated")
        ->type_name("FILE")
        ->allow_extra_args(false);
    app.add_option("-w,--writenmsg", given.output, "NMSG file to write, or -; without it a line a payload")
        ->type_name("FILE");
    app.add_option("-V,--vendor", given.vendor, "vendor of the payloads to make, or to take from -r")
        ->type_name("NAME");
    app.add_option("-T,--msgtype", given.type, "their type: dnsqr for -p")->type_name("NAME");
    app.add_option("-b,--bpf", given.bpf, "a filter that narrows what the lists allow")->type_name("EXPR");
    app.add_option("-c,--count", given.count, "stop after N payloads")
        ->type_name("N")
        ->check(CLI::PositiveNumber);
    app.add_flag("-z,--zlibout", given.zlib, "compress the containers");
    app.add_flag("-v,--version", given.version, "print the version");
    std::array<const CLI::Option*, refused_options.size()> refused{};
    std::vector<std::string> ignored;
    for (std::size_t i = 0; i < refused.size(); ++i)
        refused[i] = app.add_option(refused_options[i].option, ignored)->expected(0, 1)->group("");
    try {
        app.parse(argc, argv);
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
        if (given.type.empty() && !given.vendor.empty())
            return refuse({ErrorKind::usage, "-V", {}, "a vendor without a type", "add -T NAME"});
        if (given.vendor.empty()) given.vendor = "base";
        if (given.pcaps.empty() == given.nmsgs.empty())
            return refuse({ErrorKind::usage,
                           "nmsgtool",
                           {},
                           given.pcaps.empty() ? "nothing to read" : "-p and -r cannot be mixed",
                           "give -p FILE or -r FILE"});
        return given.pcaps.empty() ? from_nmsg(given) : from_pcap(given);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return app.exit(error, std::cerr, std::cerr);
        fmt::print(stderr, "nmsgtool: {}; see nmsgtool -h\n", error.what());
        return usage_status;
    }
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
