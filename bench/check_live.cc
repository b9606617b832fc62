// check_live [--remove] [--seed N]: what a sensor recorded of the traffic of send_live, transaction by
// transaction.
//
// Lines on standard input: the path of an NMSG file (or FIFO) each; "sent N": transactions 0 … N − 1 were
// sent. At the end one JSON object on standard output. --remove: a file that was read is removed; so files of
// hours can be checked while they are written. Each recorded packet is compared with the frame as it was
// sent.
//
//   once      all messages of the transaction in one payload, each once
//   divided   all of them, each once, in two payloads (the response was not matched)
//   half      the query alone, or the response alone
//   twice     a message more than once
//   missing   nothing of it
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstring>
#include <iostream>
#include <vector>

#include "live_traffic.h"
#include "nmsg/dnsqr_payload.h"
#include "nmsg/reader.h"

namespace {

using namespace sie;

// Two bits each: how often query and response were recorded, at most twice; a bit: both in one payload.
constexpr std::uint8_t one_query = 1, queries = 3, one_response = 4, responses = 12, together = 16;

struct Check {
    bench::LiveTraffic traffic;
    std::vector<std::uint8_t> seen;
    std::uint64_t sent = 0, payloads = 0, containers = 0, octets = 0, files = 0, crc_failures = 0;
    std::uint64_t pairs = 0, unanswered = 0, unsolicited = 0;
    std::uint64_t altered = 0, invented = 0;
    std::int64_t first_ns = 0, last_ns = 0;
    std::string damage;

    explicit Check(std::uint64_t seed) : traffic(seed) {}

    static bool same(Octets frame, Octets packet) { return equal(frame.subspan(14), packet); }

    // Whether query and response are those that were sent.
    bool as_sent(const nmsg::DnsqrPayload& p, std::uint32_t number) {
        const auto identity = bench::identity_of(number);
        if (p.id != identity.id || p.query_port != identity.port || p.response_port != 53 || p.proto != 17)
            return false;
        if (p.query_packets.size() > 1 ||
            (!p.query_packets.empty() && !same(traffic.query(number), p.query_packets[0].octets)))
            return false;
        if (p.response_packets.empty()) return true;
        if (p.response_packets.size() != traffic.response_frames(number)) return false;
        for (std::size_t i = 0; i < p.response_packets.size(); ++i)
            if (!same(traffic.response(number, i), p.response_packets[i].octets)) return false;
        return true;
    }

    void take(const nmsg::Payload& payload) {
        ++payloads;
        const auto decoded = payload.vendor == nmsg::vendor_base && payload.type == nmsg::type_dnsqr
                                 ? nmsg::decode_dnsqr(payload.octets)
                                 : std::nullopt;
        std::uint32_t number = 0;
        // What nobody can have sent yet is no number of ours either; `sent` comes last.
        if (!decoded || !decoded->payload.qname ||
            !bench::LiveTraffic::number_in(*decoded->payload.qname, number) || number > 4'000'000'000U) {
            ++invented;
            return;
        }
        const nmsg::DnsqrPayload& p = decoded->payload;
        const bool query = !p.query_packets.empty(), response = !p.response_packets.empty();
        switch (p.type) {
            case nmsg::DnsqrType::udp_query_response: ++pairs; break;
            case nmsg::DnsqrType::udp_unanswered_query: ++unanswered; break;
            case nmsg::DnsqrType::udp_unsolicited_response: ++unsolicited; break;
            default: ++altered; return;
        }
        if ((p.type != nmsg::DnsqrType::udp_unsolicited_response) != query ||
            (p.type != nmsg::DnsqrType::udp_unanswered_query) != response || !as_sent(p, number)) {
            ++altered;
            return;
        }
        if (number >= seen.size())
            seen.resize(std::max<std::size_t>(number + std::size_t{1}, seen.size() * 2));
        std::uint8_t& bits = seen[number];
        if (query && (bits & queries) < 2 * one_query) bits = static_cast<std::uint8_t>(bits + one_query);
        if (response && (bits & responses) < 2 * one_response)
            bits = static_cast<std::uint8_t>(bits + one_response);
        if (query && response) bits |= together;
        const auto times = query ? p.query_packets : p.response_packets;
        const std::int64_t ns = times[0].time_sec * 1'000'000'000 + times[0].time_nsec;
        if (first_ns == 0 || ns < first_ns) first_ns = ns;
        last_ns = std::max(last_ns, ns);
    }

    void read(const std::string& path, bool remove) {
        auto reader = nmsg::Reader::open(path);
        if (!reader) {
            damage = reader.error().text();
            return;
        }
        nmsg::Payload payload;
        while (reader->next(payload)) take(payload);
        if (reader->error()) damage = reader->error()->text();
        ++files;
        containers += reader->counts().containers;
        crc_failures += reader->counts().crc_failures + reader->counts().malformed_payloads;
        octets += reader->source().consumed();
        if (remove) unlink(path.c_str());
    }

    void print() {
        std::uint64_t once = 0, divided = 0, half = 0, twice = 0, missing = 0, kept = 0, expected = 0;
        for (std::uint64_t n = 0; n < std::max<std::uint64_t>(sent, seen.size()); ++n) {
            const std::uint8_t bits = n < seen.size() ? seen[n] : 0;
            const int q = bits & queries, r = (bits & responses) / one_response;
            if (n >= sent) {
                invented += bits != 0 ? 1 : 0;
                continue;
            }
            const bool answered = traffic.answered(static_cast<std::uint32_t>(n));
            expected += answered ? 2 : 1;
            kept += static_cast<std::uint64_t>(std::min(q, 1) + std::min(r, 1));
            if (q > 1 || r > 1)
                ++twice;
            else if (q == 0 && r == 0)
                ++missing;
            else if (answered ? (bits & together) != 0 : q == 1)
                ++once;
            else if (q == 1 && r == 1)
                ++divided;
            else
                ++half;
        }
        std::string quoted;
        for (const char c : damage) {
            if (c == '"' || c == '\\') quoted.push_back('\\');
            quoted.push_back(static_cast<unsigned char>(c) < ' ' ? ' ' : c);
        }
        fmt::print(
            "{{\"sent\":{},\"once\":{},\"divided\":{},\"half\":{},\"twice\":{},\"missing\":{},\"messages_"
            "sent\":{},"
            "\"messages_kept\":{},\"altered\":{},\"invented\":{},\"files\":{},\"containers\":{},\"payloads\":"
            "{},"
            "\"pairs\":{},\"unanswered\":{},\"unsolicited\":{},\"octets\":{},\"crc_failures\":{},\"first\":{}"
            ".{:09d},"
            "\"last\":{}.{:09d},\"damage\":\"{}\"}}\n",
            sent, once, divided, half, twice, missing, expected, kept, altered, invented, files, containers,
            payloads, pairs, unanswered, unsolicited, octets, crc_failures, first_ns / 1'000'000'000,
            first_ns % 1'000'000'000, last_ns / 1'000'000'000, last_ns % 1'000'000'000, quoted);
    }
};

}  // namespace

int main(int argc, char** argv) {
    CLI::App app(
        "check_live: what was recorded of the traffic of send_live; paths and \"sent N\" on standard input");
    std::uint64_t seed = 1;
    bool remove = false;
    app.add_option("--seed", seed, "as send_live was given");
    app.add_flag("--remove", remove, "remove each file that was read");
    CLI11_PARSE(app, argc, argv);
    try {
        Check check(seed);
        for (std::string line; std::getline(std::cin, line);) {
            if (line.starts_with("sent "))
                check.sent = std::strtoull(line.c_str() + 5, nullptr, 10);
            else if (!line.empty())
                check.read(line, remove);
        }
        check.print();
        return check.damage.empty() ? 0 : 1;
    } catch (const std::exception& error) {
        fmt::print(stderr, "check_live: {}\n", error.what());
        return 1;
    }
}
