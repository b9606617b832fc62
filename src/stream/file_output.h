// The files that sinks write: plain, compressed by their suffix, or one of a row that rotates.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "sensor/container_output.h"

namespace sie::stream {

// A path, or "-" for standard output. A path that ends in .gz, .xz or .zst is compressed. `append`: what is
// there stays and is continued (after a rotation by someone else); else the file is emptied.
[[nodiscard]] Result<std::unique_ptr<sensor::ContainerOutput>> open_file_output(const std::string& path,
                                                                                bool append);

// FACTS N59: DIR/.BASE.STAMP.part while it is open, DIR/BASE.STAMP with the suffix behind once it is closed;
// then the shell runs `command` with that name behind it, in the background, unless it is empty. A file
// without octets is kept.
[[nodiscard]] Result<std::unique_ptr<sensor::ContainerOutput>> open_rotating_output(
    const std::string& path, const std::string& suffix, const std::string& command, Time opened);

}  // namespace sie::stream
