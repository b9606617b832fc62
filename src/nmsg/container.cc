#include "nmsg/container.h"

#include <algorithm>
#include <cstring>

#include "base/crc32c.h"
#include "nmsg/protobuf.h"

namespace sie::nmsg {
namespace pb = protobuf;
namespace {

// Fields of Nmsg (FACTS N5) and of NmsgPayload.
constexpr std::uint32_t field_payloads = 1, field_crcs = 2, field_sequence = 3, field_sequence_id = 4;
constexpr std::uint32_t payload_vendor = 1, payload_type = 2, payload_time_sec = 3, payload_time_nsec = 4,
                        payload_octets = 5;

// N13: what the estimate reserves.
constexpr std::size_t estimate_crc = 6, estimate_sequence = 18, estimate_margin = 32;
// The least NmsgPayload is 11 octets (vendor, type, seconds of one octet each), 19 in the estimate.
constexpr std::size_t least_estimate = 19;

// Room behind `capacity` for CRCs and for what a payload of common size may be over it.
constexpr std::size_t slack = std::size_t{32} << 10;
// The buffer is taken at once but touched in steps, so that memory which no payload needed stays untouched.
constexpr std::size_t step = std::size_t{64} << 10;

std::size_t envelope_size(std::int64_t time_sec) {
    return pb::varint_field_size(payload_vendor, vendor_base) +
           pb::varint_field_size(payload_type, type_dnsqr) +
           pb::varint_field_size(payload_time_sec, pb::from_signed(time_sec)) + 5;
}

// S of N13 for a base:dnsqr payload of that size.
std::size_t payload_size(std::size_t dnsqr_size, std::int64_t time_sec) {
    return envelope_size(time_sec) + pb::bytes_field_size(payload_octets, dnsqr_size);
}

}  // namespace

ContainerBuilder::ContainerBuilder(std::size_t capacity, bool sequenced)
    : capacity_(std::clamp(capacity, least_container, most_container)),
      estimate_(header_octets),
      sequenced_(sequenced) {
    octets_.reserve(header_octets + capacity_ + slack);
    crcs_.reserve(capacity_ / least_estimate + 1);
}

bool ContainerBuilder::fits(std::size_t size) const {
    if (empty()) return true;
    const std::size_t taken = estimate_ + estimate_margin;
    return taken < capacity_ && size < capacity_ - taken;
}

bool ContainerBuilder::fits(const DnsqrPayload& dnsqr, std::int64_t time_sec) const {
    return fits(payload_size(most_encoded_size(dnsqr), time_sec)) ||
           fits(payload_size(encoded_size(dnsqr), time_sec));
}

void ContainerBuilder::add(const Payload& payload) {
    const std::size_t size = encoded_size(payload);
    std::uint8_t* out = room(1 + pb::varint_size(size) + size);
    encode(payload, pb::write_bytes_start(out, field_payloads, size));
    account(size, payload.crc ? *payload.crc : payload.has_octets ? crc32c(payload.octets) : 0);
}

void ContainerBuilder::add(const DnsqrPayload& dnsqr, std::int64_t time_sec, std::uint32_t time_nsec,
                           std::uint8_t** placed, Blank blank) {
    // Lengths stand before what they count, and nearly all take two octets: the payload is written behind
    // room for two such lengths, and moved if that was wrong.
    constexpr std::size_t usual = 2, longest = 5;
    const std::size_t envelope = envelope_size(time_sec), before = 1 + usual + envelope + 1 + usual;
    std::uint8_t* const start = room(before + most_encoded_size(dnsqr) + 2 * (longest - usual));
    std::uint8_t* body = start + before;
    const auto dnsqr_size = static_cast<std::size_t>(encode(dnsqr, body, placed) - body);
    if (blank.apply != nullptr) blank.apply(blank.context, placed);
    const std::uint32_t crc = crc32c({body, dnsqr_size});
    const std::size_t size = payload_size(dnsqr_size, time_sec);
    const std::size_t wanted = 1 + pb::varint_size(size) + size - dnsqr_size;
    if (wanted != before) std::memmove(start + wanted, body, dnsqr_size);

    std::uint8_t* out = pb::write_bytes_start(start, field_payloads, size);
    out = pb::write_varint_field(out, payload_vendor, vendor_base);
    out = pb::write_varint_field(out, payload_type, type_dnsqr);
    out = pb::write_varint_field(out, payload_time_sec, pb::from_signed(time_sec));
    out = pb::write_fixed32_field(out, payload_time_nsec, time_nsec);
    pb::write_bytes_start(out, payload_octets, dnsqr_size);
    account(size, crc);
}

bool ContainerBuilder::oversized() const {
    return estimate_ + (sequenced_ ? estimate_sequence : 0) > capacity_;
}

// N13.2; the size of the tag and length of a payload is counted as N13 does, which varint_size gives as well.
void ContainerBuilder::account(std::size_t size, std::uint32_t crc) {
    used_ += 1 + pb::varint_size(size) + size;
    estimate_ += size + 2 + (size >= 128 ? 1u : 0u) + (size >= 16384 ? 1u : 0u) +
                 (size >= 2097152 ? 1u : 0u) + estimate_crc;
    crcs_.push_back(detail::swap(crc));  // N7: stored with its octets swapped
    ++count_;
}

std::uint8_t* ContainerBuilder::room(std::size_t octets) {
    const std::size_t wanted = header_octets + used_ + octets;
    if (octets_.size() < wanted)
        octets_.resize(wanted <= octets_.capacity() ? std::min(octets_.capacity(), wanted + step) : wanted);
    return octets_.data() + header_octets + used_;
}

Octets ContainerBuilder::finish(std::optional<Sequence> sequence) {
    std::size_t size = 0;
    for (const std::uint32_t crc : crcs_) size += pb::varint_field_size(field_crcs, crc);
    if (sequence)
        size += pb::varint_field_size(field_sequence, sequence->number) +
                pb::varint_field_size(field_sequence_id, sequence->id);
    std::uint8_t* out = room(size);
    for (const std::uint32_t crc : crcs_) out = pb::write_varint_field(out, field_crcs, crc);
    if (sequence) {
        out = pb::write_varint_field(out, field_sequence, sequence->number);
        pb::write_varint_field(out, field_sequence_id, sequence->id);
    }
    return {octets_.data() + header_octets, used_ + size};
}

void ContainerBuilder::finish_into(std::vector<std::uint8_t>& into, std::optional<Sequence> sequence) {
    const std::size_t size = finish(sequence).size();
    put_container_header(octets_.data(), 0, size);
    octets_.swap(into);
    into.resize(header_octets + size);
    octets_.reserve(header_octets + capacity_ + slack);
    reset();
}

void ContainerBuilder::reset() {
    estimate_ = header_octets;
    used_ = count_ = 0;
    crcs_.clear();
}

}  // namespace sie::nmsg
