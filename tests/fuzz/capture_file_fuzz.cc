// Capture files: a file says the same in one piece as in many; what was read and is written anew reads as it
// was.
#include "capture/capture_file.h"
#include "capture/pcapng_writer.h"
#include "fuzz/two_ways.h"

namespace sie::fuzz::capture_file {
namespace {

struct Seen {
    Bytes frames;  // all that is known of each, one behind the other
    Bytes written;
    std::string error;
    friend bool operator==(const Seen&, const Seen&) = default;
};

void keep(Bytes& out, const capture::Frame& frame) {
    const std::uint64_t numbers[] = {static_cast<std::uint64_t>(frame.time.ns), frame.wire_length,
                                     static_cast<std::uint64_t>(frame.link), frame.octets.size()};
    for (const std::uint64_t number : numbers) {
        out.resize(out.size() + 8);
        store_le64(&out[out.size() - 8], number);
    }
    out.insert(out.end(), frame.octets.begin(), frame.octets.end());
}

// What stands in brackets is known only to who has read ahead as far as the damage of a compressed stream.
std::string place_of(const Error& error) {
    return std::to_string(error.offset.value_or(0)) + ": " + error.why.substr(0, error.why.find(" ("));
}

Seen read(Result<OctetSource> source) {
    constexpr std::size_t enough = std::size_t{1} << 20;  // of what a small file may inflate to
    Seen seen;
    auto file = source ? capture::CaptureFile::read(std::move(*source))
                       : Result<capture::CaptureFile>(fail(std::move(source.error())));
    if (!file) {
        seen.error = place_of(file.error());
        return seen;
    }
    capture::append_pcapng_head(seen.written);
    for (capture::Frame frame; seen.frames.size() < enough && file->next(frame);) {
        require(frame.octets.size() <= capture::CaptureFile::longest_record,
                "a frame is no longer than a record");
        // As the writer has them: two link types, no time before 1970, none cut longer than it was.
        const bool ethernet = frame.link == net::LinkType::ethernet;
        frame.wire_length = std::max(frame.wire_length, static_cast<std::uint32_t>(frame.octets.size()));
        frame.time.ns = std::max<std::int64_t>(frame.time.ns, 0);
        frame.link = ethernet ? frame.link : net::LinkType::raw;
        keep(seen.frames, frame);
        capture::append_pcapng_packet(
            seen.written, ethernet ? capture::WrittenLink::ethernet : capture::WrittenLink::raw_ip,
            frame.octets, frame.wire_length, frame.time);
    }
    if (file->error()) seen.error = place_of(*file->error());
    return seen;
}

}  // namespace
}  // namespace sie::fuzz::capture_file

SIE_FUZZ_TARGET(capture_file) {
    using namespace sie::fuzz;
    if (input.size() > most_in_pieces) return;
    const capture_file::Seen seen = capture_file::read(as_file(input));
    require(seen == capture_file::read(in_pieces(input)), "a file says the same in pieces");
    if (seen.frames.empty()) return;
    const capture_file::Seen again = capture_file::read(as_file(seen.written));
    require(again.error.empty() && again.frames == seen.frames, "frames read as they were written");
}
