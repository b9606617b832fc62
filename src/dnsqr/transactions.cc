#include "dnsqr/transactions.h"

#include "dnsqr/blanking.h"

namespace sie::dnsqr {

std::string_view word_of(TransactionKind kind) {
    constexpr std::array<std::string_view, transaction_kind_count> words{"pair", "unanswered", "unsolicited",
                                                                         "query_only", "response_only"};
    return words[static_cast<std::size_t>(kind)];
}

namespace {

constexpr auto per_second = static_cast<std::uint64_t>(Time::per_second);

#if defined(__i386__)
// The x87 unit rounds twice: the last bit would differ from what every other machine records.
__attribute__((target("sse2,fpmath=sse"))) double seconds_by_sse(std::uint64_t ns) {
    return static_cast<double>(static_cast<std::int64_t>(ns / per_second)) +
           static_cast<double>(static_cast<std::int32_t>(ns % per_second)) / 1e9;
}
#endif

double seconds_of(std::uint64_t ns) {
#if defined(__i386__)
    if (__builtin_cpu_supports("sse2") != 0) return seconds_by_sse(ns);
#endif
    return static_cast<double>(ns / per_second) + static_cast<double>(ns % per_second) / 1e9;
}

}  // namespace

Transactions::Transactions(const Settings& settings, HashKey key, TransactionCounts& counts,
                           DropCounts& drops, PayloadSink& sink)
    : settings_(settings),
      counts_(counts),
      drops_(drops),
      sink_(sink),
      table_(settings.state_table_max, key, settings.stored_octets_max),
      subnet_room_(std::make_unique_for_overwrite<dns::OctetRange[]>(dns::most_client_subnets)) {}

void Transactions::leave_before(std::int64_t second) {
    table_.due(second, due_);
    for (std::size_t i = 0; i < due_.size(); ++i) {
        // They are a minute old: nothing of them is near.
        if (i + 2 < due_.size()) table_.approach_query(due_[i + 2]);
        unanswered(due_[i]);
    }
}

void Transactions::message(const Message& m, QueryTable::Keys keys) {
    if (settings_.capture_qr && *settings_.capture_qr != (m.response ? 1 : 0)) {
        ++drops_[index_of(DropReason::filtered_qr)];
        return;
    }
    if (m.response) table_.approach_query(keys);
    subnets_ = {};
    if (settings_.zero_client_subnet && dns::may_hold_client_subnet(m.dns)) {
        subnets_ = dns::find_client_subnets(m.dns, {subnet_room_.get(), dns::most_client_subnets});
        counts_.client_subnet_zeroed += subnets_.size();
    }
    if (settings_.capture_qr) {
        if (m.response)
            leave(TransactionKind::response_only, nullptr, &m);
        else
            leave(TransactionKind::query_only, &m, nullptr);
    } else if (!m.response) {
        store(m, keys);
    } else if (const QueryTable::Id id = table_.find(m, keys); id != QueryTable::none) {
        const Message query = table_.view(id, parts_);
        leave(TransactionKind::pair, &query, &m);
        table_.remove(id);
    } else {
        leave(TransactionKind::unsolicited, nullptr, &m);
    }
}

void Transactions::store(const Message& query, QueryTable::Keys keys) {
    // Q30 stores first and evicts then; the order of what leaves is the same.
    const auto evict_oldest = [this] {
        ++counts_.evicted;
        unanswered(table_.oldest());
    };
    if (table_.full()) evict_oldest();
    QueryTable::Id id;
    while ((id = table_.store(query, keys)) == QueryTable::none && table_.size() != 0) evict_oldest();
    if (id == QueryTable::none) {  // larger than the whole table: it leaves at once
        ++counts_.evicted;
        leave(TransactionKind::unanswered, &query, nullptr);
        return;
    }
    if (subnets_.empty()) return;
    copies_.clear();
    for (std::size_t i = 0; i < query.parts.size(); ++i) copies_.push_back(table_.stored_octets(id, i));
    blank_client_subnets(query, subnets_, copies_.data());
}

void Transactions::unanswered(QueryTable::Id id) {
    const Message query = table_.view(id, parts_);
    leave(TransactionKind::unanswered, &query, nullptr);
    table_.remove(id);
}

void Transactions::flush() {
    while (table_.oldest() != QueryTable::none) unanswered(table_.oldest());
}

bool Transactions::filtered(const Message* query, const Message* response) {
    const auto drop = [this](DropReason reason) {
        ++drops_[index_of(reason)];
        return true;
    };
    const bool rd = (query != nullptr ? query : response)->recursion_desired;
    if (settings_.capture_rd && *settings_.capture_rd != (rd ? 1 : 0)) return drop(DropReason::filtered_rd);
    const Message* asked = response != nullptr && !response->question.empty() ? response : query;
    if (asked != nullptr && !asked->question.empty() && !settings_.exclude_names.empty()) {
        const Octets name = asked->question_name();
        if (!settings_.include_names.covers(name) && settings_.exclude_names.covers(name))
            return drop(DropReason::filtered_qname);
    }
    if (response != nullptr) {
        const unsigned bit = 1U << response->rcode;
        if ((settings_.include_rcodes != 0 && (settings_.include_rcodes & bit) == 0) ||
            (settings_.exclude_rcodes & bit) != 0)
            return drop(DropReason::filtered_rcode);
    }
    return false;
}

bool Transactions::responder_listed(const Message& m) const {
    return settings_.resolvers.contains(m.family, m.responder);
}

void Transactions::blank_copies(const Leaving& leaving, std::uint8_t* const* placed) const {
    // A stored query lost its client subnets when it was stored.
    if (const Message* query = leaving.query; query != nullptr) {
        if (!query->dns.empty()) blank_client_subnets(*query, subnets_, placed);
        if (settings_.zero_resolver_address) blank_resolver(*query, responder_listed(*query), placed);
        placed += query->parts.size();
    }
    if (const Message* response = leaving.response; response != nullptr) {
        blank_client_subnets(*response, subnets_, placed);
        if (settings_.zero_resolver_address) blank_resolver(*response, responder_listed(*response), placed);
    }
}

void Transactions::leave(TransactionKind kind, const Message* query, const Message* response) {
    ++counts_.by_kind[static_cast<std::size_t>(kind)];
    if (filtered(query, response)) return;

    static constexpr std::array types{nmsg::DnsqrType::udp_query_response,
                                      nmsg::DnsqrType::udp_unanswered_query,
                                      nmsg::DnsqrType::udp_unsolicited_response,
                                      nmsg::DnsqrType::udp_query_only, nmsg::DnsqrType::udp_response_only};
    static constexpr std::array<std::uint8_t, 16> zero{};
    const Message& ends = response != nullptr ? *response : *query;
    nmsg::DnsqrPayload p;
    p.type = types[static_cast<std::size_t>(kind)];
    p.query_ip = {ends.initiator, ends.address_octets()};
    p.response_ip = {ends.responder, ends.address_octets()};
    p.proto = net::protocol_udp;
    p.query_port = ends.initiator_port;
    p.response_port = ends.responder_port;
    p.id = ends.id;
    const Message* asked = response != nullptr && !response->question.empty() ? response : query;
    if (asked != nullptr && !asked->question.empty()) {
        p.qname = asked->question_name();
        p.qtype = asked->question_type();
        p.qclass = asked->question_class();
    }
    const auto packets = [](const Message& m, std::vector<nmsg::DnsqrPacket>& out) {
        out.clear();
        for (const reassembly::Part& part : m.parts)
            out.push_back({part.ip, part.time.seconds(), static_cast<std::int32_t>(part.time.nanoseconds())});
        return std::span<const nmsg::DnsqrPacket>(out);
    };
    if (query != nullptr) p.query_packets = packets(*query, query_packets_);
    if (response != nullptr) {
        p.response_packets = packets(*response, response_packets_);
        p.rcode = response->rcode;
        p.udp_checksum = response->verdict;
    }
    if (kind == TransactionKind::unanswered) {
        // B18: never negative. The difference of two stamps of a capture file may not fit into 63 bits.
        const Time asked_at = query->time();
        const std::uint64_t age = clock_ > asked_at ? static_cast<std::uint64_t>(clock_.ns) -
                                                          static_cast<std::uint64_t>(asked_at.ns)
                                                    : 0;
        p.timeout = seconds_of(age);
    }
    if (settings_.zero_resolver_address) {
        p.resolver_address_zeroed = true;
        p.query_ip = Octets(zero).first(p.query_ip.size());
        if (responder_listed(ends)) p.response_ip = Octets(zero).first(p.response_ip.size());
    }
    const Leaving leaving{this, query, response};
    nmsg::Blank blank;
    const bool subnets_in_hand = !subnets_.empty() && kind != TransactionKind::unanswered;
    if (settings_.zero_resolver_address || subnets_in_hand ||
        (kind == TransactionKind::unanswered && !query->dns.empty())) {
        blank.context = const_cast<Leaving*>(&leaving);
        blank.apply = [](void* context, std::uint8_t* const* placed) {
            const Leaving& l = *static_cast<const Leaving*>(context);
            l.rules->blank_copies(l, placed);
        };
    }
    sink_.payload(p, (query != nullptr ? query : response)->time(), blank);
}

void Transactions::packet(nmsg::DnsqrType type, Octets ip, Time time) {
    nmsg::DnsqrPayload p;
    p.type = type;
    p.query_ip = p.response_ip = Octets{};
    p.proto = type == nmsg::DnsqrType::tcp ? net::protocol_tcp : net::protocol_icmp;
    (type == nmsg::DnsqrType::tcp ? p.tcp : p.icmp) = ip;
    sink_.payload(p, time, {});
}

}  // namespace sie::dnsqr
