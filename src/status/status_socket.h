// The Unix socket on which a running sensor tells its status (status_protocol.h).
//
// Mode 0660: its owner and group may ask. It is made by the process that serves it, after privileges were
// dropped, in a folder that may be written by that process. Beside it stands PATH.lock with a flock(2): a
// socket whose lock is free belongs to a process that is gone, and is replaced; one whose lock is held, or on
// which somebody listens, is an error.
#pragma once

#include <string>

#include "base/result.h"
#include "spool/durable.h"
#include "status/answer_server.h"
#include "status/status_board.h"

namespace sie::status {

inline constexpr const char* default_status_socket = "/run/sie-dns-sensor/status.sock";

class StatusSocket {
  public:
    // Errors: denied, "PATH: a running sensor listens there; …"; usage, a path that is too long; system, a
    // folder that is missing, something else of that name.
    [[nodiscard]] static Result<StatusSocket> open(const std::string& path);
    StatusSocket(StatusSocket&& other) noexcept = default;
    StatusSocket& operator=(StatusSocket&&) = delete;
    // Removes the socket, if it is still the same; the lock file stays.
    ~StatusSocket();

    // To be given to AnswerServer::start(), once. `board` outlives the server.
    [[nodiscard]] AnswerListener listener(const StatusBoard& board);

  private:
    StatusSocket(std::string path, spool::Descriptor lock) : path_(std::move(path)), lock_(std::move(lock)) {}
    std::string path_;
    spool::Descriptor lock_, socket_;
    std::uint64_t device_ = 0, inode_ = 0;
};

}  // namespace sie::status
