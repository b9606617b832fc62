// One text of octets, read in two ways that must come to the same: from a file, through a small buffer, and
// from a stream that gives one piece at a time, as a pipe does whose writer is slow.
#pragma once

#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "base/octet_source.h"
#include "fuzz/fuzz_target.h"

namespace sie::fuzz {

// Longer inputs are left alone: the pieces wait in a socket, and the buffer below must not fill.
constexpr std::size_t most_in_pieces = 60'000;

inline Result<OctetSource> as_file(Octets octets) {
    const int file = ::memfd_create("fuzz", MFD_CLOEXEC);
    require(file >= 0 && ::write(file, octets.data(), octets.size()) == static_cast<ssize_t>(octets.size()) &&
                ::lseek(file, 0, SEEK_SET) == 0,
            "a file in memory can be made");
    return OctetSource::adopt(file, "input", 64);
}

// Sixteen pieces of uneven size: read(2) of such a socket gives one, whatever it has room for.
inline Result<OctetSource> in_pieces(Octets octets) {
    int ends[2];
    require(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0, "a socket can be made");
    const std::size_t mean = octets.size() / 16 + 1;
    for (std::size_t at = 0, n = 1; at < octets.size(); ++n) {
        const std::size_t piece = std::min(octets.size() - at, 1 + (mean * 2 - 1) * (n * 7 % 5) / 4);
        require(::send(ends[0], octets.data() + at, piece, MSG_DONTWAIT) == static_cast<ssize_t>(piece),
                "the socket takes the pieces");
        at += piece;
    }
    ::close(ends[0]);
    return OctetSource::adopt(ends[1], "input", std::size_t{1} << 16);
}

}  // namespace sie::fuzz
