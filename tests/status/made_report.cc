#include "status/made_report.h"

#include <utility>

namespace sie::status::test {

StatusFacts full_facts() {
    StatusFacts f;
    f.now = after(3600);
    f.run.version = "1.2.3";
    f.run.started = start;
    f.run.interfaces = {{"eth0", true}, {"eth1", false}};
    f.run.table_capacity = 131072;
    f.run.archive = true;
    sensor::LiveStatus& live = f.live;
    sensor::Ledger& l = live.ledger;
    l.frames = 36'000'000;
    l.joined = 1'234;
    l.messages = 30'000'000;
    l.tcp = 17;
    l.icmp = 19;
    l.transactions.by_kind = {14'000'000, 900'000, 40'000, 11, 12};
    l.transactions.evicted = 321;
    l.transactions.client_subnet_zeroed = 4'321;
    for (std::size_t i = 0; i < drop_reason_count; ++i) l.drops[i] = 100 + i;
    l.drops[index_of(DropReason::not_initiator)] = 4'500'000;
    l.drops[index_of(DropReason::filtered_rd)] = 9'000'000;
    l.payloads = {0, 5'000'000, 900'000, 40'000, 17, 19, 11, 12};
    live.written = {60, 7'200, 1'234'567'890};
    live.hurried = 7;
    live.queries_waiting = 4'096;
    live.query_octets = 3 << 20;
    live.datagrams_waiting = 5;
    live.payloads_waiting = 250;
    live.queues = {{3, 16, {4'000, 100}}, {1, 16, {3'200, 28}}};
    live.links = {capture::LinkState::attached, capture::LinkState::absent};
    live.kernel_drops = {60, 40};
    live.disk_failing = true;
    f.spool.fresh = {1, 20'000'000};
    f.spool.waiting = {40, 480'000'000};
    f.spool.archive = {1000, 5'000'000'000};
    f.spool.limit_octets = 536'870'912;
    f.spool.lost_files = 3;
    f.spool.lost_octets = 60'000'000;
    f.spool.lost_transactions = 700'000;
    f.spool.archive_stopped = true;
    f.spool.unarchived_files = 9;
    f.upload.last_success = after(3600 - 4000 + 300);
    f.upload.last_failure = after(3590);
    f.upload.last_error = "ssh: connect to host collector.example port 49222: Connection refused";
    f.upload.next_try_steady_ns = after(3630).steady_ns;
    f.upload.stopped = "the key /var/spool/sie/keys/upload may be read by others; chmod 600 it";
    f.upload.files = 20;
    f.upload.octets = 400'000'000;
    f.upload.failures = 33;
    f.clock = {ClockState::unsynchronised, 16'000'000'000};
    f.process = {48 << 20, 64 << 20, 512 << 20, 321'500'000'000};
    return f;
}

StatusHistory full_history() {
    StatusHistory history;
    const StatusFacts end = full_facts();
    const StatusSample last = sample_of(end);
    for (std::uint64_t s = 0; s <= 3600; s += 10) {
        StatusSample sample;
        sample.steady_ns = after(static_cast<std::int64_t>(s)).steady_ns;
        // Every count grows with the square of the time up to what it is now.
        const auto part = [&](std::uint64_t count) { return count * s / 3600 * s / 3600; };
        sample.frames = part(last.frames);
        sample.transactions = part(last.transactions);
        sample.payloads = part(last.payloads);
        sample.filtered_rd = part(last.filtered_rd);
        const bool lately = s == 3600;
        sample.kernel_drops = lately ? last.kernel_drops : 0;
        sample.queue_full = lately ? last.queue_full : 0;
        sample.disk_full = lately ? last.disk_full : 0;
        sample.evicted = lately ? last.evicted : 0;
        sample.spool_lost_files = lately ? last.spool_lost_files : 0;
        sample.waiting_files = lately ? last.waiting_files : 2;
        history.take(sample);
    }
    return history;
}

StatusReport full_report() {
    StatusFacts facts = full_facts();
    facts.upload.last_success = after(-100);  // more than an hour ago
    return make_report(std::move(facts), full_history());
}

StatusReport calm_report() {
    StatusFacts f;
    f.now = after(60);
    f.run.version = "1.2.3";
    f.run.started = start;
    f.run.interfaces = {{"eth0", false}};
    f.run.table_capacity = 131072;
    f.live.links = {capture::LinkState::attached};
    f.live.kernel_drops = {0};
    f.live.queues = {{0, 32, {60, 0}}};
    f.live.ledger.frames = 120'000;
    f.live.ledger.messages = 110'000;
    f.live.ledger.drops[index_of(DropReason::not_initiator)] = 10'000;
    f.live.ledger.transactions.by_kind = {54'900, 100, 0, 0, 0};
    f.live.ledger.payloads[static_cast<std::size_t>(nmsg::DnsqrType::udp_query_response)] = 54'900;
    f.live.ledger.payloads[static_cast<std::size_t>(nmsg::DnsqrType::udp_unanswered_query)] = 100;
    f.live.queries_waiting = 100;
    f.upload.last_success = after(59);
    f.upload.files = 1;
    f.upload.octets = 9'000'000;
    f.upload.next_try_steady_ns = after(70).steady_ns;
    f.spool.limit_octets = 536'870'912;
    f.clock = {ClockState::synchronised, 1'500'000};
    f.process = {30 << 20, 31 << 20, 512 << 20, 2'000'000'000};
    StatusHistory history;
    StatusSample zero;
    zero.steady_ns = start.steady_ns;
    history.take(zero);
    history.take(sample_of(f));
    return make_report(std::move(f), history);
}

StatusReport empty_report() { return make_report({}, {}); }

StatusReport hostile_report() {
    StatusFacts f = full_facts();
    f.run.interfaces[0].name = "a\"b\\c{d}";
    f.run.interfaces[1].name = "\x1b[2J\n\xff\xfe=,";
    f.run.version = "1\"\n# TYPE evil counter";
    f.upload.last_error =
        std::string("first\nWARNING second \x1b]0;title\x07 \xc3\x28 \xed\xa0\x80 \xe2\x96\x81 ") +
        std::string(5000, 'x') + std::string(1, '\0');
    f.upload.stopped = "\r\n\"}],\"evil\":[{\"";
    return make_report(std::move(f), full_history());
}

}  // namespace sie::status::test
