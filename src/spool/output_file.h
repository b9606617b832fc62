// One output file at a time in a folder: opened as a part file, written, and renamed when it is closed.
//
// Names (REFERENCE §5): PREFIX.YYYYMMDD.HHMM.EPOCH.NNNNNNNNN.nmsg, UTC, from the stamp given to open(); while
// it is written .PREFIX.STAMP.part in the same folder. Close: fsync, rename without replacing (renameat2
// RENAME_NOREPLACE, or link and unlink), fsync of the folder. A reader never sees half a file under a final
// name. A file into which no octet was written is removed. An existing file of the final name is an error, at
// open() already. Errors: system, with path and remedy. After an error of write() the octets of that
// container are not in the file: what was written of it is cut off again, so that the file stays a row of
// whole containers. One thread.
#pragma once

#include <cstdint>
#include <string>

#include "base/octets.h"
#include "base/result.h"
#include "base/time.h"

namespace sie::spool {

[[nodiscard]] std::string file_stamp(Time opened);  // "YYYYMMDD.HHMM.EPOCH.NNNNNNNNN"

struct FileCounts {
    std::uint64_t files = 0, containers = 0, octets = 0;
};

class OutputFile {
  public:
    // The folder must exist; it is not made. `prefix`: letters, digits, '.', '_' and '-' only (checked by
    // settings).
    // `keep_empty`: a file into which nothing was written stays (FACTS N58).
    OutputFile(std::string folder, std::string prefix, std::string suffix = ".nmsg", bool keep_empty = false);
    ~OutputFile();  // removes an open part file: close() is how a file is kept
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;

    [[nodiscard]] Result<void> open(Time stamp);
    [[nodiscard]] bool is_open() const;
    [[nodiscard]] Result<void> write(Octets container);
    // The final path, or an empty string if the file held nothing and was removed.
    [[nodiscard]] Result<std::string> close();

    [[nodiscard]] const FileCounts& counts() const;  // of files that were kept, and what was written

  private:
    std::string folder_, prefix_, suffix_, part_path_, final_path_;
    bool keep_empty_;
    int fd_ = -1;
    std::uint64_t written_ = 0, containers_ = 0;
    FileCounts counts_;
};

}  // namespace sie::spool
