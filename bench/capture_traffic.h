// Some minutes at the network side of a recursive resolver, made up: frames in the order of their stamps, for
// captures of any length.
//
//   names      drawn by Zipf's law with exponent 1 over `names` of them, in a fifth as many zones, 13 %
//   signed;
//              an answer is the same each time that its name and type are asked
//   queries    Poisson; 97 % with EDNS, 92 % of those with DO; types A, AAAA, HTTPS, TXT, NS, MX, DS, DNSKEY
//   responses  answers, referrals, NODATA; `nxdomain` with a random label in front of the zone; DNSSEC
//   records in
//              signed zones; log-normal delay, median 9 ms, 72 % within 5 … 15 ms, 1 % up to 6 s
//   fragments  `fragmented` of the responses have 1,550 … 2,600 octets
//   `unanswered` of the queries get no response; `waiting` more come evenly over the minute before `begin`
//
// Shares are in percent, of all queries; `fragmented` of those with a response, in tenths of a percent. The
// same octets for the same options. Checksums are right. One thread; memory does not grow with the number of
// packets.
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

#include "base/time.h"
#include "made_packets.h"

namespace sie::bench {

struct CaptureOptions {
    std::uint64_t seed = 1;
    std::uint64_t packets = 400'000;  // frames without `waiting`; what has begun then is still answered
    double rate = 10'000;             // queries a second
    unsigned ipv6 = 30, unanswered = 5, nxdomain = 15;
    unsigned fragmented = 21;
    std::uint32_t names = 60'000;
    std::uint32_t waiting = 0;
    std::int64_t begin_s = 1'700'000'000;
};

struct CaptureCounts {
    std::uint64_t packets = 0, octets = 0;  // frames, and what they have
    std::uint64_t transactions = 0, answered = 0, unanswered = 0;
    std::uint64_t fragmented = 0, fragments = 0;      // responses, and the frames that they came in
    std::uint64_t ipv6 = 0, edns = 0, dnssec_ok = 0;  // transactions
    std::uint64_t nxdomain = 0, referrals = 0, with_signatures = 0, response_octets = 0;  // responses
    std::uint64_t names = 0;  // different ones that were asked
    std::uint64_t within_5_to_15_ms = 0, later_than_100_ms = 0;
    std::int64_t longest_ns = 0;  // delay
    Time first, last;
};

class CaptureTraffic {
  public:
    explicit CaptureTraffic(const CaptureOptions& options);

    struct Made {
        Time time;     // whole microseconds
        Octets frame;  // from the Ethernet header on; valid until the next call
    };
    // False: that was all.
    [[nodiscard]] bool next(Made& made);
    [[nodiscard]] const CaptureCounts& counts() const { return counts_; }

  private:
    enum class Kind : std::uint8_t { answer, nodata, nxdomain, referral };
    struct Zone {
        std::uint32_t wire_at, provider;  // in names_; whose servers it has, 0: its own
        std::uint8_t wire_octets, domain, servers;
        bool is_signed, whole;  // whole: its servers stand in every answer
    };
    struct Name {
        std::uint32_t wire_at, zone;
        std::uint8_t wire_octets;
    };
    struct Transaction {
        std::uint64_t number;
        std::int64_t asked_ns;
        std::uint32_t name;
        std::uint16_t id, port, octets, type;  // octets: a response in fragments has as many, else 0
        std::uint8_t server;
        Kind kind;
        bool ipv6, edns, dnssec_ok;
    };
    struct Due {
        std::int64_t ns;
        std::uint64_t order;
        std::uint32_t slot;
        std::uint16_t part;
        bool operator>(const Due& other) const {
            return ns != other.ns ? ns > other.ns : order > other.order;
        }
    };
    class Writer;

    void make_names();
    [[nodiscard]] Octets wire(std::uint32_t at, std::uint8_t octets) const {
        return Octets(wires_).subspan(at, octets);
    }
    // The k-th server of a zone, as a number from which its addresses are made.
    [[nodiscard]] std::uint64_t server(std::uint32_t zone, std::size_t k) const;
    [[nodiscard]] Transaction draw(std::int64_t ns);
    void ask(const Transaction& t, Made& made);
    void answer(const Due& due, Made& made);
    // True: more parts of this datagram follow.
    [[nodiscard]] bool frame(const Transaction& t, bool response, std::size_t part, std::int64_t ns,
                             Made& made);
    void put_question(const Transaction& t, unsigned flags);

    const CaptureOptions options_;
    const std::uint64_t salt_;
    Random random_;
    CaptureCounts counts_;
    Bytes wires_;
    std::vector<Zone> zones_;
    std::vector<Name> names_;
    std::vector<std::uint32_t> providers_;  // where their domain stands in wires_
    std::vector<double> reached_;           // by rank: the share of all questions up to it
    std::vector<bool> asked_;
    std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
    std::vector<Transaction> open_;
    std::vector<std::uint32_t> free_;
    std::uint64_t number_ = 0, pending_ = 0;
    std::uint32_t waited_ = 0;
    std::int64_t next_ns_;
    Bytes message_, udp_, packet_;
};

}  // namespace sie::bench
