// Frames, one after the other with their times, through the whole packet path: every frame, message and
// transaction is in one count, and every payload reads as it was written.
//
//   0 settings   then for each frame: clock (3 bits) and link type   length (2)   its octets
#include "fuzz/payload_holds.h"
#include "sensor/packet_path.h"

namespace sie::fuzz::packet_path {
namespace {

class Sink final : public dnsqr::PayloadSink, public sensor::ClockListener {
  public:
    Sink(const dnsqr::Settings& settings, sensor::Ledger& ledger) : settings_(settings), ledger_(ledger) {}
    void payload(const nmsg::DnsqrPayload& p, Time, nmsg::Blank blank) override {
        ++ledger_.payloads[static_cast<std::size_t>(p.type)];
        const Bytes octets = written(p, blank);
        reads_as_written(octets);
        if (settings_.zero_resolver_address) is_zeroed(octets);
    }
    void clock(Time now) override { last = now; }
    Time last;

  private:
    const dnsqr::Settings& settings_;
    sensor::Ledger& ledger_;
};

// Those of the goldens: 198.18.0.1 and 2001:db8::1 ask.
dnsqr::Settings settings_of(unsigned what) {
    dnsqr::Settings s;
    const auto set = [&](const char* name, const char* text) {
        require(dnsqr::find_setting(name)->apply(s, name, text).has_value(), "a setting is taken");
    };
    if ((what & 1) == 0) set("DNSQR_RES_ADDRS", "198.18.0.1,2001:db8::1,192.0.2.1");
    if ((what & 2) != 0) set("DNSQR_ZERO_RESOLVER_ADDRESS", "1");
    if ((what & 4) != 0) set("DNSQR_ZERO_CLIENT_SUBNET", "1");
    if ((what & 8) != 0) set("DNSQR_CAPTURE_QR", (what & 1) == 0 ? "0" : "1");
    if ((what & 16) != 0) set("DNSQR_AUTH_ADDRS", "198.18.53.53,198.51.100.2");
    if ((what & 2) == 0) {
        set("DNSQR_CAPTURE_TCP", (what & 32) != 0 ? "1" : "0");
        set("DNSQR_CAPTURE_ICMP", (what & 32) != 0 ? "1" : "0");
    }
    if ((what & 64) != 0) set("DNSQR_FILTER_RCODES_EXCLUDE", "NXDOMAIN");
    set("DNSQR_QUERY_TIMEOUT", "2");
    set("DNSQR_STATE_TABLE_MAX", "4");
    return s;
}

}  // namespace
}  // namespace sie::fuzz::packet_path

SIE_FUZZ_TARGET(packet_path) {
    using namespace sie;
    using namespace sie::fuzz;
    using namespace sie::fuzz::packet_path;
    constexpr std::int64_t second = Time::per_second;
    constexpr std::int64_t ticks[] = {0, 1, 1000, second / 2, second, 3 * second, 31 * second, -second};
    Choices choices(input);
    const dnsqr::Settings settings = settings_of(choices.octet());
    sensor::Ledger ledger;
    Sink sink(settings, ledger);
    sensor::PacketPath path(settings, {1, 2}, ledger, sink, sink, nullptr);
    for (Time now{1'700'000'000 * second}; !choices.empty();) {
        const unsigned how = choices.octet();
        const std::size_t length = choices.number16();
        now.ns += ticks[how & 7];
        capture::Frame frame;
        frame.link = static_cast<net::LinkType>(how >> 3 & 7);
        frame.octets = choices.octets(length);
        frame.wire_length = static_cast<std::uint32_t>(frame.octets.size() + (how >> 6 & 1));
        frame.time = now;
        if (how >> 7 != 0) path.idle(Time{now.ns + second});
        path.frame(frame);
        const auto [frames, messages, transactions] = ledger.balances();
        require(messages == path.queries_waiting() && transactions == 0,
                "messages and transactions are all counted");
        require(frames == 0 || (frames > 0 && path.datagrams_waiting() > 0),
                "only fragments that wait are not counted");
    }
    path.finish();
    require(path.queries_waiting() == 0 && path.datagrams_waiting() == 0, "at the end nothing waits");
    require(ledger.balances() == std::array<std::int64_t, 3>{}, "the balances close");
}
