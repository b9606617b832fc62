// Why something was not recorded: the keys of the loss ledger.
//
// One word for each reason; the word is an interface (summary, metrics, docs/drop-reasons.md). The rows stand
// in the order in which a frame is judged: a frame is counted under the first word that applies (REFERENCE
// §7).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sie {

// What one count under a reason stands for.
enum class Counted : std::uint8_t { frame, message, transaction };

// X(word, counted, meaning)
#define SIE_DROP_REASONS(X)                                                                                 \
    X(kernel_drop, frame, "live: the kernel had no room left in the capture ring")                          \
    X(cut_short, frame, "the frame was cut by the snap length, and the IP packet in it is not whole")       \
    X(not_ip, frame, "no IPv4 or IPv6 packet behind the link header and up to two tags")                    \
    X(bad_ip_header, frame, "wrong version, header shorter than it must be, or no room for it")             \
    X(bad_ip_length, frame, "the IP header states a length that the frame or the header contradicts")       \
    X(bad_extension_header, frame, "an IPv6 extension header chain that does not end inside the packet")    \
    X(not_udp, frame, "another transport protocol; TCP and ICMP too when they were not asked for")          \
    X(bad_udp_header, frame, "no room for a UDP header, or a UDP length below 8")                           \
    X(bad_tcp_header, frame, "no room for a TCP header")                                                    \
    X(icmp_no_quote, frame, "an ICMP message without the beginning of a UDP or TCP packet in it")           \
    X(fragment_duplicate, frame, "an exact copy of a fragment that is held already")                        \
    X(fragment_bad_length, frame, "a fragment of a datagram whose fragments state impossible lengths")      \
    X(fragment_overlap, frame, "a fragment of a datagram whose fragments overlap (RFC 5722)")               \
    X(fragment_timeout, frame,                                                                              \
      "the rest of the datagram did not come within 30 s, or before the end of input")                      \
    X(fragment_evicted, frame, "the oldest datagrams made room: 4 MiB or 4,096 datagrams were waiting")     \
    X(filtered_bpf, frame, "the filter expression (-b, bpf) rejects the packet")                            \
    X(other_port, frame, "neither port is one of DNS")                                                      \
    X(dns_short, frame, "fewer than the twelve octets of a DNS header")                                     \
    X(not_initiator, frame, "neither is the initiator a listed resolver nor the responder a listed server") \
    X(dns_bad_question, frame, "one question is announced and it does not fit into the message")            \
    X(filtered_qr, message, "DNSQR_CAPTURE_QR wants the other half")                                        \
    X(filtered_rd, transaction, "DNSQR_CAPTURE_RD wants the other value of the RD bit")                     \
    X(filtered_qname, transaction, "DNSQR_FILTER_QNAMES_EXCLUDE lists the name or one above it")            \
    X(filtered_rcode, transaction, "DNSQR_FILTER_RCODES_EXCLUDE or _INCLUDE rejects the rcode")             \
    X(queue_full, transaction, "the writer was behind and its queue of containers full")                    \
    X(disk_full, transaction, "the container could not be written")

enum class DropReason : std::uint8_t {
#define X(word, counted, meaning) word,
    SIE_DROP_REASONS(X)
#undef X
};

struct DropReasonRow {
    DropReason reason;
    std::string_view word;
    Counted counted;
    std::string_view meaning;
};

inline constexpr std::array drop_reasons{
#define X(word, counted, meaning) DropReasonRow{DropReason::word, #word, Counted::counted, meaning},
    SIE_DROP_REASONS(X)
#undef X
};
#undef SIE_DROP_REASONS

inline constexpr std::size_t drop_reason_count = drop_reasons.size();

// How much was dropped for each reason.
using DropCounts = std::array<std::uint64_t, drop_reason_count>;

[[nodiscard]] constexpr std::size_t index_of(DropReason reason) { return static_cast<std::size_t>(reason); }
[[nodiscard]] constexpr std::string_view word_of(DropReason reason) {
    return drop_reasons[index_of(reason)].word;
}

}  // namespace sie
