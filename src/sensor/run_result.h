// What a run came to, offline or live.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "sensor/ledger.h"
#include "spool/output_file.h"

namespace sie::sensor {

// From one worker of a live run to the writer.
struct QueueCounts {
    std::uint64_t containers = 0;  // handed over
    std::uint64_t dropped = 0;     // transactions that found it full (queue_full)
};

struct RunResult {
    Ledger ledger;
    spool::FileCounts written;
    std::uint64_t hurried = 0;  // containers compressed with `fast`, because the writer was behind (live)
    std::vector<QueueCounts> queues;  // of each worker; offline none
    std::optional<Error> error;
};

}  // namespace sie::sensor
