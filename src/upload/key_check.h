// Are the upload key and the file of known hosts fit for use? Each fault is one message with the command that
// mends it. Looks at the file system; any thread.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"

namespace sie::upload {

// A regular file (or a link to one) that its owner alone may read, and that the user who uploads owns.
// `uploader`: that user; `besides`: another owner that is as good where root uploads (the sensor's user, who
// owns the spool). Errors: system where the key is missing ("upload key does not exist") or no file; denied
// where modes, owner or a folder on the way are in the way.
[[nodiscard]] Result<void> check_upload_key(const std::string& path, uid_t uploader, uid_t besides);

// A regular file with something in it, which nobody but its owner may write. Errors as above.
[[nodiscard]] Result<void> check_known_hosts(const std::string& path);

}  // namespace sie::upload
