// libsie-nmsg: NMSG files and containers, their payloads, and their text forms.
//
// What every part of the library keeps to:
// - No exception leaves it. What can fail returns false or null and says why in an Error: the thing, the
// place, the
//   reason, the remedy. Out of memory is such an Error too.
// - Everything read is taken for hostile; Limits bound what reading may cost.
// - An object is used by one thread at a time; different objects by different threads. Nothing is global.
// - Views (std::span, std::string_view) say at the function that gives them how long they stay valid.
//
//   #include <sie-nmsg/file.h>      containers in files, pipes and datagrams
//   #include <sie-nmsg/message.h>   the fields of a payload, read and written by name
//   #include <sie-nmsg/text.h>      presentation, JSON (both ways), filter expressions
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#define SIE_NMSG_API __attribute__((visibility("default")))

namespace sie_nmsg {

using Octets = std::span<const std::uint8_t>;

struct Error {
    enum class Kind : std::uint8_t {
        none,
        damaged,  // the input is not what it says it is
        system,   // the operating system refused
        usage,    // an argument is wrong
        memory,   // there is not enough
    };
    Kind kind = Kind::none;
    std::string text;                       // one line for people
    std::optional<std::uint64_t> offset{};  // the place in the (uncompressed) input, if there is one
    explicit operator bool() const noexcept { return kind != Kind::none; }
};

// One NMSG payload. A view: the octets belong to whoever filled it in.
struct Payload {
    std::uint32_t vendor = 0, type = 0;  // 1 and 9: base:dnsqr
    std::int64_t time_sec = 0;           // seconds since 1970-01-01 00:00 UTC
    std::uint32_t time_nsec = 0;
    Octets octets;                                       // the message, as protobuf
    std::uint32_t source = 0, operator_ = 0, group = 0;  // 0: unset
};

struct Limits {
    std::size_t container_octets = std::size_t{16} << 20;  // of one container, on the wire and inflated
    std::size_t fragment_sets = 64;                        // of containers in fragments, incomplete at a time
    std::size_t fragment_octets = std::size_t{64} << 20;   // held in them together
};

struct Counts {
    std::uint64_t containers = 0, payloads = 0;
    std::uint64_t crc_failures = 0, malformed_payloads = 0;          // payloads dropped
    std::uint64_t fragments_incomplete = 0, fragments_rejected = 0;  // fragments dropped
};

// "1.0.0"
[[nodiscard]] SIE_NMSG_API const char* version() noexcept;

}  // namespace sie_nmsg
