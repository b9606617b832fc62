// Twenty times SIGKILL while a program writes: every write that it told is in exactly one final file.
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <map>
#include <sstream>

#include "base/crc32c.h"
#include "nmsg/container_reader.h"
#include "nmsg/reader.h"
#include "spool/folder_lock.h"
#include "spool/salvage.h"
#include "spool_folder.h"
#include "support/seed.h"

namespace sie::spool {
namespace {

namespace fs = std::filesystem;

struct Told {
    std::size_t octets;
    std::uint32_t crc;
};
using ToldWrites = std::map<std::uint64_t, Told>;

// One line for each thing that must not be. A final file holds the writes of one file, in a row: their
// numbers come from the payloads, their places from what was told, and what was not told (the last write
// before the kill) must read soundly.
std::vector<std::string> faults_in(const fs::path& folder, const ToldWrites& told) {
    std::vector<std::string> faults;
    std::map<std::uint64_t, int> found;
    for (const auto& entry : fs::directory_iterator(folder)) {
        const std::string file = entry.path().filename();
        if (file == lock_name) continue;
        if (file.ends_with(".part")) {
            faults.push_back("a part file is left: " + file);
            continue;
        }
        std::ifstream in(entry.path(), std::ios::binary);
        const std::string octets{std::istreambuf_iterator<char>(in), {}};
        auto reader = nmsg::Reader::open(entry.path());
        nmsg::Payload payload;
        std::optional<std::uint64_t> last;
        std::size_t at = 0;
        while (reader->next(payload)) {
            const std::uint64_t number = load_le64(payload.octets.data());
            if (number == last) continue;
            if (last && number != *last + 1) faults.push_back("a gap in " + file);
            last = number;
            ++found[number];
            const auto write = told.find(number);
            if (write == told.end()) continue;
            const auto& [size, crc] = write->second;
            if (octets.size() - at < size || crc32c(as_octets(octets).subspan(at, size)) != crc)
                faults.push_back("write " + std::to_string(number) + " is not whole in " + file);
            at += std::min(size, octets.size() - at);
        }
        const auto& counts = reader->counts();
        if (reader->error()) faults.push_back(reader->error()->text());
        if (counts.crc_failures + counts.malformed_payloads + counts.fragments_incomplete != 0)
            faults.push_back("payloads of " + file + " are damaged");
    }
    for (const auto& [number, times] : found)
        if (times != 1) faults.push_back("write " + std::to_string(number) + " is there more than once");
    for (const auto& [number, write] : told)
        if (!found.contains(number)) faults.push_back("write " + std::to_string(number) + " is lost");
    return faults;
}

class Crash : public InFolder {
  protected:
    // Runs the writer, kills it `after` its first write, and takes down what it told.
    void run_and_kill(std::uint64_t first, const char* form, std::chrono::microseconds after) {
        int pipe_ends[2];
        ASSERT_EQ(::pipe2(pipe_ends, O_CLOEXEC), 0);
        const std::string number = std::to_string(first);
        const pid_t child = ::fork();
        if (child == 0) {
            ::dup2(pipe_ends[1], STDOUT_FILENO);
            ::execl(SIE_CRASH_WRITER, SIE_CRASH_WRITER, folder.c_str(), number.c_str(), form, nullptr);
            ::_exit(127);
        }
        ::close(pipe_ends[1]);
        std::string text;
        const auto take = [&] {
            char some[65536];
            const ssize_t n = ::read(pipe_ends[0], some, sizeof some);
            if (n > 0) text.append(some, static_cast<std::size_t>(n));
            return n > 0;
        };
        const bool begun = take();
        const auto end = std::chrono::steady_clock::now() + after;
        while (begun && std::chrono::steady_clock::now() < end) {
            pollfd ready{pipe_ends[0], POLLIN, 0};
            const auto rest =
                std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
            if (::poll(&ready, 1, static_cast<int>(rest.count())) > 0 && !take()) break;
        }
        ::kill(child, SIGKILL);
        int status = 0;
        ::waitpid(child, &status, 0);
        ASSERT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself, status " << status;
        while (take()) {}
        ::close(pipe_ends[0]);
        ASSERT_TRUE(text.ends_with('\n'));
        std::istringstream lines(text);
        std::uint64_t write = 0;
        for (Told what{}; lines >> write >> what.octets >> what.crc;) told[write] = what;
    }
    ToldWrites told;
};

TEST_F(Crash, NoWriteThatWasToldIsLost) {
    std::mt19937_64 random(test::seed());
    constexpr const char* forms[] = {"plain", "zlib", "zstd"};
    int with_part = 0;
    std::uint64_t salvaged = 0, lost = 0;
    for (int kill = 0; kill < 20; ++kill) {
        run_and_kill(static_cast<std::uint64_t>(kill) * 1'000'000, forms[kill % 3],
                     std::chrono::microseconds(random() % 400'000));
        if (HasFatalFailure()) return;
        const auto names = listing();
        with_part +=
            std::any_of(names.begin(), names.end(), [](const auto& n) { return n.ends_with(".part"); });
        const auto lock = FolderLock::take(folder);
        ASSERT_TRUE(lock);
        const auto report = salvage(folder);
        ASSERT_TRUE(report);
        EXPECT_TRUE(report->left.empty());
        EXPECT_EQ(report->held, 0U);
        for (const auto& file : report->files) {
            salvaged += file.containers;
            lost += file.lost;
        }
    }
    for (const auto& fault : faults_in(folder, told)) ADD_FAILURE() << fault;
    std::printf("20 kills, %d with a part file open; %zu writes told, %llu salvaged; %llu octets cut\n",
                with_part, told.size(), static_cast<unsigned long long>(salvaged),
                static_cast<unsigned long long>(lost));
    EXPECT_GE(with_part, 15);
    EXPECT_GT(salvaged, 20U);
}

// The judge itself: each kind of fault is seen.
TEST_F(Crash, FaultsAreSeen) {
    run_and_kill(0, "plain", std::chrono::milliseconds(100));
    ASSERT_TRUE(salvage(folder));
    ASSERT_TRUE(faults_in(folder, told).empty());
    auto names = listing();
    std::erase(names, lock_name);
    const fs::path last = folder / names.back();
    const std::string whole = content(names.back());
    const auto seen = [&](const char* what) {
        for (const auto& fault : faults_in(folder, told))
            if (fault.find(what) != std::string::npos) return true;
        return false;
    };
    fs::resize_file(last, whole.size() - 1);
    EXPECT_TRUE(seen("ends inside"));
    fs::resize_file(last, 0);
    EXPECT_TRUE(seen("is lost"));
    put(names.back(), as_octets(whole));
    put(names.back() + ".again", as_octets(whole));
    EXPECT_TRUE(seen("more than once"));
    fs::remove(folder / (names.back() + ".again"));
    put(".crash.part", {});
    EXPECT_TRUE(seen("part file is left"));
    fs::remove(folder / ".crash.part");
    std::string changed = whole;
    changed[changed.size() / 2] ^= 4;
    put(names.back(), as_octets(changed));
    EXPECT_TRUE(seen("not whole"));
    put(names.back(), as_octets(whole));
    EXPECT_TRUE(faults_in(folder, told).empty());
}

}  // namespace
}  // namespace sie::spool
