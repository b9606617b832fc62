// Keeper and uploader as processes: begun, woken, killed, ended. The real sending is in real_upload.py and
// e2e/spool.py.
#include "upload/upload_process.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

namespace sie::upload {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

template <class Condition>
[[nodiscard]] bool soon(const Condition& condition) {
    for (int i = 0; i < 1000; ++i) {
        if (condition()) return true;
        std::this_thread::sleep_for(10ms);
    }
    return false;
}

// Ended, even if nobody has asked how.
[[nodiscard]] bool is_gone(pid_t pid) {
    if (::kill(pid, 0) != 0) return true;
    std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
    const std::string stat{std::istreambuf_iterator<char>(in), {}};
    const std::size_t behind_name = stat.rfind(") ");
    return behind_name != std::string::npos && stat[behind_name + 2] == 'Z';
}

class UploadProcessTest : public ::testing::Test {
  protected:
    UploadProcessTest() {
        std::string form = (fs::temp_directory_path() / "sie-process.XXXXXX").string();
        folder = ::mkdtemp(form.data());
        fs::create_directory(folder / "waiting");
        static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
    }
    ~UploadProcessTest() override { fs::remove_all(folder); }
    // Nobody can be reached with these: what is seen is the processes.
    UploadWork work(bool upload = true) const {
        UploadWork out;
        out.settings = [upload, waiting = (folder / "waiting").string()]() -> std::optional<UploadSettings> {
            if (!upload) return std::nullopt;
            UploadSettings settings;
            settings.waiting_folder = waiting;
            settings.channel = "ch202";
            settings.uploadkey = "/nonexistent/key";
            settings.knownhosts = "/nonexistent/hosts";
            settings.login = "lab";
            settings.submitserver = "127.0.0.1";
            settings.look_interval = 20ms;
            return settings;
        };
        out.log = [log = (folder / "log").string()](Severity, const std::string& line) {
            std::ofstream(log, std::ios::app) << ::getpid() << ' ' << line << '\n';
        };
        return out;
    }
    [[nodiscard]] std::string log() const {
        std::ifstream in(folder / "log");
        return {std::istreambuf_iterator<char>(in), {}};
    }
    // Of the process that told a line with these words last; 0: none.
    [[nodiscard]] pid_t who_said(const std::string& words) const {
        std::ifstream in(folder / "log");
        pid_t found = 0;
        for (std::string line; std::getline(in, line);)
            if (line.find(words) != std::string::npos) found = std::stoi(line);
        return found;
    }
    void put() const {
        std::ofstream(folder / "waiting" / "vm.20261124.0202.1795485722.544042443.nmsg") << "x";
    }
    fs::path folder;
};

TEST_F(UploadProcessTest, TellsItsStatusAndEndsWithinASecond) {
    put();
    auto process = UploadProcess::start(work());
    ASSERT_TRUE(process) << process.error().text();
    const pid_t keeper = process->keeper();
    EXPECT_TRUE(soon([&] {
        return process->status().state == UploadState::held && process->status().waiting_files == 1;
    }));
    const auto begun = std::chrono::steady_clock::now();
    process->stop();
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 2s);
    EXPECT_TRUE(is_gone(keeper));
}

TEST_F(UploadProcessTest, AnUploaderThatDiesIsBegunAnewAndItsKeeperStays) {
    put();
    auto process = UploadProcess::start(work());
    ASSERT_TRUE(process);
    ASSERT_TRUE(soon([&] { return who_said("upload key does not exist") != 0; })) << log();
    const pid_t first = who_said("upload key does not exist");
    EXPECT_NE(first, process->keeper());
    ::kill(first, SIGKILL);
    EXPECT_TRUE(soon([&] {
        return log().find("a signal ended it (9); it is begun anew in") != std::string::npos;
    })) << log();
    EXPECT_TRUE(soon([&] { return who_said("upload key does not exist") != first; })) << log();
    EXPECT_FALSE(process->has_died());
}

TEST_F(UploadProcessTest, AKeeperThatDiesIsToldAndTakesItsUploaderAlong) {
    put();
    auto process = UploadProcess::start(work());
    ASSERT_TRUE(process);
    ASSERT_TRUE(soon([&] { return who_said("upload key does not exist") != 0; })) << log();
    const pid_t uploader = who_said("upload key does not exist");
    EXPECT_FALSE(process->has_died());
    ::kill(process->keeper(), SIGKILL);
    EXPECT_TRUE(soon([&] { return process->has_died(); }));
    EXPECT_TRUE(soon([&] { return is_gone(uploader); }));
    process->wake();
    process->reload();
    process->stop();
}

TEST_F(UploadProcessTest, WithoutSettingsNothingIsUploadedUntilAReload) {
    put();
    auto asked = work(false);
    asked.settings = [times = 0, with = work().settings]() mutable {
        return ++times == 1 ? std::nullopt : with();
    };
    auto process = UploadProcess::start(asked);
    ASSERT_TRUE(process);
    std::this_thread::sleep_for(200ms);
    EXPECT_EQ(log(), "");
    process->reload();
    EXPECT_TRUE(soon([&] { return who_said("upload key does not exist") != 0; })) << log();
}

TEST_F(UploadProcessTest, WhatCannotBeGivenUpEndsTheKeeperBeforeAnythingIsSent) {
    put();
    auto asked = work();
    asked.confine = []() -> Result<void> { return fail(ErrorKind::denied, "a right", "cannot be given up"); };
    auto process = UploadProcess::start(asked);
    ASSERT_TRUE(process);
    EXPECT_TRUE(soon([&] { return process->has_died(); }));
    EXPECT_NE(log().find("uploader: a right: cannot be given up"), std::string::npos) << log();
    EXPECT_EQ(who_said("upload key"), 0);
}

TEST_F(UploadProcessTest, TheSignalsOfATerminalDoNotEndIt) {
    put();
    auto process = UploadProcess::start(work());
    ASSERT_TRUE(process);
    ASSERT_TRUE(soon([&] { return who_said("upload key does not exist") != 0; }));
    for (const int signal : {SIGINT, SIGHUP, SIGTERM}) ::kill(process->keeper(), signal);
    std::this_thread::sleep_for(200ms);
    EXPECT_FALSE(process->has_died());
}

}  // namespace
}  // namespace sie::upload
