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
#include "sensor/container_writer.h"
#include "sensor/packet_path.h"
#include "spool/rotation.h"

namespace sie::sensor {

using spool::Rotation;

class PayloadPacker final : public dnsqr::PayloadSink, public ClockListener {
  public:
    using Observer = std::function<void(const nmsg::DnsqrPayload&, Time)>;
    // `writer` null: payloads are counted and go nowhere.
    PayloadPacker(ContainerWriter* writer, Ledger& ledger, Rotation rotation,
                  std::size_t capacity = nmsg::most_container);

    void clock(Time now) override;
    void payload(const nmsg::DnsqrPayload& payload, Time envelope, nmsg::Blank blank) override;
    // Hands the open container over.
    void flush();

    [[nodiscard]] std::uint64_t payload_count() const { return count_; }
    // Told of each of the first `most` payloads, before blanking of packets (no packet may be shown).
    void observe(Observer observer, std::uint64_t most);

  private:
    ContainerWriter* writer_;
    Ledger& ledger_;
    const Rotation rotation_;
    nmsg::ContainerBuilder builder_;
    Container open_;
    bool begun_ = false;
    Time stamp_;
    std::optional<std::int64_t> next_boundary_s_;
    std::uint64_t count_ = 0, observed_ = 0;
    std::vector<std::uint8_t*> placed_;
    Observer observer_;
};

}  // namespace sie::sensor
