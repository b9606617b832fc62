// Writes containers through OutputFile until it is killed: CrashWriter FOLDER FIRST_NUMBER FORM
// FORM: plain, zlib or zstd. Tells each completed write on standard output: "NUMBER OCTETS CRC32C\n".
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/crc32c.h"
#include "base/stream_encoder.h"
#include "spool/folder_lock.h"
#include "spool/output_file.h"
#include "spool_folder.h"

namespace {

using namespace sie;

Time now() {
    return {std::chrono::duration_cast<std::chrono::nanoseconds>(
                std::chrono::system_clock::now().time_since_epoch())
                .count()};
}

int failed(const Error& error) {
    std::fprintf(stderr, "%s\n", error.text().c_str());
    return 1;
}

}  // namespace

int main(int count, char** words) {
    if (count != 4) return 2;
    const std::string folder = words[1], form = words[3];
    const bool in_frames = form == "zstd";
    const auto held = spool::FolderLock::take(folder);
    if (!held) return failed(held.error());
    spool::OutputFile file(folder, "crash", in_frames ? ".nmsg.zst" : ".nmsg");
    std::uint64_t number = std::strtoull(words[2], nullptr, 10);
    std::mt19937_64 random(number);
    for (;;) {
        if (auto opened = file.open_free(now()); !opened) return failed(opened.error());
        for (auto left = 1 + random() % 100; left > 0; --left, ++number) {
            auto container = spool::made_container(
                number, 10 + random() % 20'000,
                form == "zlib" ? nmsg::Compression::fast : nmsg::Compression::none, random() % 8 == 0);
            if (in_frames) {
                std::vector<std::uint8_t> frame;
                make_stream_encoder(StreamFormat::zstd)
                    ->append(container, StreamEncoder::Then::finish, frame);
                container = std::move(frame);
            }
            if (auto written = file.write(container); !written) return failed(written.error());
            const std::string line = std::to_string(number) + ' ' + std::to_string(container.size()) + ' ' +
                                     std::to_string(crc32c(container)) + '\n';
            if (::write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
                return 1;
        }
        if (auto closed = file.close(); !closed) return failed(closed.error());
    }
}
