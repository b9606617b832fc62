// What a crash or a power cut left in an output folder: part files that nobody writes any more. Each is cut
// behind its last whole container and gets its final name.
//
// Taken: .PREFIX.STAMP.part (file_name.h), a plain file with one name, owned by us, root or the owner of the
// folder, that nobody holds a lock on (output_file.h). Never followed: symbolic links; never opened: FIFOs,
// devices. A container is whole when its header, its length, its zlib stream, each payload and each CRC in
// it are sound: after a power cut the length may be there and the octets not. The first one that is not
// whole is where the file ends; fragments of a container count when all of them are there. A file of zstd
// frames (.nmsg.zst) is cut between frames and decoded in whole first.
//
// What is kept is written over itself (an fsync that failed for the writer makes a later one prove nothing),
// judged again, cut, fsync'ed, renamed without replacing, and its folder fsync'ed. What could not be handled
// stays as it is and is told. Memory: whole_containers.h, whatever is in the folder, and a few
// hundred octets for each part file. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace sie::spool {

struct SalvagedFile {
    std::string part_path;
    std::string final_path;        // empty: nothing whole was in it, and it was removed
    std::uint64_t containers = 0;  // kept
    std::uint64_t octets = 0;      // kept, as they are in the file
    std::uint64_t lost = 0;        // octets behind them, cut off

    // "FINAL: salvaged from PART: N containers, N octets; N octets behind them were lost"
    [[nodiscard]] std::string text() const;
};

struct SalvageReport {
    std::vector<SalvagedFile> files;  // in the order of their names
    std::vector<Error> left;          // part files that stay, each with the reason and what to do
    std::uint64_t held = 0;           // part files that somebody is writing
};

// Errors: system, if the folder cannot be read at all.
[[nodiscard]] Result<SalvageReport> salvage(const std::string& folder);

}  // namespace sie::spool
