// The thread that keeps the spool. Runs under the thread sanitizer too.
#include "service/spool_watch.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "spool/file_name.h"

namespace sie::service {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

class Lines final : public sensor::LiveLog {
  public:
    void tell(sensor::Severity, const std::string& line) override {
        const std::lock_guard lock(mutex_);
        text_ += line + '\n';
    }
    [[nodiscard]] std::string text() const {
        const std::lock_guard lock(mutex_);
        return text_;
    }

  private:
    mutable std::mutex mutex_;
    std::string text_;
};

class SpoolWatchTest : public ::testing::Test {
  protected:
    SpoolWatchTest() {
        std::string form = (fs::temp_directory_path() / "sie-watch.XXXXXX").string();
        folder = ::mkdtemp(form.data());
        rules.spooldir = folder.string();
        rules.channel = "ch202";
    }
    ~SpoolWatchTest() override { fs::remove_all(folder); }
    std::string put(const std::string& below, std::int64_t seconds, std::size_t octets = 10) const {
        const std::string name = "host." + spool::file_stamp(Time::of(1'795'521'600 + seconds, 0)) + ".nmsg";
        fs::create_directories(folder / below);
        std::ofstream(folder / below / name, std::ios::binary) << std::string(octets, 'x');
        return name;
    }
    [[nodiscard]] std::unique_ptr<SpoolWatch> watch() {
        auto keeper = spool::SpoolKeeper::open(rules);
        EXPECT_TRUE(keeper) << keeper.error().text();
        return std::make_unique<SpoolWatch>(std::move(*keeper), log, [this] { ++woken; });
    }
    template <class Condition>
    [[nodiscard]] static bool soon(const Condition& condition) {
        for (int i = 0; i < 1000; ++i) {
            if (condition()) return true;
            std::this_thread::sleep_for(10ms);
        }
        return false;
    }

    fs::path folder;
    spool::SpoolRules rules;
    Lines log;
    std::atomic<int> woken = 0;
};

TEST_F(SpoolWatchTest, HandsOnWithinSecondsAndTells) {
    const auto running = watch();
    const std::string name = put("new/ch202", 0);
    EXPECT_TRUE(soon([&] { return fs::exists(folder / "waiting/ch202" / name); }));
    EXPECT_TRUE(soon([&] { return running->status().counts.to_waiting == 1 && woken == 1; }));
    EXPECT_TRUE(soon([&] { return running->status().content.waiting_files == 1; }));
}

TEST_F(SpoolWatchTest, TheEndHandsOnWhatWasClosedBefore) {
    auto running = watch();
    const std::string name = put("new/ch202", 0);
    running.reset();
    EXPECT_TRUE(fs::exists(folder / "waiting/ch202" / name));
}

TEST_F(SpoolWatchTest, OtherRulesHoldWithinSeconds) {
    const auto running = watch();
    put("waiting/ch202", 0, 100'000);
    const std::string young = put("waiting/ch202", 60, 100'000);
    auto smaller = rules;
    smaller.most_octets = 150'000;
    running->set_rules(smaller);
    EXPECT_TRUE(soon([&] { return running->status().counts.lost_files == 1; }));
    EXPECT_TRUE(soon([&] { return log.text().find("spool overflow, removing") != std::string::npos; }));
    EXPECT_TRUE(fs::exists(folder / "waiting/ch202" / young));
}

}  // namespace
}  // namespace sie::service
