// Messages with their times, one after the other: the transaction rules do what their plain twin does, the
// ledger closes, and what is to be zeroed is nowhere in what leaves.
#include "fuzz/dnsqr_messages.h"
#include "fuzz/payload_holds.h"
#include "sensor/ledger.h"

namespace sie::fuzz::dnsqr_messages {
namespace {

class Sink final : public dnsqr::PayloadSink {
  public:
    Sink(const Settings& settings, sensor::Ledger& ledger) : settings_(settings), ledger_(ledger) {}
    void payload(const nmsg::DnsqrPayload& p, Time envelope, nmsg::Blank blank) override {
        static constexpr TransactionKind kinds[] = {
            TransactionKind::pair,         TransactionKind::unanswered, TransactionKind::unsolicited,
            TransactionKind::pair,         TransactionKind::pair,       TransactionKind::query_only,
            TransactionKind::response_only};
        ++ledger_.payloads[static_cast<std::size_t>(p.type)];
        left.push_back({kinds[static_cast<std::size_t>(p.type) - 1], static_cast<std::uint16_t>(p.id),
                        static_cast<std::uint16_t>(p.query_port), envelope, p.timeout});
        const Bytes octets = written(p, blank);
        reads_as_written(octets);
        if (settings_.zero_resolver_address) is_zeroed(octets);
        static const Bytes subnet{client_octet, client_octet}, resolver{resolver_octet, resolver_octet};
        if (settings_.zero_resolver_address) is_nowhere(resolver, octets);
        if (settings_.zero_client_subnet) is_nowhere(subnet, octets);
    }
    std::vector<TransactionsTwin::Left> left;

  private:
    const Settings& settings_;
    sensor::Ledger& ledger_;
};

}  // namespace
}  // namespace sie::fuzz::dnsqr_messages

SIE_FUZZ_TARGET(dnsqr) {
    using namespace sie;
    using namespace sie::fuzz;
    using namespace sie::fuzz::dnsqr_messages;
    Choices choices(input);
    const Settings settings = settings_of(choices);
    sensor::Ledger ledger;
    Sink sink(settings, ledger);
    dnsqr::Transactions rules(settings, {1, 2}, ledger.transactions, ledger.drops, sink);
    TransactionsTwin twin{.settings = settings};
    for (Time now{1'700'000'000 * second}; !choices.empty();) {
        const Made made(choices, now);
        ++ledger.frames;
        ++ledger.messages;
        rules.advance(now);
        rules.message(made.message);
        twin.advance(now);
        twin.message(made.said);
        require(sink.left == twin.left, "what leaves is what leaves in the twin, in its order");
        require(rules.waiting() == twin.open.size(), "as many queries wait");
        const auto [frames, messages, transactions] = ledger.balances();
        require(frames == 0 && messages == rules.waiting() && transactions == 0,
                "the balances close but for what waits");
    }
    rules.flush();
    twin.flush();
    require(sink.left == twin.left, "at the end all leave, in stored order");
    require(ledger.balances() == std::array<std::int64_t, 3>{}, "the balances close");
}
