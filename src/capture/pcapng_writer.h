// Octets of a pcapng file: its head, and a block a packet (draft-ietf-opsawg-pcapng; the reader is pcapng.h).
//
//   section header │ interface 0: raw IP │ interface 1: Ethernet │ enhanced packet block …
//
// Both interfaces count nanoseconds. Out: octets appended. No state.
#pragma once

#include <cstdint>
#include <vector>

#include "base/octets.h"
#include "base/time.h"

namespace sie::capture {

enum class WrittenLink : std::uint8_t { raw_ip = 0, ethernet = 1 };  // the numbers of the interfaces

void append_pcapng_head(std::vector<std::uint8_t>& out);
// `wire_length` is at least octets.size(). Times before 1970 become 0.
void append_pcapng_packet(std::vector<std::uint8_t>& out, WrittenLink link, Octets octets,
                          std::uint32_t wire_length, Time time);

}  // namespace sie::capture
