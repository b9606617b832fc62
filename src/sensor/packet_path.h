// The way of a packet, from the frame to the transaction rules: decode → reassemble → classify → match →
// emit.
//
// In: frames. Out: payloads to the PayloadSink; every frame in one count of the ledger. The clock is the time
// of the last packet admitted (REFERENCE §7): before such a packet is used, `clock` is told and what is due
// leaves. Nothing is allocated per packet in steady state. One thread.
#pragma once

#include <functional>
#include <limits>

#include "capture/capture_file.h"
#include "capture/packet_filter.h"
#include "dnsqr/transactions.h"
#include "reassembly/reassembler.h"
#include "sensor/ledger.h"

namespace sie::sensor {

class ClockListener {
  public:
    virtual void clock(Time now) = 0;

  protected:
    ~ClockListener() = default;
};

class PacketPath final : private reassembly::DropCounter {
  public:
    // `filter` may be null; it narrows (REFERENCE §7 "-b").
    PacketPath(const dnsqr::Settings& settings, HashKey key, Ledger& ledger, dnsqr::PayloadSink& sink,
               ClockListener& clock, const capture::PacketFilter* filter);

    void frame(const capture::Frame& frame);
    // Other rules for what comes from now on; the table's size stays as it is.
    void set_rules(const dnsqr::Settings& settings, const capture::PacketFilter* filter);
    [[nodiscard]] const dnsqr::Settings& rules() const { return settings_; }
    // Live, when no packet came for a while: what is due by the clock leaves. A time before that of the last
    // packet does nothing.
    void idle(Time now);
    [[nodiscard]] std::uint32_t queries_waiting() const { return transactions_.waiting(); }
    [[nodiscard]] std::size_t query_octets() const { return transactions_.waiting_octets(); }
    [[nodiscard]] std::size_t datagrams_waiting() const { return reassembler_.datagrams_waiting(); }
    // The end of input: unfinished datagrams are counted, open queries leave.
    void finish();

  private:
    void fragment(const net::PacketView& packet, Time time);
    void datagram(const net::PacketView& packet, Time time, std::span<const reassembly::Part> parts,
                  std::uint32_t base);
    void udp(const net::PacketView& packet, Time time, std::span<const reassembly::Part> parts,
             std::uint32_t base);
    void other(const net::PacketView& packet, Time time);
    void tick(Time now);
    void drop(DropReason reason) { ++ledger_.drops[index_of(reason)]; }
    void count(DropReason reason, std::uint64_t fragments) override {
        ledger_.drops[index_of(reason)] += fragments;
    }
    [[nodiscard]] bool is_dns_port(std::uint16_t port) const {
        if (port == first_port_) return true;
        for (const std::uint16_t dns_port : settings_.ports)
            if (port == dns_port) return true;
        return false;
    }
    [[nodiscard]] bool has_dns_port(std::uint16_t a, std::uint16_t b, bool multicast_too) const;

    dnsqr::Settings settings_;
    bool lists_;
    net::Transports wanted_;
    std::uint16_t first_port_;
    Ledger& ledger_;
    ClockListener& clock_;
    const capture::PacketFilter* filter_;
    reassembly::Reassembler reassembler_;
    dnsqr::Transactions transactions_;
    Time latest_{std::numeric_limits<std::int64_t>::min()};  // that the clock has told
};

}  // namespace sie::sensor
