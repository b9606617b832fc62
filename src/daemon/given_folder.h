// A folder that root makes ready for the user whom it is about to become.
//
// Made if it is missing (its parent must be there); given to the user if it is root's or was made. Never
// through a link, and folders alone: a file might be a second name of somebody else's. Somebody else's folder
// stays as it is.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"

namespace sie::daemon {

// Errors: usage, no such user; system, with the path.
[[nodiscard]] Result<void> give_folder(const std::string& path, mode_t mode, const std::string& user);

}  // namespace sie::daemon
