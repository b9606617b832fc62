// Which of the sources that share an interface's frames a frame goes to.
//
// A program of classic BPF for PACKET_FANOUT_CBPF: a number from the two addresses alone, the same for both
// directions and for every fragment; the kernel takes it modulo the number of sources. Frames that are not IP
// go to the first. IPv4, IPv6, tags in front as in the filter.
#pragma once

#include <vector>

#include "capture/kernel_filter.h"

namespace sie::capture {

// `ethernet`: all frames of the interface have an Ethernet header.
[[nodiscard]] std::vector<FilterInstruction> make_fanout_program(bool ethernet);

}  // namespace sie::capture
