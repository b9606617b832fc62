// The gate of DNS messages: the header and the first question, as views into the octets given.
//
//   octet  0      2      4        6        8        10       12
//          | id   | flags| qdcount| ancount| nscount| arcount| name, type, class of the question …
//
// A message is looked at as far as the rules of transactions need (FACTS Q22, Q23): nothing behind the first
// question is judged here. No allocation; the views live as long as the octets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/octets.h"

namespace sie::dns {

constexpr std::size_t header_octets = 12;

struct Header {
    std::uint16_t id = 0;
    std::uint16_t flags = 0;  // QR, opcode, AA, TC, RD, RA, Z, AD, CD, rcode
    std::uint16_t question_count = 0, answer_count = 0, authority_count = 0, additional_count = 0;

    [[nodiscard]] bool response() const { return (flags & 0x8000) != 0; }
    [[nodiscard]] std::uint8_t opcode() const { return static_cast<std::uint8_t>(flags >> 11 & 15); }
    [[nodiscard]] bool recursion_desired() const { return (flags & 0x0100) != 0; }
    [[nodiscard]] std::uint8_t rcode() const { return static_cast<std::uint8_t>(flags & 15); }
};

// Nothing if the message is shorter than a header: dns_short.
[[nodiscard]] inline std::optional<Header> read_header(Octets message) {
    if (message.size() < header_octets) return std::nullopt;
    const std::uint8_t* const p = message.data();
    return Header{load_be16(p),     load_be16(p + 2), load_be16(p + 4),
                  load_be16(p + 6), load_be16(p + 8), load_be16(p + 10)};
}

struct Question {
    Octets octets;  // name, type and class, contiguous as on the wire; at least 5 of them once it is present

    [[nodiscard]] Octets name() const { return octets.first(octets.size() - 4); }
    [[nodiscard]] std::uint16_t type() const { return load_be16(octets.data() + octets.size() - 4); }
    [[nodiscard]] std::uint16_t qclass() const { return load_be16(octets.data() + octets.size() - 2); }
};

// absent: the count of questions is not 1, or the message ends with the header; it is kept without a
// question. bad: one question is announced and it does not fit into the message: dns_bad_question.
enum class QuestionOutcome : std::uint8_t { absent, present, bad };

// Where the name at `at` ends, which may lie behind `octets`: it is walked label by label, 0 ends it, an
// octet of 192 or more ends it after one more (a pointer, kept raw and not followed), any other n, 64 … 191
// included, skips n octets; no limit on the whole. Nothing: the walk left the octets before the name's last
// label. A message of 64 KiB holds 6,000 names.
[[nodiscard]] inline std::optional<std::size_t> skip_name(Octets octets, std::size_t at) {
    while (at < octets.size()) {
        const std::uint8_t length = octets[at];
        if (length == 0) return at + 1;
        if (length >= 192) return at + 2;
        at += std::size_t{1} + length;
    }
    return std::nullopt;
}

// Sets `out` if present.
[[nodiscard]] inline QuestionOutcome read_question(Octets message, Question& out) {
    if (message.size() < header_octets) return QuestionOutcome::bad;
    if (load_be16(message.data() + 4) != 1 || message.size() == header_octets) return QuestionOutcome::absent;
    const std::optional<std::size_t> end = skip_name(message, header_octets);
    if (!end || *end > message.size() || message.size() - *end < 4) return QuestionOutcome::bad;
    out.octets = message.subspan(header_octets, *end + 4 - header_octets);
    return QuestionOutcome::present;
}

}  // namespace sie::dns
