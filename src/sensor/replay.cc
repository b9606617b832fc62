#include "sensor/replay.h"

#include "sensor/container_writer.h"
#include "sensor/packet_path.h"

namespace sie::sensor {

namespace {

constexpr std::uint64_t frames_between_progress = 4096;

// Reads one file to its end, to its damage or to the stop; true if the next one is to be read.
bool replay_file(const std::string& name, const ReplayOptions& options, PacketPath& path,
                 const PayloadPacker& packer, const ContainerWriter* writer, RunResult& result) {
    const auto stopped = [&] {
        return options.stop != nullptr && options.stop->load(std::memory_order_relaxed);
    };
    if (stopped()) return false;
    auto file = capture::CaptureFile::open(name, options.stop);
    if (!file) {
        if (!stopped()) result.error = file.error();
        return false;
    }
    capture::Frame frame;
    while (file->next(frame)) {
        path.frame(frame);
        if (stopped()) return false;
        if (options.most_payloads && packer.payload_count() >= *options.most_payloads) return false;
        if (result.ledger.frames % frames_between_progress == 0) {
            if (writer != nullptr && writer->failed()) return false;
            if (options.progress) options.progress(file->source(), result.ledger);
        }
    }
    if (stopped()) return false;  // cut where the signal came: no damage
    result.error = file->error();
    return !result.error;
}

}  // namespace

RunResult replay(const ReplayOptions& options) {
    RunResult result;
    std::optional<ContainerWriter> writer;
    if (options.output != nullptr)
        writer.emplace(*options.output, options.compression, options.compression_threads);
    PayloadPacker packer(writer ? &*writer : nullptr, result.ledger, options.rotation);
    if (options.observer) packer.observe(options.observer, options.observed);
    PacketPath path(options.settings, options.key, result.ledger, packer, packer, options.filter);
    for (const std::string& name : options.files)
        if (!replay_file(name, options, path, packer, writer ? &*writer : nullptr, result)) break;
    path.finish();
    packer.flush();
    if (writer) {
        if (auto error = writer->finish(result.ledger); error && !result.error)
            result.error = std::move(error);
        result.written = options.output->counts();
    }
    return result;
}

}  // namespace sie::sensor
