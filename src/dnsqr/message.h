// One DNS message in its packets, as the packet path hands it to the transaction rules.
//
// A view: every span points into the capture buffer, the reassembler or (for a stored query) the table, and
// lives as long as they say.
#pragma once

#include <cstdint>
#include <span>

#include "base/octets.h"
#include "dns/message.h"
#include "net/packet.h"
#include "nmsg/dnsqr_payload.h"
#include "reassembly/reassembler.h"

namespace sie::dnsqr {

struct Message {
    net::Family family = net::Family::v4;
    bool response = false;  // the QR bit
    bool recursion_desired = false;
    std::uint8_t rcode = 0;  // low four bits of the flags
    std::uint16_t id = 0;
    std::uint16_t initiator_port = 0, responder_port = 0;
    const std::uint8_t* initiator = nullptr;  // addresses, 4 or 16 octets by family
    const std::uint8_t* responder = nullptr;
    Octets question;  // name, type and class as on the wire; empty: the message has none (Q23)
    Octets dns;       // the message itself; empty for a stored query
    nmsg::ChecksumVerdict verdict = nmsg::ChecksumVerdict::error;  // of a response (Q51)
    std::span<const reassembly::Part> parts;                       // recorded packets in the order of offsets
    std::uint32_t base = 0;  // where the UDP header stands in the data that the parts cover

    [[nodiscard]] std::size_t address_octets() const { return net::address_octets(family); }
    [[nodiscard]] Octets question_name() const { return question.first(question.size() - 4); }
    [[nodiscard]] std::uint16_t question_type() const {
        return load_be16(question.data() + question.size() - 4);
    }
    [[nodiscard]] std::uint16_t question_class() const {
        return load_be16(question.data() + question.size() - 2);
    }
    [[nodiscard]] Time time() const { return parts.front().time; }
};

// What the header of a DNS message and the packet that brought it say: kind, id, and the two ends. The rest
// is as in a message of its own.
[[nodiscard]] inline Message message_of(const net::PacketView& packet, const dns::Header& header) {
    Message m;
    m.family = packet.family;
    m.response = header.response();
    m.recursion_desired = header.recursion_desired();
    m.rcode = header.rcode();
    m.id = header.id;
    const std::uint16_t source = packet.source_port(), destination = packet.destination_port();
    m.initiator = m.response ? packet.destination() : packet.source();
    m.responder = m.response ? packet.source() : packet.destination();
    m.initiator_port = m.response ? destination : source;
    m.responder_port = m.response ? source : destination;
    return m;
}

}  // namespace sie::dnsqr
