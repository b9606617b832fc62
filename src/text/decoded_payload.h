// A payload with its fields, and with the values that are not stored in it but follow from it (FACTS N40,
// N41).
//
// In: payloads. Out: views into them, valid until the next one is decoded. Memory is used again from one
// payload to the next. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "nmsg/payload.h"
#include "text/payload_fields.h"
#include "text/recorded_packets.h"

namespace sie::text {

class DecodedPayload {
  public:
    enum class Outcome : std::uint8_t { decoded, unknown_type, undecodable };
    [[nodiscard]] Outcome decode(const nmsg::Payload& payload);

    // Null for a type without a table. The others are for decoded payloads.
    [[nodiscard]] const PayloadType* type() const { return type_; }
    [[nodiscard]] const PayloadFields& fields() const { return fields_; }
    // Of base:dns, what its rdata means.
    [[nodiscard]] bool rdata_type(std::uint16_t& type, std::uint16_t& rrclass) const;

    // Derived values; nothing if there are none. Seconds; the verdict of a type with response packets; the
    // DNS message in the recorded packets.
    [[nodiscard]] std::optional<double> dnsqr_delay();
    [[nodiscard]] std::optional<nmsg::ChecksumVerdict> dnsqr_verdict();
    [[nodiscard]] std::optional<Octets> dnsqr_message(bool response);
    [[nodiscard]] std::optional<FieldValue> dnstap_value(Kind kind) const;
    struct NcapEnds {
        Octets source, destination;
        std::optional<std::uint32_t> source_port, destination_port;
        std::uint32_t proto = 0;
        std::optional<Octets> data;
    };
    [[nodiscard]] std::optional<NcapEnds> ncap_ends() const;
    [[nodiscard]] std::optional<FieldValue> ncap_value(Kind kind, const FieldValue* stored) const;
    // A value that is a number or octets, of any kind that has one: stored, else derived, else the default.
    [[nodiscard]] std::optional<FieldValue> value(std::size_t row);

  private:
    void find_rdata_rows();
    [[nodiscard]] std::span<const Octets> packets_of(std::size_t row);

    const PayloadType* type_ = nullptr;
    const PayloadType* rdata_rows_of_ = nullptr;
    std::vector<std::size_t> rdata_rows_;
    PayloadFields fields_;
    RecordedPackets recorded_;
    std::vector<Octets> packets_;
    std::vector<std::uint64_t> seconds_;
};

}  // namespace sie::text
