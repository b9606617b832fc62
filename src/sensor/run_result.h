// What a run came to, offline or live.
#pragma once

#include <optional>

#include "base/result.h"
#include "sensor/ledger.h"
#include "spool/output_file.h"

namespace sie::sensor {

struct RunResult {
    Ledger ledger;
    spool::FileCounts written;
    std::optional<Error> error;
};

}  // namespace sie::sensor
