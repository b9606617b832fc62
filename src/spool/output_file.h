// One output file at a time in a folder: opened as a part file, written, and renamed when it is closed.
//
// Names: file_name.h. Close: fsync, rename without replacing, fsync of the folder. A reader never sees half a
// file under a final name. As long as a part file is open its writer holds a lock on it (durable.h), until
// it has its final name: a salvage (salvage.h) leaves it alone. A file into which no octet was written is
// removed. An existing file of the final name is an error, at open() already. Errors: system, with path and
// remedy.
//
// Disk full: after an error of write() the octets of that container are not in the file. What was written
// of it is cut off again, so that the file stays a row of whole containers, and the next write() tries anew.
//
// A close() that fails leaves the part file, and take_unfinished() hands it over, still locked, to be tried
// again; the OutputFile can open the next one meanwhile. Whoever does not take it leaves it to the salvage.
//
// After an fsync that failed the kernel may take the octets for written: a second fsync that succeeds proves
// nothing. So finish() then reads the whole file back, holds it against the CRC-32C of each write() (kept for
// that: 16 octets a write), writes the same octets over themselves and only then calls fsync again. If what
// it reads is not what was written, the file is lost() as a whole and stays for the salvage, which
// keeps what is still whole of it.
//
// Every 8 MiB the disk is told to begin (begin_writing), so that the fsync at the end is short.
//
// Memory: 16 octets a write; while finish() checks, the largest write once more. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/octets.h"
#include "base/result.h"
#include "base/time.h"
#include "spool/durable.h"
#include "spool/file_name.h"

namespace sie::spool {

struct FileCounts {
    std::uint64_t files = 0, containers = 0, octets = 0;
};

// A file whose close() failed. Going without finish() leaves the part file to the salvage.
class UnfinishedFile {
  public:
    // Goes on where close() stopped. The final path; or an error, after which it may be called again.
    [[nodiscard]] Result<std::string> finish();
    // finish() cannot succeed any more: the part file was removed, or its content on the disk has changed.
    [[nodiscard]] bool lost() const { return lost_; }
    // The content has its final name; only the folder is not known to be on the disk.
    [[nodiscard]] bool renamed() const { return step_ == Step::folder; }
    [[nodiscard]] const std::string& part_path() const { return part_path_; }
    [[nodiscard]] const std::string& final_path() const { return final_path_; }
    [[nodiscard]] std::uint64_t containers() const { return writes_.size(); }
    [[nodiscard]] std::uint64_t octets() const { return octets_; }

  private:
    friend class OutputFile;
    enum class Step : std::uint8_t { content, content_again, name, folder };
    struct Write {
        std::uint64_t octets;
        std::uint32_t crc;
    };
    UnfinishedFile(Descriptor file, std::string folder, std::string name, const std::string& suffix);
    [[nodiscard]] Result<void> finish_content();
    [[nodiscard]] Result<void> write_again();
    [[nodiscard]] Result<void> finish_name();

    Descriptor file_;
    std::string folder_, part_name_, final_name_, part_path_, final_path_;
    std::vector<Write> writes_;
    std::uint64_t octets_ = 0, begun_ = 0;  // begun_: told to the disk
    Step step_ = Step::content;
    bool lost_ = false;
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
    // The same, but at the first free name at or behind `stamp`, nanosecond by nanosecond, a thousand at most
    // (a clock that was set back meets its own names). The stamp that the file got.
    [[nodiscard]] Result<Time> open_free(Time stamp);
    [[nodiscard]] bool is_open() const;
    [[nodiscard]] Result<void> write(Octets container);
    // The final path, or an empty string if the file held nothing and was removed.
    [[nodiscard]] Result<std::string> close();
    // What the last close() could not finish; once. Its files are not in counts().
    [[nodiscard]] std::optional<UnfinishedFile> take_unfinished();

    [[nodiscard]] const std::string& part_path() const { return part_path_; }  // of the file opened last
    [[nodiscard]] const FileCounts& counts() const;  // of files that were kept, and what was written

  private:
    [[nodiscard]] int try_open(Time stamp, bool& final_taken);

    std::string folder_, prefix_, suffix_, part_path_, final_path_;
    bool keep_empty_;
    std::optional<UnfinishedFile> file_;        // open
    std::optional<UnfinishedFile> unfinished_;  // closed, and not taken yet
    FileCounts counts_;
};

}  // namespace sie::spool
