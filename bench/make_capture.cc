// make_capture: the traffic of capture_traffic.h as a pcap with microseconds, for `make bench`.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "capture_traffic.h"

namespace {

using namespace sie;

std::string described(const bench::CaptureOptions& o, const bench::CaptureCounts& c) {
    const auto share = [](std::uint64_t part, std::uint64_t whole) {
        return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
    };
    return fmt::format(
        R"({{"seed":{},"rate":{},"names_in_all":{},"waiting":{},"packets":{},"octets":{},"transactions":{},)"
        R"("answered":{},"unanswered":{},"fragmented":{},"fragments":{},"names":{},"first":{}.{:06},"last":{}.{:06},)"
        R"("share":{{"ipv6":{:.4f},"edns":{:.4f},"dnssec_ok":{:.4f},"unanswered":{:.4f},"nxdomain":{:.4f},)"
        R"("referrals":{:.4f},"with_signatures":{:.4f},"fragmented":{:.4f},"within_5_to_15_ms":{:.4f},)"
        R"("later_than_100_ms":{:.5f}}},"mean_response_octets":{:.1f},"longest_delay_ms":{:.1f}}})",
        o.seed, o.rate, o.names, o.waiting, c.packets, 24 + 16 * c.packets + c.octets, c.transactions,
        c.answered, c.unanswered, c.fragmented, c.fragments, c.names, c.first.seconds(),
        c.first.nanoseconds() / 1000, c.last.seconds(), c.last.nanoseconds() / 1000,
        share(c.ipv6, c.transactions), share(c.edns, c.transactions), share(c.dnssec_ok, c.transactions),
        share(c.unanswered, c.transactions), share(c.nxdomain, c.answered), share(c.referrals, c.answered),
        share(c.with_signatures, c.answered), share(c.fragmented, c.answered),
        share(c.within_5_to_15_ms, c.answered), share(c.later_than_100_ms, c.answered),
        share(c.response_octets, c.answered), static_cast<double>(c.longest_ns) / 1e6);
}

class Capture {
  public:
    explicit Capture(std::FILE* file) : file_(file) {
        batch_.reserve(batch_octets + 70'000);
        batch_.resize(24);
        store_le32(batch_.data(), 0xa1b2c3d4);
        batch_[4] = 2;
        batch_[6] = 4;
        store_le32(batch_.data() + 16, 262'144);
        store_le32(batch_.data() + 20, 1);
    }
    // False: errno says why.
    [[nodiscard]] bool add(const bench::CaptureTraffic::Made& made) {
        std::uint8_t head[16];
        const auto size = static_cast<std::uint32_t>(made.frame.size());
        store_le32(head, static_cast<std::uint32_t>(made.time.seconds()));
        store_le32(head + 4, made.time.nanoseconds() / 1000);
        store_le32(head + 8, size);
        store_le32(head + 12, size);
        bench::put_octets(batch_, head);
        bench::put_octets(batch_, made.frame);
        return batch_.size() < batch_octets || flush();
    }
    [[nodiscard]] bool flush() {
        const bool good = std::fwrite(batch_.data(), 1, batch_.size(), file_) == batch_.size();
        batch_.clear();
        return good && std::fflush(file_) == 0;
    }

  private:
    static constexpr std::size_t batch_octets = std::size_t{1} << 20;
    std::FILE* file_;
    bench::Bytes batch_;
};

}  // namespace

int main(int argc, char** argv) {
    bench::CaptureOptions options;
    std::string path;
    bool describe = false;
    CLI::App app(
        "make_capture: the traffic between a recursive resolver (198.19.1.1, 2001:db8:1::1) and its servers, "
        "made up,\n"
        "as a pcap; the same octets for the same options");
    app.add_option("FILE", path, "where to; - for standard output")->required();
    app.add_option("--packets", options.packets, "about so many frames")->capture_default_str();
    app.add_option("--seed", options.seed, "another capture of the same kind")->capture_default_str();
    app.add_option("--rate", options.rate, "queries a second")
        ->capture_default_str()
        ->check(CLI::Range(0.001, 1e7));
    app.add_option("--ipv6", options.ipv6, "percent of the transactions")
        ->capture_default_str()
        ->check(CLI::Range(0, 100));
    app.add_option("--unanswered", options.unanswered, "percent of the queries")
        ->capture_default_str()
        ->check(CLI::Range(0, 100));
    app.add_option("--nxdomain", options.nxdomain, "percent of the responses")
        ->capture_default_str()
        ->check(CLI::Range(0, 100));
    app.add_option("--fragmented", options.fragmented, "of 1000 responses, so many in fragments")
        ->capture_default_str()
        ->check(CLI::Range(0, 1000));
    app.add_option("--names", options.names, "of which the asked ones are drawn")
        ->capture_default_str()
        ->check(CLI::Range(1, 4'000'000));
    app.add_option("--waiting", options.waiting, "queries without response in the minute before")
        ->capture_default_str();
    app.add_flag("--describe", describe,
                 "what was made, as JSON on standard output (with FILE -: standard error)");
    CLI11_PARSE(app, argc, argv);

    const bool to_stdout = path == "-";
    std::FILE* file = to_stdout ? stdout : std::fopen(path.c_str(), "wb");
    bool good = file != nullptr;
    bench::CaptureTraffic traffic(options);
    if (good) {
        Capture capture(file);
        bench::CaptureTraffic::Made made;
        while (good && traffic.next(made)) good = capture.add(made);
        good = good && capture.flush();
        if (!to_stdout && std::fclose(file) != 0) good = false;
    }
    if (!good) {
        fmt::print(stderr, "make_capture: {}: {}\n", to_stdout ? "standard output" : path,
                   std::strerror(errno));
        return 1;
    }
    if (describe) fmt::print(to_stdout ? stderr : stdout, "{}\n", described(options, traffic.counts()));
    return 0;
}
