// No frame that the packet path records, or must count as a message, is rejected by the kernel's filter.
#include "capture/kernel_filter.h"

#include <gtest/gtest.h>
#include <pcap/pcap.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "capture/capture_file.h"
#include "dnsqr/settings.h"
#include "sensor/packet_path.h"
#include "support/shared_folder.h"

namespace sie::sensor {
namespace {

namespace fs = std::filesystem;

std::optional<capture::FilterStart> start_of(net::LinkType link) {
    switch (link) {
        case net::LinkType::ethernet: return capture::FilterStart::ethernet;
        case net::LinkType::raw:
        case net::LinkType::ipv4:
        case net::LinkType::ipv6: return capture::FilterStart::raw;
        case net::LinkType::linux_sll: return capture::FilterStart::linux_sll;
        case net::LinkType::linux_sll2: return capture::FilterStart::linux_sll2;
        case net::LinkType::bsd_null:
        case net::LinkType::bsd_loop: return capture::FilterStart::bsd_loopback;
    }
    return {};
}

// The rules of one run, and whether the path made something of a frame.
class Path final : private dnsqr::PayloadSink, private ClockListener {
  public:
    explicit Path(dnsqr::Settings settings)
        : settings_(std::move(settings)), path_(settings_, HashKey{}, ledger_, *this, *this, nullptr) {
        rules_.resolvers = settings_.resolver_prefixes;
        rules_.servers = settings_.server_prefixes;
        rules_.ports = settings_.ports;
        rules_.multicast_port_too = !settings_.has_lists();
        rules_.wanted = {settings_.wants_tcp(), settings_.wants_icmp()};
    }

    // Whether the frame was recorded, moved the clock as a message or fragment does, or was counted as
    // anything but a stranger's or a damaged frame.
    [[nodiscard]] bool uses(const capture::Frame& frame) {
        const auto before = ledger_.drops;
        moved_ = false;
        path_.frame(frame);
        if (settings_.has_lists() && moved_) return true;
        for (std::size_t i = 0; i < before.size(); ++i) {
            if (ledger_.drops[i] == before[i]) continue;
            const auto reason = static_cast<DropReason>(i);
            for (const DropReason stranger :
                 {DropReason::cut_short, DropReason::not_ip, DropReason::bad_ip_header,
                  DropReason::bad_ip_length, DropReason::bad_extension_header, DropReason::not_udp,
                  DropReason::bad_udp_header, DropReason::bad_tcp_header, DropReason::icmp_no_quote,
                  DropReason::other_port, DropReason::not_initiator, DropReason::dns_short})
                if (reason == stranger) return false;
        }
        return true;
    }
    [[nodiscard]] const capture::FilterRules& rules() const { return rules_; }

  private:
    void payload(const nmsg::DnsqrPayload&, Time, nmsg::Blank) override {}
    void clock(Time) override { moved_ = true; }

    dnsqr::Settings settings_;
    capture::FilterRules rules_;
    Ledger ledger_;
    bool moved_ = false;
    PacketPath path_;
};

using Environment = std::vector<std::pair<std::string, std::string>>;

// Nothing for settings that are refused.
std::optional<dnsqr::Settings> settings_of(const Environment& environment) {
    dnsqr::Settings settings;
    for (const auto& [name, value] : environment) {
        const auto* row = dnsqr::find_setting(name);
        if (row != nullptr && !row->apply(settings, name, value)) return {};
    }
    return settings;
}

Environment environment_of(const fs::path& path) {
    Environment environment;
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);)
        if (const auto at = line.find('='); at != std::string::npos)
            environment.emplace_back(line.substr(0, at), line.substr(at + 1));
    return environment;
}

struct Counts {
    std::size_t frames = 0, used = 0, rejected = 0, wrong = 0;
};

// `spoil`: a program that is too narrow, as the test's own test.
void hold(const fs::path& capture_path, const Environment& environment, Counts& counts, bool spoil = false) {
    auto settings = settings_of(environment);
    if (!settings) return;
    Path path(std::move(*settings));
    auto file = capture::CaptureFile::open(capture_path.string());
    if (!file) return;  // a capture that is refused whole
    std::map<capture::FilterStart, std::vector<bpf_insn>> programs;
    for (capture::Frame frame; file->next(frame);) {
        const auto start = start_of(frame.link);
        ASSERT_TRUE(start);
        std::vector<bpf_insn>& program = programs[*start];
        if (program.empty()) {
            auto rules = path.rules();
            if (spoil) rules.resolvers.resize(1);
            for (const auto& i : capture::make_kernel_filter(rules, *start, 262'144))
                program.push_back({i.code, i.jump_true, i.jump_false, i.k});
        }
        const auto octets = static_cast<u_int>(frame.octets.size());
        const bool passes = bpf_filter(program.data(), frame.octets.data(), frame.wire_length, octets) != 0;
        const bool used = path.uses(frame);
        ++counts.frames;
        counts.used += used;
        counts.rejected += !passes;
        if (!used || passes) continue;
        if (++counts.wrong < 3 && !spoil)
            ADD_FAILURE() << capture_path << " frame " << counts.frames << " is rejected";
    }
}

const std::vector<Environment> with_more{{},
                                         {{"DNSQR_CAPTURE_TCP", "1"}, {"DNSQR_CAPTURE_ICMP", "1"}},
                                         {{"DNSQR_CAPTURE_TCP", "0"}, {"DNSQR_CAPTURE_ICMP", "0"}}};

TEST(KernelFilter, rejects_no_frame_of_the_goldens_that_is_used) {
    Counts counts;
    int captures = 0;
    for (const auto& entry : fs::directory_iterator(fs::path(SIE_TEST_DATA) / "e2e" / "goldens")) {
        fs::path environment_path = entry.path();
        environment_path.replace_extension(".env");
        if (!entry.path().extension().string().starts_with(".pcap")) continue;
        ++captures;
        for (const Environment& more : with_more) {
            Environment environment = environment_of(environment_path);
            environment.insert(environment.end(), more.begin(), more.end());
            hold(entry.path(), environment, counts);
        }
    }
    std::printf("%d captures, %zu frames, %zu used, %zu rejected\n", captures, counts.frames, counts.used,
                counts.rejected);
    EXPECT_GT(captures, 20);
    EXPECT_GT(counts.used, 500U);
    EXPECT_GT(counts.rejected, 50U);
    EXPECT_EQ(counts.wrong, 0U);
}

TEST(KernelFilter, rejects_no_frame_of_captures_that_is_used) {
    const fs::path folder = test::shared_folder("captures");
    SIE_SKIP_WITHOUT(folder);
    const Environment res{{"DNSQR_RES_ADDRS", "198.19.1.1,2001:db8:1::1"}};
    const Environment res4{{"DNSQR_RES_ADDRS", "198.19.1.0/24"}};
    const Environment both{{"DNSQR_RES_ADDRS", "198.19.1.1"},
                           {"DNSQR_AUTH_ADDRS", "198.18.10.1,198.18.20.1,2001:db8:a::2,2001:db8:b::1"}};
    const Environment auth{{"DNSQR_AUTH_ADDRS", "198.19.1.1,2001:db8:1::1"}};
    Counts counts, spoiled;
    for (const auto& entry : fs::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        // The two largest hold nothing that their cut versions do not.
        if (name.find(".pcap") == std::string::npos || name.ends_with(".gz") ||
            name.find("payloads") != std::string::npos)
            continue;
        for (const Environment& lists : {Environment{}, res, res4, both, auth}) {
            for (const Environment& more : {with_more[0], with_more[1]}) {
                Environment environment = lists;
                environment.insert(environment.end(), more.begin(), more.end());
                hold(entry.path(), environment, counts);
            }
        }
        hold(entry.path(), res, spoiled, true);
    }
    std::printf("%zu frames, %zu used, %zu rejected\n", counts.frames, counts.used, counts.rejected);
    EXPECT_GT(counts.used, 10'000U);
    EXPECT_GT(counts.rejected, 10'000U);
    EXPECT_EQ(counts.wrong, 0U);
    EXPECT_GT(spoiled.wrong, 100U);
}

}  // namespace
}  // namespace sie::sensor
