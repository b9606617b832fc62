// The transaction rules: DNS messages in, transactions out as base:dnsqr payloads (REFERENCE §3, FACTS
// Q25–Q56).
//
// In: the clock (advance), messages of listed ends, TCP and ICMP packets. Out: payloads to a PayloadSink, in
// the order of Q56: what is due leaves before the packet in hand is used, then at most one payload of that
// packet. Filters are judged on leaving; a transaction is counted by kind before them and by one reason if it
// is filtered. A payload's views are valid during the call of the sink only; the sink must apply `blank` to
// its copy (it may be empty). Nothing is allocated per message once the largest datagram was seen. One
// thread; time comes in with the packets.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/drop_reason.h"
#include "base/siphash.h"
#include "dns/client_subnet.h"
#include "dnsqr/message.h"
#include "dnsqr/query_table.h"
#include "dnsqr/settings.h"
#include "nmsg/container.h"

namespace sie::dnsqr {

enum class TransactionKind : std::uint8_t { pair, unanswered, unsolicited, query_only, response_only };
constexpr std::size_t transaction_kind_count = 5;
[[nodiscard]] std::string_view word_of(TransactionKind kind);

struct TransactionCounts {
    std::array<std::uint64_t, transaction_kind_count> by_kind{};  // before filters
    std::uint64_t evicted = 0;               // unanswered before their time: the table was full
    std::uint64_t client_subnet_zeroed = 0;  // options
};

class PayloadSink {
  public:
    // `envelope`: the time of the payload (Q43). `packets`: how many copies `blank` wants to know of.
    virtual void payload(const nmsg::DnsqrPayload& payload, Time envelope, nmsg::Blank blank) = 0;

  protected:
    ~PayloadSink() = default;
};

class Transactions {
  public:
    Transactions(const Settings& settings, HashKey key, TransactionCounts& counts, DropCounts& drops,
                 PayloadSink& sink);

    // Other rules for the messages that come from now on; the table's size stays as it is.
    void set_rules(const Settings& settings) { settings_ = settings; }
    // The clock is the time of the packet in hand: every open query with now.sec − query.sec > timeout leaves
    // (Q28, B16).
    void advance(Time now) {
        clock_ = now;
        const std::int64_t second = now.seconds() - settings_.query_timeout_s;
        if (table_.any_due(second)) leave_before(second);
    }
    // A message of a transaction to be recorded: stored, paired, or counted as filtered. Its keys are
    // computed by the caller, who has other work for the time in which memory comes: all that follows but
    // `verdict` must be set.
    [[nodiscard]] QueryTable::Keys keys_of(const Message& message) const { return table_.keys_of(message); }
    // Between both, for a response: on the way to its query.
    void approach(QueryTable::Keys keys) const { table_.approach_entry(keys); }
    void message(const Message& message, QueryTable::Keys keys);
    void message(const Message& m) { message(m, keys_of(m)); }
    // A TCP segment or an ICMP message, whole: a payload of its own (Q46).
    void packet(nmsg::DnsqrType type, Octets ip, Time time);
    // The end of input: all open queries leave in stored order (B15).
    void flush();

    [[nodiscard]] std::uint32_t waiting() const { return table_.size(); }
    [[nodiscard]] std::size_t waiting_octets() const { return table_.octets(); }

  private:
    struct Leaving {
        const Transactions* rules;
        const Message *query, *response;
    };
    void leave_before(std::int64_t second);
    void store(const Message& query, QueryTable::Keys keys);
    void unanswered(QueryTable::Id id);
    void leave(TransactionKind kind, const Message* query, const Message* response);
    [[nodiscard]] bool filtered(const Message* query, const Message* response);
    void blank_copies(const Leaving& leaving, std::uint8_t* const* placed) const;
    [[nodiscard]] bool responder_listed(const Message& message) const;

    Settings settings_;
    TransactionCounts& counts_;
    DropCounts& drops_;
    PayloadSink& sink_;
    QueryTable table_;
    Time clock_;
    std::vector<QueryTable::Id> due_;
    std::vector<reassembly::Part> parts_;  // of the query that leaves
    std::vector<nmsg::DnsqrPacket> query_packets_, response_packets_;
    std::unique_ptr<dns::OctetRange[]> subnet_room_;
    std::span<const dns::OctetRange> subnets_;  // of the message in hand
    std::vector<std::uint8_t*> copies_;
};

}  // namespace sie::dnsqr
