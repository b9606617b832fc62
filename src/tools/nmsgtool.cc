// nmsgtool: capture files and NMSG files in, NMSG files or lines out. The text forms come with a later issue.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "dns/name.h"
#include "nmsg/reader.h"
#include "sensor/replay.h"
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
    std::string vendor = "base", type, output, bpf;
    std::optional<std::uint64_t> count;
    bool zlib = false, version = false;
};

int from_pcap(const Options& given) {
    // Names match in any case; ISC is what base was called (FACTS-nmsg §2).
    const std::string vendor = dns::lowered(given.vendor);
    if (dns::lowered(given.type) != "dnsqr" || (vendor != "base" && vendor != "isc"))
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
    if (const char* value = std::getenv("NMSG_BPF"); expression.empty() && value != nullptr)
        expression = value;
    std::optional<capture::PacketFilter> filter;
    if (!expression.empty()) {
        auto compiled = capture::PacketFilter::compile(given.bpf.empty() ? "NMSG_BPF" : "-b", expression);
        if (!compiled) return refuse(compiled.error());
        filter.emplace(std::move(*compiled));
        options.filter = &*filter;
    }
    std::unique_ptr<sensor::ContainerOutput> output;
    if (!given.output.empty()) {
        auto opened = sensor::PlainOutput::open(given.output);
        if (!opened) return refuse(opened.error());
        output = std::move(*opened);
    } else {
        options.observed = ~std::uint64_t{0};
        options.observer = [](const nmsg::DnsqrPayload& payload, Time time) {
            fmt::print("{}\n", text::transaction_line(payload, time.seconds(), time.nanoseconds()));
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
    return result.error ? refuse(*result.error) : 0;
}

void print_line(const nmsg::Payload& payload) {
    if (payload.vendor == nmsg::vendor_base && payload.type == nmsg::type_dnsqr)
        if (const auto dnsqr = nmsg::decode_dnsqr(payload.octets)) {
            fmt::print("{}\n", text::transaction_line(dnsqr->payload, payload.time_sec, payload.time_nsec));
            return;
        }
    fmt::print("{}.{:09} {}:{} {} octets\n", payload.time_sec, payload.time_nsec, payload.vendor,
               payload.type, payload.octets.size());
}

int from_nmsg(const Options& given) {
    std::unique_ptr<sensor::ContainerOutput> output;
    if (!given.output.empty()) {
        auto opened = sensor::PlainOutput::open(given.output);
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
    for (const std::string& name : given.nmsgs) {
        auto source = OctetSource::open(name, OctetSource::default_buffer_octets, &stop.asked());
        auto reader = source ? nmsg::Reader::read(std::move(*source)) : fail(source.error());
        if (!reader) {
            if (!stop.asked()) error = reader.error();
            break;
        }
        nmsg::Payload payload;
        std::uint64_t crc_failures = 0;
        while (!stop.asked() && (!given.count || count < *given.count) && reader->next(payload)) {
            ++count;
            if (writer) {
                if (!builder.fits(nmsg::encoded_size(payload))) flush();
                builder.add(payload);
                if (builder.oversized()) flush();
                if (writer->failed()) break;
            } else {
                print_line(payload);
            }
            if (bar.shown() && count % 4096 == 0) bar.update(reader->source(), count, "payloads");
        }
        bar.clear();
        crc_failures = reader->counts().crc_failures;
        if (crc_failures != 0) {
            const auto [calculated, stored] = reader->last_crc_failure();
            fmt::print(stderr, "nmsgtool: WARNING: {}: crc mismatch ({:x} != {:x}), {} payloads dropped\n",
                       name, calculated, stored, crc_failures);
        }
        if (reader->counts().malformed_payloads != 0)
            fmt::print(stderr, "nmsgtool: WARNING: {}: {} malformed payloads dropped\n", name,
                       reader->counts().malformed_payloads);
        if (stop.asked()) break;  // cut where the signal came: no damage
        error = reader->error();
        if (error || (writer && writer->failed())) break;
    }
    if (writer) {
        flush();
        sensor::Ledger ledger;
        if (auto failed = writer->finish(ledger); failed && !error) error = std::move(failed);
    }
    return error ? refuse(*error) : 0;
}

int command_line(int argc, char** argv) {
    CLI::App app("nmsgtool: capture files and NMSG files in, NMSG files or lines out");
    Options given;
    app.add_option("-p,--readpcap", given.pcaps, "capture file, or - (needs -T dnsqr); may be repeated")
        ->type_name("FILE");
    app.add_option("-r,--readnmsg", given.nmsgs, "NMSG file, or -; may be repeated")->type_name("FILE");
    app.add_option("-w,--writenmsg", given.output, "NMSG file to write, or -; without it a line a payload")
        ->type_name("FILE");
    app.add_option("-V,--vendor", given.vendor, "vendor of the payloads to make: base")->type_name("NAME");
    app.add_option("-T,--msgtype", given.type, "type of the payloads to make: dnsqr")->type_name("NAME");
    app.add_option("-b,--bpf", given.bpf, "a filter that narrows what the lists allow")->type_name("EXPR");
    app.add_option("-c,--count", given.count, "stop after N payloads")
        ->type_name("N")
        ->check(CLI::PositiveNumber);
    app.add_flag("-z,--zlibout", given.zlib, "compress the containers");
    app.add_flag("-v,--version", given.version, "print the version");
    try {
        app.parse(argc, argv);
        if (given.version) {
            fmt::print(stderr, "nmsgtool {}\n", SIE_VERSION);
            return 0;
        }
        if (given.pcaps.empty() == given.nmsgs.empty())
            return refuse({ErrorKind::usage,
                           "nmsgtool",
                           {},
                           given.pcaps.empty() ? "nothing to read" : "-p and -r cannot be mixed",
                           "give -p FILE or -r FILE"});
        return given.pcaps.empty() ? from_nmsg(given) : from_pcap(given);
    } catch (const CLI::ParseError& error) {
        return app.exit(error, std::cerr, std::cerr) == 0 ? 0 : usage_status;
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
