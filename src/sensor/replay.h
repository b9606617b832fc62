// A replay: capture files in, NMSG out (the offline pipeline of DESIGN §4).
//
// In: files in a row, which share one table, one clock and one ledger. Out: the ledger, what was written, and
// the first error if there was one (a damaged file ends the run; what stood before it is kept, open queries
// leave). Threads: reading and rules in the caller's, compression in as many as asked for.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "capture/packet_filter.h"
#include "dnsqr/settings.h"
#include "sensor/container_output.h"
#include "sensor/file_compression.h"
#include "sensor/ledger.h"
#include "sensor/payload_packer.h"
#include "sensor/run_result.h"

namespace sie::sensor {

struct ReplayOptions {
    std::vector<std::string> files;
    dnsqr::Settings settings;
    const capture::PacketFilter* filter = nullptr;
    HashKey key;
    ContainerOutput* output = nullptr;  // null: nothing is built
    FileCompression compression = FileCompression::default_;
    unsigned compression_threads = 1;
    spool::Rotation rotation;
    std::optional<std::uint64_t> most_payloads;  // -c: stop after the packet that makes the N-th
    PayloadPacker::Observer observer;            // of the first `observed` payloads
    std::uint64_t observed = 0;
    // Set by a signal: the run ends as at the end of input, without an error.
    const std::atomic<bool>* stop = nullptr;
    // Called every 4,096 frames: the source in hand.
    std::function<void(const OctetSource&, const Ledger&)> progress;
};

[[nodiscard]] RunResult replay(const ReplayOptions& options);

}  // namespace sie::sensor
