// What waits in a folder to be uploaded: the oldest files by the moment in their names
// (spool/finished_name.h), whatever their prefix, of this sensor or of an old one.
//
// A folder of a million files costs one walk and the memory of the `most` oldest. Only regular files are
// taken; links and folders are not followed. What is hidden (part files, a lock) is passed over; every other
// name that is not one of a finished file is refused: told once, left alone, counted. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "spool/durable.h"
#include "upload/settings.h"

namespace sie::upload {

struct WaitingFile {
    Time moment;
    std::string name;
    std::uint64_t octets = 0;
    friend bool operator<(const WaitingFile& a, const WaitingFile& b) {
        return a.moment != b.moment ? a.moment < b.moment : a.name < b.name;
    }
};

struct Waiting {
    std::vector<WaitingFile> oldest;      // oldest first
    std::uint64_t files = 0, octets = 0;  // of all that can be sent
    std::uint64_t refused = 0;
};

class WaitingFiles {
  public:
    // `folder` is for messages. `log`: one line for each refused name, at most 100 of them.
    WaitingFiles(std::string folder, Log log) : folder_(std::move(folder)), log_(std::move(log)) {}

    // Errors (system): the folder cannot be read.
    [[nodiscard]] Result<Waiting> look(int folder_fd, std::size_t most);

    // The first files of `from` that go in one batch, and are still there; they are taken out of `from`.
    [[nodiscard]] std::vector<WaitingFile> take_batch(int folder_fd, std::vector<WaitingFile>& from,
                                                      std::size_t most_files, std::uint64_t most_octets);

  private:
    void refuse(std::string_view name, std::string_view why);

    std::string folder_;
    Log log_;
    std::set<std::string, std::less<>> told_;
};

}  // namespace sie::upload
