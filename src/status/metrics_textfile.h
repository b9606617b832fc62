// Metrics as a file for the textfile collector of node_exporter.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sie::status {

// `path` (node_exporter reads *.prom) is replaced whole: written under another name in the same folder,
// renamed. Mode 0644. Not fsynced: after a crash the next one comes within seconds. An error names the file
// and the remedy; the old one is then as it was.
[[nodiscard]] Result<void> write_metrics_file(const std::string& path, std::string_view text);

}  // namespace sie::status
