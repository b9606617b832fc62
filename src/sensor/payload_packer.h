// Payloads into containers, and containers into the files of their time.
//
// The sink of the transaction rules: encodes each payload into the open container, once; hands a full one to
// the writer. Rotation follows the clock of the packets (REFERENCE §5): at the first packet at or behind a
// boundary the open container is closed, and that packet's time is the stamp of the next file. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "dnsqr/transactions.h"
#include "nmsg/container.h"
#include "sensor/container.h"
#include "sensor/packet_path.h"
#include "spool/rotation.h"

namespace sie::sensor {

class PayloadPacker final : public dnsqr::PayloadSink, public ClockListener {
  public:
    using Observer = std::function<void(const nmsg::DnsqrPayload&, Time)>;
    // `sink` null: payloads are counted and go nowhere.
    PayloadPacker(ContainerSink* sink, Ledger& ledger, spool::Rotation rotation,
                  std::size_t capacity = nmsg::most_container);

    void clock(Time now) override;
    void payload(const nmsg::DnsqrPayload& payload, Time envelope, nmsg::Blank blank) override;
    // Hands the open container over.
    void flush();

    [[nodiscard]] std::uint64_t payload_count() const { return count_; }
    // Containers handed over; the open one, if there is a payload in it, is the next.
    [[nodiscard]] std::uint64_t container_count() const { return containers_; }
    [[nodiscard]] bool empty() const { return builder_.empty(); }
    // Told of each of the first `most` payloads, before blanking of packets (no packet may be shown).
    void observe(Observer observer, std::uint64_t most);

  private:
    ContainerSink* sink_;
    Ledger& ledger_;
    const spool::Rotation rotation_;
    nmsg::ContainerBuilder builder_;
    Container open_;
    bool begun_ = false;
    Time stamp_;
    std::optional<std::int64_t> boundary_s_;  // of packet time, at which the next file begins
    std::uint64_t count_ = 0, observed_ = 0, containers_ = 0;
    std::vector<std::uint8_t*> placed_;
    Observer observer_;
};

}  // namespace sie::sensor
