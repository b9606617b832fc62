// Folders that root makes ready for the user whom it is about to become.
//
// `base` is the operator's: made if it is missing and given then, else left as it is, whoever owns it. What
// stands below it, step by step, is the sensor's own: made if it is missing, and given to the user if it was
// made or is root's. Below `base` no step goes through a link, so that the user, who may write there, leads
// root nowhere else; and folders alone are given: a file might be a second name of somebody else's.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"

namespace sie::daemon {

// `below`: paths without a leading slash, parents first. Modes are 0755 below, `mode` of base. Errors: usage,
// no such user; system, with the path.
[[nodiscard]] Result<void> give_folders(const std::string& base, mode_t mode,
                                        const std::vector<std::string>& below, const std::string& user);

}  // namespace sie::daemon
