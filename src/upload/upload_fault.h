// Why an upload failed, from what rsync and ssh left: their exit status and their last lines. Pure.
//
// Those lines come in part from the other side, so they decide about words only: which message and remedy a
// person reads. Nothing else hangs on them.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "base/result.h"
#include "upload/child_process.h"

namespace sie::upload {

enum class Fault : std::uint8_t {
    unknown_host_key,
    changed_host_key,
    key_refused,
    key_unusable,
    no_such_user_here,
    name_not_found,
    connection_refused,
    unreachable,
    source_address,
    no_common_algorithm,
    timed_out,
    remote_disk_full,
    remote_folder_missing,
    remote_folder_closed,
    remote_write,
    remote_busy,
    remote_command,
    cut,
    cannot_remove,
    other,
};

// What is kept of standard error: its last lines.
class LastLines {
  public:
    void take(const std::string& line);
    [[nodiscard]] const std::deque<std::string>& lines() const { return lines_; }

  private:
    std::deque<std::string> lines_;
};

[[nodiscard]] Fault fault_of(const ChildEnd& end, const std::deque<std::string>& lines);

// `where`: "HOST port N". The error's why ends with the line that tells most, in quotation marks.
[[nodiscard]] Error error_of(Fault fault, const std::string& where, const ChildEnd& end,
                             const std::deque<std::string>& lines);

}  // namespace sie::upload
